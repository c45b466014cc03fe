"""Pipelines with their stages, opportunities, and what belongs to them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    SmallInteger,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.states import enum_check
from crm.base import Base
from crm.opportunities.states import (
    DEAL_FOLLOWING,
    DealField,
    ForecastCategory,
    NoOrderReason,
    StageKind,
)
from crm.searched import OPPORTUNITY
from records.entities import ACTIVE, NamedRecord, list_indexes
from values.money import Money

__all__ = [
    "SEARCH",
    "ClosingRate",
    "Competitor",
    "DealContact",
    "DealLine",
    "LostReason",
    "Opportunity",
    "OpportunityCompetitor",
    "OpportunityContact",
    "OpportunityLine",
    "Pipeline",
    "Stage",
    "StageChange",
]

_FIELDS = ", ".join(f"'{one}'" for one in DealField)
_STATUS = "status in ('active', 'archived')"
_STILL_OPEN = text("state = 'open' and status = 'active'")


def _of_words(column: str) -> CheckConstraint:
    known = f"{column} <@ array[{_FIELDS}]"
    return CheckConstraint(known, name=f"{column}_known", info={"states": DealField})


class Pipeline(NamedRecord, Base):
    """A way on which deals go, in stages. One is the default one."""

    __tablename__ = "pipeline"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint(_STATUS, name="status_known"),
        CheckConstraint("not is_default or status = 'active'", name="default_in_use"),
        Index(
            "uq_pipeline_is_default", "is_default", unique=True, postgresql_where=text("is_default")
        ),
        *list_indexes("pipeline", "status"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str] = mapped_column(default="")
    is_default: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(default=ACTIVE)


class Stage(NamedRecord, Base):
    """A step of a pipeline. Pipeline and kind of a stage never change."""

    __tablename__ = "pipeline_stage"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint(_STATUS, name="status_known"),
        CheckConstraint("position >= 0", name="position_not_negative"),
        CheckConstraint("probability between 0 and 100", name="probability_range"),
        CheckConstraint("stale_after_days between 1 and 3650", name="stale_after_days_range"),
        enum_check("kind", StageKind),
        enum_check("forecast_category", ForecastCategory),
        CheckConstraint(
            "kind = 'open' and forecast_category <> 'closed'"
            " or kind = 'won' and probability = 100 and forecast_category = 'closed'"
            " or kind = 'lost' and probability = 0 and forecast_category = 'omitted'",
            name="forecast_fits_kind",
        ),
        _of_words("required_fields"),
        _of_words("exit_fields"),
        UniqueConstraint("pipeline_id", "code"),
        UniqueConstraint("id", "pipeline_id", "kind"),
        *list_indexes("pipeline_stage", "status", "pipeline_id"),
        Index("ix_pipeline_stage_position", "position", "id"),
    )

    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipeline.id"))
    code: Mapped[str]
    name_zh: Mapped[str] = mapped_column(default="")
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str] = mapped_column(default=StageKind.OPEN)
    probability: Mapped[int] = mapped_column(SmallInteger)
    forecast_category: Mapped[str]
    required_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    exit_fields: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    stale_after_days: Mapped[int | None]
    status: Mapped[str] = mapped_column(default=ACTIVE)


class LostReason(NamedRecord, Base):
    """Why deals are lost."""

    __tablename__ = "lost_reason"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint(_STATUS, name="status_known"),
        *list_indexes("lost_reason", "status"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    name_zh: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)


class Competitor(NamedRecord, Base):
    """Who else sells what we sell."""

    __tablename__ = "competitor"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint(_STATUS, name="status_known"),
        *list_indexes("competitor", "status"),
    )

    website: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)


@dataclass(frozen=True, slots=True)
class DealContact:
    """A person of a deal, and the part that the person has in it."""

    contact_id: UUID
    role: str


@dataclass(frozen=True, slots=True)
class DealLine:
    """A product of a deal at the price expected; `net` is rounded to the currency's digits."""

    product_id: UUID
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    net: Decimal


