"""What is published of rush requests: that one is asked for, and what is decided."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from crm.rush_requests.states import RushState
from values.amounts import InCurrency
from values.decimals import Amount, NonNegativeDecimal

__all__ = ["RushRequestChanged"]


class RushRequestChanged(InCurrency, Event):
    """A rush request was made, granted, refused or withdrawn."""

    event_name = "rush-request-changed"
    topic = "rush"
    aggregate = "rush-request"

    number: str = Field(description="Number of the request.")
    order_id: UUID = Field(description="Id of the order.")
    order_number: str = Field(description="Number of the order.")
    state: RushState = Field(description="asked, granted, refused or withdrawn.")
    wanted_on: date = Field(description="When the customer wants the goods.")
    reason: str = Field(description="Why they are wanted sooner.")
    granted_on: date | None = Field(description="The new day; null: it is not granted.")
    answer: str = Field(description="Why it is refused or withdrawn; else what was said with it.")
    currency: str = Field(description="Currency of the surcharge: that of the order.")
    surcharge_percent: NonNegativeDecimal = Field(
        description="What it costs, in percent of the net of the order."
    )
    surcharge: Amount = Field(description="What it costs the customer.")
    delayed_orders: int = Field(description="So many other orders come later by it.")
    decided_at: datetime | None = Field(description="When it was decided; null: it is open.")

    @classmethod
    def of(cls, request: object, changed: Sequence[str]) -> Self:
        """The event of a request as it is now."""
        own = {name: getattr(request, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(own | {"changed": sorted(changed)})
