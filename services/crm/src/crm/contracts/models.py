"""Contract templates, contracts and their texts: what they are, and what must hold of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.states import enum_check
from crm.base import Base
from crm.contracts.errors import (
    ContractArchived,
    ContractFixed,
    ContractStateRefused,
    ContractTemplateFixed,
    ContractTemplateStateRefused,
)
from crm.contracts.states import NEXT, TEMPLATE_NEXT, ContractState, TemplateState
from crm.searched import CONTRACT, CONTRACT_TEMPLATE
from records.entities import ACTIVE, NamedRecord, list_indexes

__all__ = [
    "RIGHTS",
    "SEARCH",
    "TEMPLATE_SEARCH",
    "Contract",
    "ContractNumber",
    "ContractRenewal",
    "ContractTemplate",
    "ContractText",
]

RIGHTS = {
    "contract_number": "select, insert, update (last_number)",
    "contract_text": "select, insert, update (account_id, contact_id), delete",
    "contract_renewal": "select, insert",
}
_LANGUAGES = "language in ('zh-CN', 'en')"
_SIGNED = "state in ('signed', 'ended')"
_CLOSED = "state in ('ended', 'void')"


class ContractTemplate(NamedRecord, Base):
    """A version of a template."""

    __tablename__ = "contract_template"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        enum_check("state", TemplateState, TEMPLATE_NEXT),
        CheckConstraint(_LANGUAGES, name="language_known"),
        CheckConstraint("template_version >= 1", name="template_version_counted"),
        CheckConstraint(
            "jsonb_typeof(clauses) = 'array' and jsonb_array_length(clauses) <= 100",
            name="clauses_listed",
        ),
        CheckConstraint(
            "(state = 'draft') = (published_at is null)"
            " and (state = 'draft' or jsonb_array_length(clauses) >= 1)",
            name="published_is_whole",
        ),
        UniqueConstraint("code", "template_version"),
        *(
            Index(
                f"uq_contract_template_{state}",
                "code",
                unique=True,
                postgresql_where=text(f"state = '{state}'"),
            )
            for state in ("draft", "published")
        ),
        *list_indexes("contract_template", "status", "state", "language"),
    )

    code: Mapped[str]
    template_version: Mapped[int] = mapped_column(SmallInteger, default=1)
    state: Mapped[str] = mapped_column(default=TemplateState.DRAFT)
    language: Mapped[str] = mapped_column(default="zh-CN")
    clauses: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    note: Mapped[str] = mapped_column(default="")
    published_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(default=ACTIVE)

    def require_draft(self) -> None:
        """Raises ContractTemplateFixed where it was published."""
        if self.state != TemplateState.DRAFT:
            raise ContractTemplateFixed(
                template=self.code, template_version=self.template_version, state=self.state
            )

    def require_next(self, state: TemplateState) -> None:
        """See to it that the state may follow. Raises ContractTemplateStateRefused."""
        if state not in TEMPLATE_NEXT[TemplateState(self.state)]:
            raise ContractTemplateStateRefused(
                template=self.code,
                template_version=self.template_version,
                state=self.state,
                wanted=str(state),
            )


class Contract(NamedRecord, Base):
    """A contract. Its texts stand in a table of their own."""

    __tablename__ = "contract"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        enum_check("state", ContractState, NEXT),
        CheckConstraint("contract_version >= 1", name="contract_version_counted"),
        CheckConstraint("(contract_version is null) = (text_hash = '')", name="text_has_hash"),
        CheckConstraint("ends_on >= starts_on", name="ends_after_start"),
        CheckConstraint("notice_days between 0 and 3650", name="notice_days_known"),
        CheckConstraint(
            "state in ('draft', 'void') or (account_id is not null and template_id is not null"
            " and contract_version is not null and sent_on is not null)",
            name="sent_is_whole",
        ),
        CheckConstraint("state <> 'draft' or sent_on is null", name="draft_not_sent"),
        CheckConstraint(
            f"({_SIGNED}) = (signed_on is not null) and ({_SIGNED}) = (signer <> '')",
            name="signed_by_someone",
        ),
        CheckConstraint(f"({_CLOSED}) = (closed_on is not null)", name="closed_on_a_day"),
        CheckConstraint("state <> 'ended' or closed_on >= signed_on", name="ended_after_signed"),
        UniqueConstraint("number"),
        ForeignKeyConstraint(
            ["id", "contract_version"],
            ["contract_text.contract_id", "contract_text.contract_version"],
            use_alter=True,
        ),
        *list_indexes(
            "contract",
            *("status", "state", "owner_id", "team_id", "account_id", "opportunity_id"),
        ),
        Index("ix_contract_contact_id", "contact_id"),
        Index("ix_contract_quote_id", "quote_id"),
        Index("ix_contract_template_id", "template_id"),
        Index("ix_contract_number", "number", "id"),
        Index("ix_contract_ends_on", literal_column("coalesce(ends_on, 'infinity')"), "id"),
        Index("ix_contract_renewal_on", literal_column("coalesce(renewal_on, 'infinity')"), "id"),
        Index(
            "ix_contract_open",
            "owner_id",
            "id",
            postgresql_where=text("status = 'active' and state in ('draft', 'sent', 'signed')"),
        ),
        Index("ix_contract_ending", "ends_on", "id", postgresql_where=text("state = 'signed'")),
        Index(
            "ix_contract_notice_on", "notice_on", "id", postgresql_where=text("state = 'signed'")
        ),
    )

    number: Mapped[str]
    state: Mapped[str] = mapped_column(default=ContractState.DRAFT)
    template_id: Mapped[UUID | None] = mapped_column(ForeignKey("contract_template.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"))
    opportunity_id: Mapped[UUID | None] = mapped_column(ForeignKey("opportunity.id"))
    quote_id: Mapped[UUID | None] = mapped_column(ForeignKey("quote.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    renewal_on: Mapped[date | None]
    notice_days: Mapped[int | None] = mapped_column(SmallInteger)
    notice_on: Mapped[date | None] = mapped_column(
        Computed("renewal_on - coalesce(notice_days, 0)::integer", persisted=True)
    )
    contract_version: Mapped[int | None] = mapped_column(SmallInteger)
    text_hash: Mapped[str] = mapped_column(default="")
    sent_on: Mapped[date | None]
    signer: Mapped[str] = mapped_column(default="")
    signed_on: Mapped[date | None]
    closed_on: Mapped[date | None]
    closing_reason: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)

    def require_draft(self) -> None:
        """Raises ContractFixed where it was sent."""
        if self.state != ContractState.DRAFT:
            raise ContractFixed(number=self.number, state=self.state)

    def require_active(self) -> None:
        """Raises ContractArchived."""
        if self.status != ACTIVE:
            raise ContractArchived(number=self.number)

    def require_next(self, state: ContractState) -> None:
        """See to it that the state may follow. Raises ContractStateRefused."""
        if state not in NEXT[ContractState(self.state)]:
            raise ContractStateRefused(number=self.number, state=self.state, wanted=str(state))


class ContractText(Base):
    """A text of a contract, with what it was generated from. Written once (C29).

    Its account and contact are whom it was made for; the contract may name others by now.
    """

    __tablename__ = "contract_text"
    __table_args__ = (
        CheckConstraint("contract_version >= 1", name="contract_version_counted"),
        CheckConstraint(_LANGUAGES, name="language_known"),
        CheckConstraint("length(text_hash) = 64", name="text_hash_length"),
        CheckConstraint("length(snapshot_hash) = 64", name="snapshot_hash_length"),
        CheckConstraint("text <> ''", name="text_given"),
        *(
            Index(f"ix_contract_text_{one}", one)
            for one in ("template_id", "account_id", "contact_id")
        ),
    )

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    contract_version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    template_id: Mapped[UUID] = mapped_column(ForeignKey("contract_template.id"))
    language: Mapped[str]
    snapshot: Mapped[dict[str, Any]]
    snapshot_hash: Mapped[str]
    text: Mapped[str]
    text_hash: Mapped[str]
    generated_at: Mapped[datetime]
    generated_by: Mapped[str]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"))


class ContractNumber(Base):
    """The last number of a year's contracts."""

    __tablename__ = "contract_number"
    __table_args__ = (CheckConstraint("last_number >= 1", name="last_number_counted"),)

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class ContractRenewal(Base):
    """The task that a renewal of a contract made: each renewal makes one, and never another."""

    __tablename__ = "contract_renewal"
    __table_args__ = (UniqueConstraint("activity_id"),)

    contract_id: Mapped[UUID] = mapped_column(ForeignKey("contract.id"), primary_key=True)
    renewal_on: Mapped[date] = mapped_column(primary_key=True)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activity.id"))
    made_at: Mapped[datetime]


SEARCH = CONTRACT.beside(Base.metadata)
"""What contracts are found by, beside them."""

TEMPLATE_SEARCH = CONTRACT_TEMPLATE.beside(Base.metadata)
"""What contract templates are found by, beside them."""
