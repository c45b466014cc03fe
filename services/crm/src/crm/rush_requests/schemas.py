"""Rush requests: commands, views and queries."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from crm.rush_requests.states import RushAnswer, RushState
from records.filters import AnyOf
from values.amounts import InCurrency
from values.days import Day
from values.decimals import Amount, NonNegativeDecimal
from values.external import SourceVersion
from values.money import CurrencyCode, MoneyView
from values.text import Command, Name, Note

__all__ = [
    "DecideRush",
    "GrantRush",
    "NewRushRequest",
    "RushRequestQuery",
    "RushRequestView",
    "UpsertRushAnswer",
]

DelayedOrders = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]


class NewRushRequest(Command):
    """Ask for goods of an order sooner."""

    order_id: UUID = Field(description="A placed order.")
    wanted_on: Day = Field(description="When the customer wants the goods.")
    reason: Name = Field(description="Why they are wanted sooner.")


class GrantRush(Command):
    """Say that the goods come sooner, and what it costs."""

    granted_on: Day = Field(description="The new day.")
    answer: Note = Field(default="", description="What is said with it.")
    surcharge: MoneyView | None = Field(
        default=None,
        description="What it costs the customer, in the order's currency; null: nothing.",
    )


class DecideRush(Command):
    """Refuse or withdraw it."""

    reason: Name = Field(description="Why.")


class UpsertRushAnswer(InCurrency, Command):
    """What the ERP decided of one of our requests."""

    source_version: SourceVersion
    rush_request_id: UUID = Field(description="Our request.")
    state: RushAnswer = Field(description="granted, refused or withdrawn.")
    granted_on: Day | None = Field(
        default=None, description="The new day; null unless it is granted."
    )
    answer: Note = Field(default="", description="Why it is refused or withdrawn; else empty.")
    currency: CurrencyCode = Field(description="Currency of the surcharge.")
    surcharge_percent: NonNegativeDecimal = Field(
        default=Decimal(0), description="What it costs, in percent of the net of the order."
    )
    surcharge: Amount = Field(
        default=Decimal(0), ge=0, description="What it costs; the ERP charges it with the order."
    )
    delayed_orders: DelayedOrders = Field(
        default=0, description="So many other orders come later by it."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        granted = self.state == RushAnswer.GRANTED
        if granted != (self.granted_on is not None):
            raise PydanticCustomError(
                "granted_for_day", "A grant names the new day; nothing else does."
            )
        if not granted and (self.surcharge or self.surcharge_percent or self.delayed_orders):
            raise PydanticCustomError("only_granted_costs", "Only a grant costs something.")
        if self.state == RushAnswer.REFUSED and not self.answer:
            raise PydanticCustomError("refused_why", "A refusal says why.")
        return self


class RushRequestView(InCurrency):
    """A rush request, and what was decided."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    number: str
    order_id: UUID
    order_number: str = Field(description="Number of the order.")
    state: RushState
    wanted_on: date = Field(description="When the customer wants the goods.")
    reason: str = Field(description="Why they are wanted sooner.")
    asked_by: str = Field(description="Who asked for it.")
    granted_on: date | None = Field(description="The new day; null: it is not granted.")
    answer: str = Field(description="Why it is refused or withdrawn; else what was said with it.")
    currency: str = Field(description="Currency of the surcharge.")
    surcharge_percent: NonNegativeDecimal = Field(
        description="What it costs, in percent of the net of the order."
    )
    surcharge: Amount = Field(description="What it costs the customer.")
    delayed_orders: int = Field(description="So many other orders come later by it.")
    decided_at: datetime | None = Field(description="When it was decided; null: it is open.")
    decided_by: str = Field(description="Who decided; empty: it is open.")


class RushRequestQuery(BaseModel):
    """Which rush requests are wanted."""

    state: Annotated[str, AnyOf(RushState)] | None = None
    order_id: UUID | None = None
    account_id: UUID | None = None
    number: str | None = Field(default=None, max_length=40)
