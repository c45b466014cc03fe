"""Prices, suggestions, orders, bills: commands and views. Amounts: the installation's currency."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from approvals.states import ApprovalState
from chassis.http.etag import EtagVersion, Revision
from erp.purchasing.events import ReceivedSerial
from erp.purchasing.states import PurchaseOrderState, SuggestionState
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, TotalQuery
from records.links import ExternalRef
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import EXACT, Amount, PositiveQuantity, PriceAmount, Quantity, rounded
from values.external import ExternalId, SourceVersion
from values.money import MoneyView, UnitPriceChange, UnitPriceView, digits_of
from values.text import Code, Command, DocumentNumber, Name, unset

__all__ = [
    "LARGEST_BATCH",
    "BillLine",
    "BillPurchaseOrder",
    "ChangePurchaseLine",
    "ChangePurchaseOrder",
    "ChangeSupplierPrice",
    "CreditPurchaseOrder",
    "EffectiveOn",
    "NewPurchaseLine",
    "NewPurchaseOrder",
    "NewSupplierPrice",
    "OrderSuggestions",
    "OrdersPlaced",
    "PurchaseApprovalView",
    "PurchaseLineView",
    "PurchaseOrderQuery",
    "PurchaseOrderView",
    "RefreshSuggestions",
    "Refreshed",
    "SentPurchaseOrder",
    "SentPurchaseOrders",
    "SuggestionQuery",
    "SuggestionView",
    "SupplierPriceQuery",
    "SupplierPriceView",
    "UpsertSupplierPrice",
    "View",
]

LARGEST_BATCH = 500
Days = Annotated[int, Field(strict=True, ge=0, le=3650)]
EffectiveOn = Annotated[
    Day | None, Field(description="Default: today. A past day needs the permission `backdate`.")
]


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Terms(CustomValues):
    """A supplier's terms. What is left out of a change stays as it is."""

    lead_time_days: Days = Field(
        default_factory=unset, description="Days from order to delivery; by default 0."
    )
    min_quantity: PositiveQuantity = Field(
        default_factory=unset, description="Sold from this quantity on; by default 1."
    )
    multiple: PositiveQuantity = Field(
        default_factory=unset, description="Sold in multiples of this; by default 1."
    )


class NewSupplierPrice(Terms):
    """Note what a supplier asks for an item."""

    supplier_number: Code
    sku: Code
    price: UnitPriceView


class ChangeSupplierPrice(Terms):
    """Change what a supplier asks (JSON merge patch)."""

    price: UnitPriceChange = Field(default_factory=unset)


class UpsertSupplierPrice(Terms):
    """A supplier's price as another system knows it.

    Fields and parts left out stay as they are here.
    """

    source_version: SourceVersion
    supplier_external_id: ExternalId = Field(
        default_factory=unset,
        description="The supplier's id in the same system. Needed when the price is new here.",
    )
    sku: Code = Field(default_factory=unset, description="Needed when the price is new here.")
    price: UnitPriceChange = Field(
        default_factory=unset, description="Needed when the price is new here."
    )


class SupplierPriceView(CustomView, View):
    """What a supplier asks for one unit of an item, and on which terms."""

    id: UUID
    version: EtagVersion
    revision: Revision
    supplier_id: UUID
    supplier_number: str
    supplier_name: str
    item_id: UUID
    sku: str
    price: UnitPriceView
    lead_time_days: int
    min_quantity: PositiveQuantity
    multiple: PositiveQuantity
    external_refs: list[ExternalRef]
    created_at: datetime
    updated_at: datetime


class SupplierPriceQuery(Tagged):
    """Which supplier prices are wanted."""

    supplier_id: UUID | None = None
    sku: str | None = Field(default=None, max_length=64)


class SuggestionQuery(BaseModel):
    """Which suggestions are wanted."""

    state: Annotated[str, AnyOf(SuggestionState)] | None = None
    sku: str | None = Field(default=None, max_length=64)


class SuggestionView(View):
    """What should be bought; `order_by` is the last day on which it comes in time."""

    id: UUID
    version: EtagVersion
    revision: Revision
    item_id: UUID
    sku: str
    quantity: PositiveQuantity
    needed_on: date
    order_by: date
    supplier_id: UUID | None = Field(description="Null: no supplier's price is known.")
    supplier_number: str | None
    supplier_name: str | None
    state: SuggestionState
    purchase_order_id: UUID | None
    created_at: datetime
    updated_at: datetime


class RefreshSuggestions(Command):
    """Look anew at what should be bought."""

    skus: list[Code] | None = Field(
        default=None, max_length=LARGEST_BATCH, description="Null: every item that is short."
    )


class Refreshed(View):
    """How many suggestions were made, changed or withdrawn."""

    made: int
    changed: int
    withdrawn: int


class OrderSuggestions(Command):
    """Order what is suggested: one order for each supplier."""

    ids: list[UUID] | None = Field(
        default=None,
        max_length=5000,
        description="Suggestions; null: all open ones that a supplier is known for.",
    )
    ordered_on: EffectiveOn = None


class NewPurchaseLine(Command):
    """What is ordered of an item."""

    sku: Code
    quantity: PositiveQuantity
    unit_price: UnitPriceView | None = Field(
        default=None, description="Default: the supplier's price."
    )
    due_on: Day | None = Field(default=None, description="Default: after the lead time.")


