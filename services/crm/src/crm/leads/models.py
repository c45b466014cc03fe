"""Leads, where they came from, and why some are given up."""

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.base import Base
from crm.consents import Consent, ConsentState
from crm.leads.errors import LeadStatusFixed
from crm.leads.states import NEXT, LeadStatus
from crm.reached import Reached, reached_rules
from crm.searched import LEAD
from records.entities import ACTIVE, NamedRecord, Values, list_indexes
from values.address import Address
from values.matching import MatchKeys, match_keys
from values.persons import PersonKeys, person_keys

__all__ = ["CONVERTED_TO", "RIGHTS", "SEARCH", "Lead", "LeadDistinct", "LeadReason", "LeadTouch"]

RIGHTS = {
    "lead_touch": "select, insert, update (referrer, emptied, lead_id, is_first)",
    "lead_distinct": "select, insert, update, delete",
}

CONVERTED_TO = ("account_id", "contact_id", "opportunity_id")
"""What a converted lead became, or was joined to."""

_COMPARED = frozenset({"name", "email", "phone", "company", "address", "erased_at"})
_EMPTY = """name = '[erased]' and company = '' and title = '' and email = '' and phone_raw = ''
 and phone_e164 = '' and note = ''"""
"""What every erased lead is."""


class LeadReason(NamedRecord, Base):
    """Why leads are given up: one of the company's own words."""

    __tablename__ = "lead_reason"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        *list_indexes("lead_reason", "status"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str] = mapped_column(default=ACTIVE)


