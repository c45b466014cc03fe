"""Soft reservations: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from erp.stock.states import SoftReservationState
from records.filters import AnyOf
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeQuantity, PositiveQuantity
from values.text import Code, Command, DocumentNumber, Line, Name, Note

__all__ = [
    "ExtendSoftReservation",
    "MakeSoftReservations",
    "NewSoftReservation",
    "SoftReservationQuery",
    "SoftReservationView",
    "SoftReservationsMade",
]

_EXPIRES = "Until then it counts; null: so many days from now as ERP_SOFT_RESERVATION_DAYS says."


class NewSoftReservation(Command):
    """So many of an item, wanted by a day."""

    item_id: UUID | None = None
    sku: Name | None = Field(default=None, description="Instead of item_id.")
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    on: Day | None = Field(
        default=None,
        description="The day that must be kept: a later one is refused. Null: the earliest day.",
    )

    @model_validator(mode="after")
    def _names_an_item(self) -> "NewSoftReservation":
        if (self.item_id is None) == (self.sku is None):
            raise PydanticCustomError("one_item", "Name the item by item_id or by sku, not both.")
        return self


class MakeSoftReservations(Command):
    """Promise goods for a time, all lines or none."""

    lines: Annotated[list[NewSoftReservation], Field(min_length=1, max_length=100)] = Field(
        description="Each becomes a soft reservation; what one gets, the next one finds gone."
    )
    customer_id: UUID | None = Field(
        default=None, description="Whom they are for; null: whoever orders may use them."
    )
    expires_at: AwareDatetime | None = Field(default=None, description=_EXPIRES)
    reference: Line = Field(
        default="", description="What they are for, such as the number of a quote or a basket."
    )
    note: Note = ""


class ExtendSoftReservation(Command):
    """Let a soft reservation count for longer."""

    expires_at: AwareDatetime | None = Field(default=None, description=_EXPIRES)


class SoftReservationView(BaseModel):
    """So many of an item, promised for a day until it expires or an order uses it."""

    id: UUID
    number: str = Field(description="Number of the soft reservation.")
    state: SoftReservationState = Field(
        description="open; used by an order; or released. One that is open may have expired."
    )
    live: bool = Field(description="Whether it counts now: it is open and has not expired.")
    item_id: UUID
    sku: str
    customer_id: UUID | None = Field(description="Whom it is for; null: nobody in particular.")
    quantity: PositiveQuantity = Field(description="How many are promised.")
    wanted_on: date = Field(description="The day for which they were asked.")
    promised_on: date = Field(description="The day for which they are promised.")
    expires_at: datetime = Field(description="Until then it counts.")
    used: NonNegativeQuantity = Field(description="How many the order took; the rest is free.")
    order_id: UUID | None = Field(description="The sales order that used it.")
    order_line_id: UUID | None = Field(description="The line that used it.")
    reference: str = Field(description="What it is for, as the asker names it.")
    note: str
    created_at: datetime
    updated_at: datetime
    actor: str


class SoftReservationsMade(BaseModel):
    """What was promised."""

    items: list[SoftReservationView] = Field(description="One for each line, in their order.")


class SoftReservationQuery(Tagged):
    """Which soft reservations are wanted."""

    state: Annotated[str, AnyOf(SoftReservationState)] | None = None
    live: bool | None = Field(
        default=None, description="true: those that count now; false: all others."
    )
    item_id: UUID | None = None
    sku: Code | None = None
    customer_id: UUID | None = None
    order_id: UUID | None = Field(default=None, description="Only what this sales order used.")
    reference: Line | None = Field(default=None, description="Only those with this reference.")
    number: DocumentNumber | None = None
    promised_on_gte: Day | None = Field(default=None, description="The first day.")
    promised_on_lte: Day | None = Field(default=None, description="The last day.")
