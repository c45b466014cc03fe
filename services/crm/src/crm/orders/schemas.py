"""Commands and views of orders."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from crm.orders.erp_orders import ErpOrder
from crm.orders.states import OrderState, RefusalKind
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, TotalQuery
from records.links import ExternalRef
from records.routes import LARGEST_BATCH
from records.tagged import Tagged
from values.address import Address, AddressPatch
from values.amounts import InCurrency, part_currency
from values.days import Day, Instant
from values.decimals import (
    Amount,
    NonNegativeDecimal,
    NonNegativeQuantity,
    PositiveQuantity,
    PriceAmount,
    SignedAmount,
)
from values.external import ExternalId, SourceVersion
from values.money import CurrencyCode, MoneyChange, MoneyView, UnitPriceView
from values.text import Code, Command, Line, Note, OptionalNote, unset

__all__ = [
    "AvailabilityItem",
    "ChangeLine",
    "ChangeOrder",
    "DebtItem",
    "FulfilmentItem",
    "LineView",
    "NewOrderLine",
    "OrderQuery",
    "OrderView",
    "PlaceOrder",
    "Refusal",
    "UpsertAvailabilities",
    "UpsertAvailability",
    "UpsertDebt",
    "UpsertDebts",
    "UpsertFulfilment",
    "UpsertFulfilments",
    "UpsertOrder",
    "UpsertOrders",
    "UpsertRefusal",
    "UpsertReply",
]

Discount = Annotated[NonNegativeDecimal, Field(le=1, description="Part of the price, 0 to 1.")]


class LineFields(Command):
    """The fields of every line."""

    quantity: PositiveQuantity
    unit_price: UnitPriceView | None = None
    discount: Discount = Decimal(0)
    external_line_id: Line = Field(
        default="", description="The sender's id of the line; a change knows it by that."
    )


class NewOrderLine(LineFields):
    """Some of a product; without a price, the product's price of the day holds."""

    product: Code = Field(description="The product's id or code.")


class ChangeLine(LineFields):
    """A line as it shall be.

    A line that is named keeps its id, and its price and discount where none is given. A line
    that is not named is the one of the same product, else a new one.
    """

    id: UUID | None = Field(default=None, description="Which line of the order it is.")
    product: Code | None = Field(
        default=None, description="The product's id or code; not needed for a line that is named."
    )

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.id is None and self.product is None:
            raise PydanticCustomError("line_named", "Name the line by its id, or a product.")
        return self


Lines = Annotated[list[NewOrderLine], Field(min_length=1, max_length=500)]


class OrderContent(CustomValues):
    """The fields of every order."""

    account_id: UUID
    ordered_on: Day | None = Field(
        default=None, description="Default: today. A past day needs `backdate`."
    )
    requested_on: Day | None = Field(default=None, description="When the customer wants it.")
    lines: Lines


class PlaceOrder(OrderContent):
    """Place a customer's order."""

    ship_to: Address | None = Field(default=None, description="Default: the account's address.")
    note: Note = ""
    freight: MoneyView | None = None


class UpsertOrder(OrderContent):
    """An order as another system knows it; fields and parts left out stay as they are here.

    Its lines are whole.
    """

    source_version: SourceVersion
    ship_to: AddressPatch = Field(
        default_factory=unset,
        description="Of an order that is new here, by default the account's address.",
    )
    note: OptionalNote = Field(default="")
    freight: MoneyChange | None = Field(default=None, description="Null: none.")
    lines: Lines = Field(
        description="All of them. One with an `external_line_id` is the line that has it; one "
        "without, or with a new one, is taken for a line of the same product, of several for one "
        "of the same price, else it is new. Lines here that are not sent are gone."
    )


class BatchOrder(UpsertOrder):
    """An order of a batch, named by the sender's id."""

    external_id: ExternalId


class UpsertOrders(Command):
    """Orders as another system knows them."""

    items: list[BatchOrder] = Field(min_length=1, max_length=200)


class ChangeOrder(CustomValues):
    """What the customer wants instead: lines are replaced whole where they are given."""

    requested_on: Day | None = None
    ship_to: AddressPatch = Field(default_factory=unset)
    note: OptionalNote = Field(default_factory=unset)
    freight: MoneyChange | None = Field(default=None, description="Null: none.")
    lines: Annotated[list[ChangeLine], Field(min_length=1, max_length=500)] = Field(
        default_factory=unset
    )


