"""Tables of public forms: what they ask, what was sent, what was agreed to and confirmed."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, SmallInteger, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.base import Base
from crm.consents import ConsentState
from records.entities import ACTIVE, NamedRecord, list_indexes

__all__ = ["RIGHTS", "LeadConfirmation", "LeadConsent", "LeadForm", "LeadFormPost"]

RIGHTS = {
    "lead_consent": "select, insert, update (source_address, emptied, lead_id)",
    "lead_form_post": "select, insert, update (lead_id), delete",
    "lead_confirmation": "select, insert, update, delete",
}


class LeadForm(NamedRecord, Base):
    """A form by which anybody may become a lead."""

    __tablename__ = "lead_form"
    __table_args__ = (
        CheckConstraint("code ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="code_form"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        CheckConstraint("jsonb_typeof(inputs) = 'array'", name="inputs_listed"),
        CheckConstraint("min_seconds between 0 and 600", name="min_seconds_range"),
        CheckConstraint("length(stamp_key) = 32", name="stamp_key_length"),
        CheckConstraint("(consent_text = '') = (consent_version = '')", name="consent_whole"),
        CheckConstraint("not confirmed or consent_text <> ''", name="confirmed_says_what"),
        *list_indexes("lead_form", "status"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str] = mapped_column(default="")
    inputs: Mapped[list[Any]] = mapped_column(JSONB)
    consent_text: Mapped[str] = mapped_column(default="")
    consent_text_zh: Mapped[str] = mapped_column(default="")
    consent_version: Mapped[str] = mapped_column(default="")
    confirmed: Mapped[bool] = mapped_column(default=False)
    source: Mapped[str] = mapped_column(default="")
    campaign: Mapped[str] = mapped_column(default="")
    min_seconds: Mapped[int] = mapped_column(SmallInteger, default=3)
    stamp_key: Mapped[bytes] = mapped_column(LargeBinary, default=lambda: secrets.token_bytes(32))
    status: Mapped[str] = mapped_column(default=ACTIVE)


class LeadFormPost(Base):
    """A form that was sent; the same one sent twice is there once."""

    __tablename__ = "lead_form_post"
    __table_args__ = (
        CheckConstraint("outcome in ('lead', 'robot')", name="outcome_known"),
        CheckConstraint("(outcome = 'lead') = (lead_id is not null)", name="lead_made"),
        Index("ix_lead_form_post_form_id", "form_id", "outcome"),
        Index("ix_lead_form_post_lead_id", "lead_id", postgresql_where=text("lead_id is not null")),
        Index(
            "ix_lead_form_post_robots",
            "created_at",
            postgresql_where=text("outcome = 'robot'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    form_id: Mapped[UUID] = mapped_column(ForeignKey("lead_form.id"))
    digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    outcome: Mapped[str]
    lead_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("lead.id", deferrable=True, initially="DEFERRED")
    )
    created_at: Mapped[datetime]


class LeadConsent(Base):
    """What a lead agreed to, in which words, when and from where. It is never changed."""

    __tablename__ = "lead_consent"
    __table_args__ = (
        enum_check("state", ConsentState),
        CheckConstraint("channel in ('email', 'phone')", name="channel_known"),
        CheckConstraint("proof in ('form', 'confirmation')", name="proof_known"),
        Index("ix_lead_consent_lead_id_agreed_at", "lead_id", "agreed_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"))
    form_id: Mapped[UUID] = mapped_column(ForeignKey("lead_form.id"))
    channel: Mapped[str]
    state: Mapped[str]
    text: Mapped[str]
    text_version: Mapped[str]
    proof: Mapped[str]
    source_address: Mapped[str]
    agreed_at: Mapped[datetime]
    emptied: Mapped[bool] = mapped_column(default=False, server_default=false())


class LeadConfirmation(Base):
    """A consent that counts only when the person has confirmed it, by a token sent to it."""

    __tablename__ = "lead_confirmation"
    __table_args__ = (
        CheckConstraint("length(token_hash) = 32", name="token_hash_length"),
        CheckConstraint("(token_hash is null) = (expires_at is null)", name="token_expires"),
    )

    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    form_id: Mapped[UUID] = mapped_column(ForeignKey("lead_form.id"))
    language: Mapped[str]
    token_hash: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