class Opportunity(NamedRecord, Base):
    """What we may sell. Its contacts, competitors and products stand in tables of their own.

    They are loaded with it where it is written, and are fields of it there.
    """

    __tablename__ = "opportunity"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint(_STATUS, name="status_known"),
        enum_check("state", StageKind, DEAL_FOLLOWING),
        enum_check("forecast_category", ForecastCategory),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("probability between 0 and 100", name="probability_range"),
        CheckConstraint("(state = 'open') = (closed_at is null)", name="closed_at_says_when"),
        CheckConstraint("state = 'open' or closes_on is not null", name="closed_on_a_day"),
        CheckConstraint(
            "(state = 'lost') = (lost_reason_id is not null)", name="lost_for_a_reason"
        ),
        CheckConstraint(
            "state = 'open' and forecast_category <> 'closed'"
            " or state = 'won' and probability = 100 and forecast_category = 'closed'"
            " or state = 'lost' and probability = 0 and forecast_category = 'omitted'",
            name="forecast_fits_state",
        ),
        enum_check("no_order_reason", NoOrderReason),
        CheckConstraint("order_id is null or no_order_reason is null", name="order_or_reason"),
        Index(
            "uq_opportunity_order_id",
            "order_id",
            unique=True,
            postgresql_where=text("order_id is not null"),
        ),
        ForeignKeyConstraint(
            ["stage_id", "pipeline_id", "state"],
            ["pipeline_stage.id", "pipeline_stage.pipeline_id", "pipeline_stage.kind"],
            name="fk_opportunity_stage_id_pipeline_id_state_pipeline_stage",
        ),
        *list_indexes(
            "opportunity",
            *("status", "pipeline_id", "stage_id", "state", "owner_id", "team_id", "account_id"),
        ),
        Index("ix_opportunity_closes_on", literal_column("coalesce(closes_on, 'infinity')"), "id"),
        Index("ix_opportunity_amount", literal_column("coalesce(amount, 0)"), "id"),
        Index(
            "ix_opportunity_board",
            "stage_id",
            "closes_on",
            "currency",
            postgresql_include=["state", "amount", "probability", "owner_id", "team_id"],
            postgresql_where=text("status = 'active'"),
        ),
        Index(
            "ix_opportunity_open",
            "owner_id",
            "stage_since",
            "id",
            postgresql_where=text("status = 'active' and state = 'open'"),
        ),
        Index("ix_opportunity_open_opened_on", "opened_on", "id", postgresql_where=_STILL_OPEN),
        Index("ix_opportunity_lost_reason_id", "lost_reason_id"),
        Index("ix_opportunity_opened_on", "opened_on", "id"),
        Index(
            "ix_opportunity_forecast",
            "closes_on",
            postgresql_include=[
                *("id", "state", "amount", "currency", "probability", "forecast_category"),
                *("owner_id", "team_id", "pipeline_id"),
            ],
            postgresql_where=text("status = 'active'"),
        ),
    )

    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipeline.id"))
    stage_id: Mapped[UUID]
    state: Mapped[str]
    stage_since: Mapped[datetime]
    currency: Mapped[str]
    amount_number: Mapped[Decimal | None] = mapped_column("amount", Numeric(20, 4))
    probability: Mapped[int] = mapped_column(SmallInteger)
    forecast_category: Mapped[str]
    opened_on: Mapped[date | None]
    closes_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    lost_reason_id: Mapped[UUID | None] = mapped_column(ForeignKey("lost_reason.id"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_order.id"))
    no_order_reason: Mapped[str | None]
    source: Mapped[str] = mapped_column(default="")
    next_step: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=ACTIVE)

    @property
    def amount(self) -> Money | None:
        """What it may come to; None: nobody said."""
        return None if self.amount_number is None else Money(self.amount_number, self.currency)

    @amount.setter
    def amount(self, amount: Money | None) -> None:
        self.amount_number = None if amount is None else amount.amount
        if amount is not None:
            self.currency = amount.currency

    @property
    def contacts(self) -> list[DealContact]:
        """Its people, in the order given."""
        return list(self._part("contacts"))

    @contacts.setter
    def contacts(self, contacts: list[DealContact]) -> None:
        self.__dict__["_contacts"] = contacts

    @property
    def competitor_ids(self) -> list[UUID]:
        """Who else wants it, by id."""
        return list(self._part("competitor_ids"))

    @competitor_ids.setter
    def competitor_ids(self, competitor_ids: list[UUID]) -> None:
        self.__dict__["_competitor_ids"] = competitor_ids

    @property
    def lines(self) -> list[DealLine]:
        """Its products, in the order given."""
        return list(self._part("lines"))

    @lines.setter
    def lines(self, lines: list[DealLine]) -> None:
        self.__dict__["_lines"] = lines

    def _part(self, name: str) -> list[Any]:
        found: list[Any] = self.__dict__.get(f"_{name}", [])
        return found


class OpportunityContact(Base):
    """A person of a deal, with the part that the person has in it."""

    __tablename__ = "opportunity_contact"
    __table_args__ = (Index("ix_opportunity_contact_contact_id", "contact_id"),)

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunity.id"), primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    role: Mapped[str] = mapped_column(default="")


class OpportunityCompetitor(Base):
    """Somebody else who wants the deal."""

    __tablename__ = "opportunity_competitor"
    __table_args__ = (Index("ix_opportunity_competitor_competitor_id", "competitor_id"),)

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunity.id"), primary_key=True)
    competitor_id: Mapped[UUID] = mapped_column(ForeignKey("competitor.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger)


class OpportunityLine(Base):
    """Some of a product, at the price expected."""

    __tablename__ = "opportunity_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_price >= 0 and net >= 0", name="price_not_negative"),
        CheckConstraint("discount between 0 and 1", name="discount_part"),
        Index("ix_opportunity_line_product_id", "product_id"),
    )

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunity.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    discount: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    net: Mapped[Amount]


class StageChange(Identified, Base):
    """A stage that a deal entered, and the deal's figures then. Written once (C20)."""

    __tablename__ = "opportunity_stage_change"
    __table_args__ = (
        CheckConstraint("from_stage_id <> to_stage_id", name="goes_elsewhere"),
        UniqueConstraint("opportunity_id", "revision"),
        Index("ix_opportunity_stage_change_to_stage_id_entered_at", "to_stage_id", "entered_at"),
    )

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunity.id"))
    revision: Mapped[int]
    from_stage_id: Mapped[UUID | None] = mapped_column(ForeignKey("pipeline_stage.id"))
    to_stage_id: Mapped[UUID] = mapped_column(ForeignKey("pipeline_stage.id"))
    entered_at: Mapped[datetime]
    by: Mapped[str]
    amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    currency: Mapped[str]
    probability: Mapped[int] = mapped_column(SmallInteger)
    forecast_category: Mapped[str]
    closes_on: Mapped[date | None]


class ClosingRate(Base):
    """The exchange rate by which a won deal in another currency counts (C24)."""

    __tablename__ = "opportunity_closing_rate"
    __table_args__ = (CheckConstraint("rate > 0 and units > 0", name="rate_positive"),)

    opportunity_id: Mapped[UUID] = mapped_column(ForeignKey("opportunity.id"), primary_key=True)
    currency: Mapped[str]
    rate_day: Mapped[date]
    rate: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    units: Mapped[int]


SEARCH = OPPORTUNITY.beside(Base.metadata)
"""What opportunities are found by, beside them."""
