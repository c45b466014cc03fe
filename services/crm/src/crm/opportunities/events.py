"""What is published of opportunities: the state of one after a change, and what kind of change."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event
from crm.opportunities.states import ForecastCategory, StageKind
from records.custom.fields import CustomState
from values.amounts import InCurrency, part_currency
from values.decimals import Amount, NonNegativeDecimal, NonNegativeQuantity, PriceAmount
from values.money import MoneyView
from values.text import Status

__all__ = [
    "OpportunityChanged",
    "OpportunityLost",
    "OpportunityMoved",
    "OpportunityReopened",
    "OpportunityWon",
]


class ContactState(BaseModel):
    """A person of the opportunity."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    contact_id: UUID = Field(description="The person, a contact.")
    role: str = Field(description="The part in it; may be empty.")


class LineState(InCurrency):
    """A product of the opportunity."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    product_id: UUID
    quantity: NonNegativeQuantity
    unit_price: PriceAmount
    discount: NonNegativeDecimal = Field(description="Part of the price, 0 to 1.")
    net: Amount = Field(description="Rounded to the digits of the currency.")
    currency: str = part_currency()


class OpportunityChanged(InCurrency, CustomState, Event):
    """An opportunity was opened, changed, archived or restored."""

    event_name = "opportunity-changed"
    topic = "opportunity"
    aggregate = "opportunity"

    name: str
    account_id: UUID | None = Field(description="Null: it is not known.")
    pipeline_id: UUID = Field(description="The way that it goes.")
    stage_id: UUID = Field(description="Where it stands in the pipeline.")
    state: StageKind = Field(description="As the stage is.")
    stage_since: datetime = Field(description="When it entered the stage.")
    currency: str
    amount: MoneyView | None = Field(description="Null: it is not known.")
    probability: int = Field(description="In percent.")
    forecast_category: ForecastCategory = Field(description="How it counts in a forecast.")
    opened_on: date | None = Field(description="The day on which it began.")
    closes_on: date | None = Field(
        description="The day on which it is expected to close; of a closed one when it did."
    )
    closed_at: datetime | None = Field(description="When it was won or lost; null: it is open.")
    owner_id: UUID | None = Field(description="The user who looks after it.")
    team_id: UUID | None = Field(description="The team that looks after it.")
    lost_reason_id: UUID | None = Field(description="Why it was lost; null: it was not.")
    order_id: UUID | None = Field(description="The order that was placed when it was won.")
    source: str = Field(description="Where it came from.")
    next_step: str = Field(description="What is to be done next.")
    note: str = Field(description="What else is to be known.")
    contacts: list[ContactState] = Field(description="Its people, in their order.")
    competitor_ids: list[UUID] = Field(description="Who wants it too.")
    lines: list[LineState] = Field(description="Its products; with them the amount is their sum.")
    status: Status

    @classmethod
    def of(cls, record: object, changed: Sequence[str]) -> Self:
        """The event of an opportunity as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        money = state["amount"]
        if money is not None:
            state["amount"] = MoneyView(amount=money.amount, currency=money.currency)
        return cls.model_validate(state | {"changed": list(changed)})


class OpportunityMoved(OpportunityChanged):
    """An open opportunity entered another open stage."""

    event_name = "opportunity-moved"


class OpportunityWon(OpportunityChanged):
    """An opportunity was won."""

    event_name = "opportunity-won"


class OpportunityLost(OpportunityChanged):
    """An opportunity was lost."""

    event_name = "opportunity-lost"


class OpportunityReopened(OpportunityChanged):
    """A closed opportunity is open again."""

    event_name = "opportunity-reopened"