class Lead(Reached, Base):
    """A person who may buy one day; `merged_into` is set on one that is about to go."""

    merged_into: ClassVar[UUID | None] = None

    __tablename__ = "lead"
    __allow_unmapped__ = True
    __table_args__ = (
        *reached_rules("lead"),
        enum_check("status", LeadStatus, NEXT),
        enum_check("consent_email", ConsentState),
        enum_check("consent_phone", ConsentState),
        CheckConstraint("reason is null or status = 'disqualified'", name="reason_of_disqualified"),
        CheckConstraint(
            "status <> 'disqualified' or reason is not null or erased_at is not null",
            name="disqualified_for_a_reason",
        ),
        CheckConstraint(f"erased_at is null or ({_EMPTY})", name="erased_is_empty"),
        CheckConstraint(
            "(status = 'converted') = (converted_at is not null)", name="converted_has_time"
        ),
        CheckConstraint(
            "(status = 'converted') = (account_id is not null or opportunity_id is not null)",
            name="converted_to_something",
        ),
        CheckConstraint("contact_id is null or account_id is not null", name="contact_at_account"),
        *(
            Index(f"ix_lead_{column}_created_at", column, "created_at", "id")
            for column in ("owner_id", "team_id", "source", "campaign")
        ),
        *(
            Index(f"ix_lead_{column}", column, postgresql_where=text(f"{column} is not null"))
            for column in CONVERTED_TO
        ),
        Index("ix_lead_reason", "reason", postgresql_where=text("reason is not null")),
        Index(
            "ix_lead_open",
            "owner_id",
            "status",
            "created_at",
            "id",
            postgresql_where=text("status in ('new', 'working', 'qualified')"),
        ),
        Index("ix_lead_score", "score", "id"),
        Index(
            "ix_lead_score_due",
            literal_column("coalesce(scored_at, '-infinity'::timestamptz)"),
            "id",
            postgresql_where=text("status in ('new', 'working', 'qualified')"),
        ),
        Index("ix_lead_blocks", "blocks", postgresql_using="gin"),
        Index("ix_lead_match_name", "match_name", "id", postgresql_where=text("match_name <> ''")),
    )

    company: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    address: Mapped[Address] = mapped_column(default=Address)
    language: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=LeadStatus.NEW)
    reason: Mapped[str | None] = mapped_column(ForeignKey("lead_reason.code"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    source: Mapped[str] = mapped_column(default="")
    campaign: Mapped[str] = mapped_column(default="")
    last_touch_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"))
    opportunity_id: Mapped[UUID | None] = mapped_column(ForeignKey("opportunity.id"))
    converted_at: Mapped[datetime | None]
    consent_email: Mapped[str] = mapped_column(default=ConsentState.UNKNOWN)
    consent_phone: Mapped[str] = mapped_column(default=ConsentState.UNKNOWN)
    match_name: Mapped[str] = mapped_column(default="", server_default="")
    blocks: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    score_number: Mapped[Decimal] = mapped_column(
        "score", Numeric(20, 4), default=Decimal(0), server_default=text("0")
    )
    score_parts: Mapped[list[Any] | None] = mapped_column(JSONB, deferred=True)
    scored_at: Mapped[datetime | None]
    new_touch: "LeadTouch | None" = None
    """A touch that is kept with the change."""

    @property
    def consent(self) -> Consent:
        """What the person allows us."""
        states = {"email": self.consent_email, "phone": self.consent_phone}
        return Consent.model_validate({name: state for name, state in states.items() if state})

    @consent.setter
    def consent(self, consent: Consent) -> None:
        self.consent_email, self.consent_phone = consent.email, consent.phone

    def require_next(self, wanted: LeadStatus) -> None:
        """Raise LeadStatusFixed where that status does not follow the present one."""
        if wanted not in NEXT[LeadStatus(self.status)]:
            raise LeadStatusFixed(present=self.status, wanted=wanted)

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the facts that differ; what firms are compared by follows the company."""
        changed = super().apply(values)
        if {"company", "address"} & changed.keys():
            self._compare_by(self.match_keys())
        if _COMPARED & changed.keys():
            self.blocks = self.person_keys().blocks if self.erased_at is None else []
        return changed

    def person_keys(self) -> PersonKeys:
        """What the person is compared by."""
        return person_keys(
            name=self.name,
            email=self.email or "",
            phone=self.phone.shown,
            company=self.company or "",
            address=self.address,
        )

    def _compare_by(self, keys: MatchKeys) -> None:
        super()._compare_by(keys)
        self.match_name = keys.name

    def match_keys(self) -> MatchKeys:
        """What it is compared by: the firm by its name, the person by address and number."""
        address = self.address if self.address is not None else Address()
        return match_keys(
            email=self.email or "",
            phone=self.phone.shown,
            name=self.company or "",
            addresses=[address],
        )


class LeadTouch(Base):
    """One way in which somebody came to us. It is never changed, and the first one stays first."""

    __tablename__ = "lead_touch"
    __table_args__ = (
        CheckConstraint(
            "source <> '' or campaign <> '' or medium <> '' or referrer <> '' or emptied",
            name="says_something",
        ),
        Index("uq_lead_touch_first", "lead_id", unique=True, postgresql_where=text("is_first")),
        Index("ix_lead_touch_lead_id_touched_at", "lead_id", "touched_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"))
    source: Mapped[str]
    campaign: Mapped[str]
    medium: Mapped[str]
    referrer: Mapped[str]
    touched_at: Mapped[datetime]
    is_first: Mapped[bool]
    created_at: Mapped[datetime]
    emptied: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class LeadDistinct(Base):
    """A pair that somebody said is of two persons, as both were then."""

    __tablename__ = "lead_distinct"
    __table_args__ = (
        CheckConstraint("record_type in ('lead', 'contact', 'account')", name="record_type_known"),
        CheckConstraint("length(fingerprint) = 32", name="fingerprint_length"),
        CheckConstraint("lead_id <> record_id", name="two_records"),
    )

    lead_id: Mapped[UUID] = mapped_column(ForeignKey("lead.id"), primary_key=True)
    record_type: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    dismissed_at: Mapped[datetime]
    dismissed_by: Mapped[str]


SEARCH = LEAD.beside(Base.metadata)
"""What leads are found by, beside them."""
