"""What is published of repairs: their state, cause and outcome after a change."""

from collections.abc import Sequence
from datetime import date
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from erp.repairs.states import PieceOwner, QuoteAnswer, RepairOutcome, RepairState
from values.amounts import InCurrency
from values.decimals import Amount, PositiveQuantity

__all__ = ["RepairOrderChanged"]


class RepairOrderChanged(InCurrency, Event):
    """A repair was taken up, quoted, confirmed, worked on, finished, sent back or invoiced."""

    event_name = "repair-order-changed"
    topic = "repair"
    aggregate = "repair-order"

    number: str = Field(description="Number of the repair order.")
    state: RepairState = Field(description="How far it is.")
    owner: PieceOwner = Field(description="own: ours; customer: a customer's.")
    customer_id: UUID | None = Field(description="The customer whose piece it is; null: ours.")
    item_id: UUID | None = Field(description="The item that the piece is of, if it is one here.")
    serial: str | None = Field(description="Serial of the piece.")
    quantity: PositiveQuantity = Field(description="How many pieces.")
    warranty: bool = Field(description="Whether a warranty pays what it covers.")
    cause_code: str = Field(description="Code of the cause.")
    outcome: RepairOutcome | None = Field(description="What came of it; null: it is not done.")
    quote_answer: QuoteAnswer | None = Field(description="What the customer said to the quote.")
    received_on: date | None = Field(description="When the customer's piece came.")
    sent_back_on: date | None = Field(description="When it went back to the customer.")
    charged: Amount = Field(description="What the customer pays, before tax.")
    cost: Amount = Field(description="What parts and labour cost us.")
    currency: str = Field(description="Currency of the amounts (ISO 4217).")
    invoice_id: UUID | None = Field(description="The invoice, if there is one.")
    nonconformance_id: UUID | None = Field(description="The case or complaint it came of.")

    @classmethod
    def of(cls, order: object, changed: Sequence[str], *, currency: str) -> Self:
        """The event of a repair order as it is now."""
        given = {"changed": sorted(changed), "currency": currency}
        own = {name: getattr(order, name) for name in cls.model_fields if name not in given}
        return cls.model_validate(own | given)
