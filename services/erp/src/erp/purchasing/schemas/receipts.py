"""Receipts, and what of them went back: commands and views."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool

from erp.purchasing.schemas.orders import LARGEST_BATCH, EffectiveOn, View
from erp.purchasing.states import PurchaseReturnKind, ReceiptState
from erp.stock.schemas.goods import Serials
from erp.stock.schemas.lot_lines import Lots, ReceivedLots
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import Amount, PositiveQuantity, Quantity
from values.text import Command, DocumentNumber, Name

__all__ = [
    "LotOfReceipt",
    "PurchaseReceiptView",
    "PurchaseReturnQuery",
    "PurchaseReturnView",
    "ReceiptLineView",
    "ReceiptQuery",
    "ReceiptView",
    "ReceiptsBooked",
    "ReceiveAll",
    "ReceiveLine",
    "ReceiveOrder",
    "ReturnLine",
    "ReturnLineView",
    "ReturnToSupplier",
    "ReverseReceipt",
    "ReverseReturn",
]


class ReceiveLine(Command):
    """What came of an order's line."""

    line_id: UUID
    quantity: PositiveQuantity
    serials: Serials = Field(default=[])
    lots: ReceivedLots = Field(default=[])


class ReceiveOrder(CustomValues):
    """Take goods of an order in, at the agreed price."""

    effective_on: EffectiveOn = None
    lines: list[ReceiveLine] | None = Field(
        default=None,
        min_length=1,
        max_length=LARGEST_BATCH,
        description="Null: everything that is still expected.",
    )


class ReceiveAll(Command):
    """Take in everything that is still expected of orders."""

    order_ids: list[UUID] = Field(min_length=1, max_length=LARGEST_BATCH)
    effective_on: EffectiveOn = None


class ReceiptView(View):
    """Goods of an order that came."""

    id: UUID
    number: str
    purchase_order_id: UUID
    effective_on: date


class ReceiptQuery(Tagged):
    """Which receipts are wanted."""

    purchase_order_id: UUID | None = None
    supplier_id: UUID | None = None
    number: DocumentNumber | None = None
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")


class LotOfReceipt(View):
    """So many of a lot that came, or went back."""

    number: str
    quantity: PositiveQuantity


class ReceiptLineView(InCurrency, View):
    """What came of an order's line, and what it was booked in at."""

    line_id: UUID | None = Field(
        description="The order's line. Null where an earlier release did not keep it."
    )
    item_id: UUID
    sku: str
    quantity: PositiveQuantity
    value: Amount
    returned: Quantity = Field(
        description="What of it was sent back to the supplier; 0 of a receipt that was a mistake."
    )
    serials: list[str] = Field(description="Of the pieces that have one.")
    lots: list[LotOfReceipt] = Field(description="What of it was of which lot.")
    currency: str = part_currency()


class PurchaseReceiptView(InCurrency, CustomView, ReceiptView):
    """Goods of an order that came, with what came of each line."""

    purchase_order_number: str
    supplier_id: UUID
    state: ReceiptState = Field(description="`reversed`: it was a mistake, and is taken back.")
    reversed_on: date | None
    recorded_at: datetime
    actor: str
    lines: list[ReceiptLineView]
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class ReturnLine(Command):
    """What goes back of an order's line."""

    line_id: UUID = Field(description="The order's line.")
    quantity: PositiveQuantity
    serials: Serials = Field(default=[])
    lots: Lots = Field(default=[])


class ReturnToSupplier(Command):
    """Send goods of a receipt back to the supplier."""

    reason: Name = Field(description="Why, as the supplier shall read.")
    expect_again: StrictBool = Field(
        description="True: the supplier owes them anew. False: they are not ordered any more."
    )
    effective_on: EffectiveOn = None
    lines: list[ReturnLine] | None = Field(
        default=None,
        min_length=1,
        max_length=LARGEST_BATCH,
        description="Null: all of the receipt that did not go back yet.",
    )


class ReverseReceipt(Command):
    """Take a receipt back whole: it was a mistake."""

    reason: Name = Field(description="Why, as the books shall say.")
    effective_on: EffectiveOn = None


class ReverseReturn(Command):
    """Take a return to the supplier back: it was a mistake, the goods are here."""

    reason: Name = Field(description="Why, as the books shall say.")
    effective_on: EffectiveOn = None


class ReturnLineView(InCurrency, View):
    """What went back: at which value it was received, and what it cost stock."""

    line_id: UUID
    item_id: UUID
    sku: str
    quantity: PositiveQuantity
    value: Amount
    cost: Amount
    serials: list[str] = Field(description="Of the pieces that have one.")
    lots: list[LotOfReceipt] = Field(description="What of it was of which lot.")
    currency: str = part_currency()


class PurchaseReturnView(InCurrency, CustomView, View):
    """Goods of a receipt that went back, or (a reversal) a receipt that was a mistake."""

    id: UUID
    number: str
    kind: PurchaseReturnKind
    purchase_receipt_id: UUID
    purchase_receipt_number: str
    purchase_order_id: UUID
    purchase_order_number: str
    supplier_id: UUID
    effective_on: date
    reason: str
    expected_again: bool
    reversed_on: date | None = Field(description="Since when the goods are here after all.")
    reversal_id: UUID | None = Field(description="The stock document that brought them in.")
    reversal_reason: str
    recorded_at: datetime
    actor: str
    lines: list[ReturnLineView]
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class PurchaseReturnQuery(Tagged):
    """Which returns are wanted."""

    kind: Annotated[str, AnyOf(PurchaseReturnKind)] | None = None
    purchase_receipt_id: UUID | None = None
    purchase_order_id: UUID | None = None
    supplier_id: UUID | None = None
    number: DocumentNumber | None = None
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")


class ReceiptsBooked(View):
    """The receipts, one for each order."""

    receipts: list[ReceiptView]