class NewPurchaseOrder(CustomValues):
    """Order goods from a supplier."""

    supplier_number: Code
    ordered_on: EffectiveOn = None
    lines: list[NewPurchaseLine] = Field(min_length=1, max_length=LARGEST_BATCH)


class SentPurchaseOrder(NewPurchaseOrder):
    """An order as another system tells it; placed once. Here it is changed by its content."""

    external_id: ExternalId
    source_version: SourceVersion


class SentPurchaseOrders(Command):
    """Purchase orders of another system."""

    items: list[SentPurchaseOrder] = Field(min_length=1, max_length=200)


class ChangePurchaseLine(NewPurchaseLine):
    """A line as it shall be. One that is named keeps its price and day where none is given."""

    id: UUID | None = Field(
        default=None, description="Which line of the order it is; null: a new one."
    )


class ChangePurchaseOrder(Command):
    """The lines as they shall be, whole: one that is left out is dropped."""

    lines: list[ChangePurchaseLine] = Field(min_length=1, max_length=LARGEST_BATCH)


class PurchaseOrderQuery(TotalQuery, Tagged):
    """Which orders are wanted."""

    state: Annotated[str, AnyOf(PurchaseOrderState)] | None = None
    ordered_on_gte: Day | None = Field(default=None, description="The first day.")
    ordered_on_lte: Day | None = Field(default=None, description="The last day.")
    supplier_id: UUID | None = None
    number: DocumentNumber | None = None


class PurchaseLineView(InCurrency, View):
    """A line of an order: what was ordered, came, and was billed."""

    id: UUID
    item_id: UUID
    sku: str
    quantity: Quantity
    received: Quantity = Field(description="What came and did not go back.")
    returned: Quantity = Field(description="What went back to the supplier, in all.")
    billed: Quantity = Field(description="What was billed and not credited.")
    credited: Quantity = Field(description="What of the returned was credited, in all.")
    unit_price: PriceAmount
    due_on: date
    net: Amount
    currency: str = part_currency()


class PurchaseApprovalView(View):
    """What was asked last about an order."""

    approval_id: UUID
    state: ApprovalState = Field(
        description="What became of it; of `voided` the lines are changed afterwards."
    )
    asked_by: str = Field(description="Who asked: kind and id of the actor.")
    asked_at: datetime = Field(description="When it was asked (UTC).")
    decided_by: str | None = Field(description="Who decided last; null: nobody yet.")
    decided_at: datetime | None = Field(description="When it was decided (UTC); null: not yet.")


class PurchaseOrderView(InCurrency, CustomView, View):
    """An order of goods; its net is the sum of its lines."""

    id: UUID
    version: EtagVersion
    revision: Revision
    number: str
    supplier_id: UUID
    supplier_number: str
    supplier_name: str
    state: PurchaseOrderState
    ordered_on: date
    currency: str
    net: Amount
    lines: list[PurchaseLineView]
    serials: list[ReceivedSerial] = Field(description="Of the pieces that came and have one.")
    approval: PurchaseApprovalView | None = Field(
        description="What was asked last about approving the order; null: nothing was."
    )
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any], currency: str) -> Self:
        """The view of a row with its lines, which have no net yet."""
        lines = [line | {"net": _net(line, currency)} for line in row["lines"]]
        net = rounded(row["net"], digits_of(currency))
        return cls.model_validate({**row, "lines": lines, "currency": currency, "net": net})


def _net(line: Mapping[str, Any], currency: str) -> Decimal:
    """What an order's line costs."""
    quantity, unit_price = Decimal(line["quantity"]), Decimal(line["unit_price"])
    return rounded(EXACT.multiply(quantity, unit_price), digits_of(currency))


class OrdersPlaced(View):
    """Orders that were placed, and suggestions left because no supplier is known."""

    orders: list[PurchaseOrderView]
    left: list[UUID] = Field(description="Open suggestions without a supplier.")


class BillLine(Command):
    """What the supplier bills, or credits, of a line."""

    line_id: UUID
    quantity: PositiveQuantity
    unit_price: UnitPriceView | None = Field(
        default=None, description="Default: as agreed; of a credit, as billed."
    )


class BillPurchaseOrder(CustomValues):
    """Enter the supplier's bill of what was received."""

    bill_number: Name = Field(description="The supplier's number of the bill.")
    billed_on: Day | None = Field(
        default=None, description="The day written on the bill. Default: `effective_on`."
    )
    effective_on: EffectiveOn = None
    due_on: Day | None = Field(default=None, description="Default: `billed_on` and the terms.")
    tax: MoneyView | None = Field(default=None, description="The input tax on the bill.")
    lines: list[BillLine] | None = Field(
        default=None,
        min_length=1,
        max_length=LARGEST_BATCH,
        description="Null: everything that came and is not billed yet, at the agreed price.",
    )


class CreditPurchaseOrder(Command):
    """Enter the supplier's credit note of goods that were billed and went back."""

    credit_number: Name = Field(description="The supplier's number of the credit note.")
    billed_on: Day | None = Field(
        default=None, description="The day written on it. Default: `effective_on`."
    )
    effective_on: EffectiveOn = None
    bill_id: UUID | None = Field(
        default=None,
        description="The bill it settles first. Default: the order's open one that is due first.",
    )
    tax: MoneyView | None = Field(default=None, description="The input tax on the credit note.")
    lines: list[BillLine] | None = Field(
        default=None,
        min_length=1,
        max_length=LARGEST_BATCH,
        description="Null: everything that was billed, went back and is not credited yet.",
    )
