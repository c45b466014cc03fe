"""Rush requests: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from erp.rush_requests.events import DelayedOrder
from erp.rush_requests.states import RushState
from records.filters import AnyOf
from values.amounts import InCurrency
from values.days import Day
from values.decimals import Amount, NonNegativeDecimal
from values.text import Command, DocumentNumber, Name

__all__ = [
    "DecideRush",
    "GrantRush",
    "NewRushRequest",
    "RushOutlook",
    "RushProductionOrder",
    "RushRequestQuery",
    "RushRequestView",
]


class NewRushRequest(Command):
    """Ask for goods of a sales order sooner."""

    order_id: UUID = Field(description="A confirmed sales order of which something is to ship.")
    wanted_on: Day = Field(description="When the customer wants the goods.")
    reason: Name = Field(description="Why they are wanted sooner.")


class GrantRush(Command):
    """Let the order go before others."""

    schedule_try_id: UUID | None = Field(
        default=None,
        description="A schedule try that is ready, with which production follows; it is kept in "
        "the same act. Null: the schedule stays, and the next one goes by the rush.",
    )


class DecideRush(Command):
    """Refuse or withdraw it."""

    reason: Name = Field(description="Why; whoever asked is told.")


class RushProductionOrder(BaseModel):
    """A production order that makes what the order waits for."""

    production_order_id: UUID = Field(description="Id of the production order.")
    number: str = Field(description="Its number.")
    sku: str = Field(description="What it makes.")
    due_on: date = Field(description="When it is due.")


class RushOutlook(BaseModel):
    """What granting would do now; nothing changes by asking."""

    granted_on: date | None = Field(
        description="The first day on which all of the order is there; null: no known day."
    )
    without_on: date | None = Field(description="That day without the rush; null: no known day.")
    gains: bool = Field(description="Whether it is sooner.")
    is_within_policy: bool = Field(description="Whether nobody is delayed for too long.")
    delays: list[DelayedOrder] = Field(description="Orders that would come later.")
    production_orders: list[RushProductionOrder] = Field(
        description="Production orders that would become rush: suppose that in a schedule try to "
        "see what it moves."
    )


class RushRequestView(InCurrency):
    """A rush request, and what was decided."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    number: str
    order_id: UUID
    order_number: str
    state: RushState
    wanted_on: date = Field(description="When the customer wants the goods.")
    reason: str
    asked_by: str
    granted_on: date | None = Field(description="The new day; null: it is not granted.")
    answer: str = Field(description="Why it is refused or withdrawn; else empty.")
    currency: str = Field(description="Currency of the surcharge.")
    surcharge_percent: NonNegativeDecimal = Field(
        description="What it costs, in percent of the net of the order."
    )
    surcharge: Amount = Field(description="What it costs; it is a charge of the order.")
    delays: list[DelayedOrder] = Field(description="Orders that come later by it.")
    decided_at: datetime | None = Field(description="Null: it is open.")
    decided_by: str = Field(description="Who decided; empty: it is open.")


class RushRequestQuery(BaseModel):
    """Which rush requests are wanted."""

    state: Annotated[str, AnyOf(RushState)] | None = None
    order_id: UUID | None = None
    number: DocumentNumber | None = None