class UpsertFulfilment(Command):
    """How the ERP says the order stands."""

    source_version: SourceVersion
    order_id: UUID
    erp: ErpOrder


class UpsertRefusal(Command):
    """The ERP would not take an order or its change as it was sent."""

    source_version: SourceVersion
    order_id: UUID
    code: Code
    about: Annotated[str, StringConstraints(max_length=1000)] = ""


class UpsertAvailability(Command):
    """What the ERP has available of a product, and expects."""

    source_version: SourceVersion
    product_id: UUID
    free: NonNegativeQuantity
    incoming: NonNegativeQuantity


class UpsertDebt(Command):
    """What the ERP says the customer owes; an older message than the last one changes nothing."""

    source_version: SourceVersion
    account_id: UUID
    owes: SignedAmount
    currency: CurrencyCode | None = Field(
        default=None, description="Default: the company's, which is the only one it can be."
    )
    told_at: Instant


class FulfilmentItem(UpsertFulfilment):
    """How one of our orders stands; `external_id` is the ERP's own order."""

    external_id: ExternalId


class UpsertFulfilments(Command):
    """How the ERP says that orders stand."""

    items: list[FulfilmentItem] = Field(min_length=1, max_length=LARGEST_BATCH)


class AvailabilityItem(UpsertAvailability):
    """The stock of one product; `external_id` is the ERP's item."""

    external_id: ExternalId


class UpsertAvailabilities(Command):
    """What the ERP has available of products, and expects."""

    items: list[AvailabilityItem] = Field(min_length=1, max_length=LARGEST_BATCH)


class DebtItem(UpsertDebt):
    """What one customer owes; `external_id` is the document that changed it."""

    external_id: Annotated[
        str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
    ]


class UpsertDebts(Command):
    """What the ERP says customers owe."""

    items: list[DebtItem] = Field(min_length=1, max_length=LARGEST_BATCH)


class UpsertReply(BaseModel):
    """What was sent is stored; id and versions are those of the record it was sent of."""

    id: UUID
    version: EtagVersion
    revision: Revision


class OrderQuery(Tagged, TotalQuery):
    """Which orders are wanted; the total is that of lines and freight."""

    account_id: UUID | None = None
    owner_id: UUID | None = Field(default=None, description="The owner of the account.")
    state: Annotated[str, AnyOf(OrderState)] | None = None
    ordered_on_gte: Day | None = Field(default=None, description="The first day.")
    ordered_on_lte: Day | None = Field(default=None, description="The last day.")
    number: str | None = Field(default=None, max_length=40)
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class LineView(InCurrency):
    """A line of the order."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    product_id: UUID
    product_code: str
    quantity: NonNegativeQuantity
    unit_price: PriceAmount
    discount: NonNegativeDecimal
    net: Amount
    external_line_id: str = Field(description="The sender's id of the line; empty: it has none.")
    currency: str = part_currency()


class Refusal(BaseModel):
    """What the ERP refused of the order, and why."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    kind: RefusalKind
    code: str = Field(description="Stable, for programs.")
    about: str = Field(description="What it is about, such as SKUs; may be empty.")
    text: str = Field(default="", description="In the reader's language.")


class OrderView(InCurrency, CustomView):
    """The order, and how the ERP says it stands."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    version: EtagVersion
    revision: Revision
    number: str
    account_id: UUID
    ordered_on: date
    requested_on: date | None
    ship_to: Address
    note: str
    currency: str
    state: OrderState = Field(
        description="rejected: the ERP refused it; changed, it is decided anew."
    )
    refusal: Refusal | None = Field(
        description="What the ERP refused of it; null: nothing. A refused change is taken back."
    )
    content_version: int = Field(
        description="The version in which it was last changed here; later ones took over what "
        "the ERP decided."
    )
    content_history: int | None = Field(
        description="In which history of this database that counts; null: it is not known."
    )
    waits_for: Annotated[list[str], BeforeValidator(lambda codes: codes or [])] = Field(
        default=[],
        description="Codes of products that the ERP does not know yet: what was ordered, or "
        "changed, waits until it does. Empty: it waits for no product.",
    )
    lines: list[LineView]
    net: Amount
    freight: Amount
    total: Amount
    erp: ErpOrder | None
    customer_owes: SignedAmount | None = Field(
        description="What the customer owes; null: not known."
    )
    external_refs: list[ExternalRef]
    created_at: datetime
    updated_at: datetime
