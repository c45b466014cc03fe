"""Commands and views of lots."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from erp.stock.schemas.goods import View
from erp.stock.states import (
    Direction,
    LotEdgeKind,
    LotOwner,
    LotQuality,
    StockDocumentKind,
)
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import PositiveQuantity, Quantity
from values.external import SourceVersion
from values.text import Code, Command, Name, OptionalNote, SerialNumber, unset

__all__ = [
    "ChangeLot",
    "LotDecision",
    "LotDocument",
    "LotEdgeView",
    "LotPart",
    "LotQuery",
    "LotTrace",
    "LotView",
    "MergeLots",
    "MoveForeign",
    "NewLot",
    "RecallList",
    "RecalledCustomer",
    "SplitLot",
    "TraceAsked",
    "TracedLot",
    "UpsertLot",
]

_QUALITY = "Only a released lot is reserved and shipped."
_EXPIRES = "Its last day; null: it does not expire."


class LotFields(CustomValues):
    """Fields of a lot. What is left out of a change stays as it is."""

    supplier_id: UUID | None = Field(
        default=None, description="The supplier that it came from; null: nobody says."
    )
    supplier_lot: SerialNumber | None = Field(
        default_factory=unset, description="The number that the supplier gave it."
    )
    made_on: Day | None = None
    expires_on: Day | None = Field(default=None, description=_EXPIRES)
    note: OptionalNote = Field(default_factory=unset)


class NewLot(LotFields):
    """Make a lot of an item that is tracked by lot; goods come into it by receipts."""

    sku: Code
    number: SerialNumber = Field(description="Which no other lot of the item and owner has.")
    owner: LotOwner = Field(default=LotOwner.OWN, description="Whose its goods are.")
    owner_id: UUID | None = Field(
        default=None, description="The customer or supplier that owns it; null: we."
    )
    quality: LotQuality = Field(default=LotQuality.RELEASED, description=_QUALITY)


class ChangeLot(LotFields):
    """Change a lot (JSON merge patch). Its item, number and owner stay."""


class UpsertLot(LotFields):
    """A lot as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when the lot is new here.")
    number: SerialNumber = Field(
        default_factory=unset, description="Needed when the lot is new here."
    )
    owner: LotOwner = Field(default_factory=unset, description="By default own.")
    owner_id: UUID | None = Field(
        default=None, description="The customer or supplier that owns it; null: we."
    )
    quality: LotQuality = Field(
        default_factory=unset,
        description=f"{_QUALITY} Of a lot that is there it stays: it is decided, with a reason.",
    )


class LotDecision(Command):
    """Bring a lot into another state of quality."""

    reason: Name = Field(description="Why, such as: sample 12 passed.")


class LotView(CustomView, View):
    """A lot, with what lies of it."""

    id: UUID
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    item_id: UUID
    sku: str
    number: str
    owner: LotOwner = Field(description="Whose its goods are.")
    owner_id: UUID | None = Field(description="The customer or supplier that owns it; null: we.")
    supplier_id: UUID | None = Field(description="The supplier that it came from.")
    supplier_lot: str = Field(description="The number that the supplier gave it.")
    made_on: date | None
    expires_on: date | None = Field(description=_EXPIRES)
    quality: LotQuality = Field(description=_QUALITY)
    quality_reason: str = Field(description="Why it came into that state.")
    note: str
    on_hand: Quantity
    reserved: Quantity = Field(description="Of what is on hand, reserved for orders.")
    created_at: datetime
    updated_at: datetime


class LotQuery(Tagged):
    """Which lots are wanted."""

    q: str | None = Field(default=None, max_length=200, description="Words of number or SKU.")
    sku: Code | None = None
    number: SerialNumber | None = None
    supplier_lot: SerialNumber | None = None
    supplier_id: UUID | None = None
    owner: Annotated[str, AnyOf(LotOwner)] | None = None
    owner_id: UUID | None = None
    quality: Annotated[str, AnyOf(LotQuality)] | None = None
    on_hand: bool | None = Field(default=None, description="Only with, or without, goods.")
    expires_on_gte: Day | None = Field(default=None, description="Those with such a last day.")
    expires_on_lte: Day | None = Field(default=None, description="Those that expire until then.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class LotPart(Command):
    """What of a lot becomes a lot of its own."""

    number: SerialNumber = Field(description="Of the new lot.")
    quantity: PositiveQuantity = Field(description="In the item's own unit.")


class SplitLot(Command):
    """Let parts of a lot be lots of their own; they are what it is."""

    parts: list[LotPart] = Field(min_length=1, max_length=100)


class MergeLots(Command):
    """Let all that lies of other lots be goods of this one."""

    lot_ids: list[UUID] = Field(min_length=1, max_length=100, description="Of the other lots.")


class MoveForeign(Command):
    """Goods of a customer or a supplier that come, or go back."""

    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    memo: Name = "Goods of others"


class LotEdgeView(View):
    """So many of a lot that became goods of another one."""

    lot_id: UUID = Field(description="The other lot.")
    kind: LotEdgeKind
    quantity: PositiveQuantity
    source_id: UUID = Field(description="The document that made them so.")
    effective_on: date


class TracedLot(View):
    """A lot on the way, with its edges to the next ones."""

    lot_id: UUID
    item_id: UUID
    sku: str
    number: str
    owner: LotOwner
    owner_id: UUID | None
    supplier_id: UUID | None
    supplier_lot: str
    quality: LotQuality
    expires_on: date | None
    on_hand: Quantity
    reserved: Quantity
    edges: list[LotEdgeView]


class LotDocument(View):
    """A document with which goods of a lot came (above zero), or went (below)."""

    lot_id: UUID
    kind: StockDocumentKind
    id: UUID
    effective_on: date
    quantity: Quantity
    order_id: UUID | None = Field(description="The sales order that it was for.")
    order_number: str | None
    customer_id: UUID | None
    customer_number: str | None
    customer_name: str | None
    repair_order_id: UUID | None = Field(description="The repair that used it.")
    repair_order_number: str | None = Field(description="Number of that repair.")


class LotTrace(View):
    """A lot with every one that it came of, or that came of it, and what moved them."""

    lot_id: UUID
    direction: Direction
    lots: list[TracedLot]
    documents: list[LotDocument] = Field(description="The first 10,000, the oldest first.")
    complete: bool = Field(description="Whether these are all documents.")


class RecalledCustomer(BaseModel):
    """A customer who has goods of the lots."""

    customer_id: UUID
    number: str
    name: str
    quantity: Quantity = Field(description="What went to the customer and did not come back.")
    order_numbers: list[str]
    repair_numbers: list[str] = Field(description="Repairs that used goods of the lots.")


class RecallList(View):
    """Who has goods of a lot and of all that came of it, and what of them lies here."""

    lot_id: UUID
    lots: list[TracedLot]
    customers: list[RecalledCustomer]
    on_hand: Quantity = Field(description="What lies here of all of them.")
    holdable: Quantity = Field(description="What of it is not blocked yet.")


class TraceAsked(BaseModel):
    """Which way is traced."""

    direction: Direction = Field(
        default=Direction.FORWARD, description="forward: what became of it; backward: what it was."
    )
