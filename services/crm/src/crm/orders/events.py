"""What is published of orders: what was agreed, whole, whenever it changes."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event
from crm.orders.states import OrderState, RefusalKind
from values.address import Address
from values.amounts import InCurrency, part_currency
from values.decimals import Amount, NonNegativeDecimal, PriceAmount, Quantity
from values.money import MoneyView, UnitPriceView

__all__ = ["BaseState", "LineState", "OrderChanged", "RefusalState"]


class LineState(InCurrency):
    """A line: some of a product at the price that was agreed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    product_id: UUID
    product_code: str
    quantity: Quantity
    unit_price: UnitPriceView
    discount: NonNegativeDecimal = Field(description="Part of the price, 0 to 1.")
    net: Amount
    external_line_id: str = Field(
        default="", description="The line's id in the system that sent the order."
    )
    currency: str = part_currency()


class BaseLine(InCurrency):
    """A line as the ERP had it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    product_id: UUID
    quantity: Quantity
    unit_price: PriceAmount
    discount: NonNegativeDecimal
    currency: str = part_currency()


class BaseState(InCurrency):
    """The order as the ERP had it when it was last taken over from there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = Field(description="The ERP's version of it.")
    history: int | None = Field(
        default=None, description="The history of the ERP's database in which it counts."
    )
    requested_on: date | None
    lines: list[BaseLine]
    freight: Amount
    currency: str = part_currency()


class RefusalState(BaseModel):
    """What the ERP refused, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RefusalKind
    code: str
    about: str = Field(description="What it is about, such as SKUs; may be empty.")


class OrderChanged(InCurrency, Event):
    """An order was placed, changed, cancelled, or decided otherwise by the ERP."""

    event_name = "order-changed"
    topic = "order"
    aggregate = "order"

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
    lines: list[LineState]
    freight: MoneyView
    net: Amount
    total: Amount
    content_version: int | None = Field(
        default=None,
        description="The version in which it was last changed here; later ones only took over "
        "what the ERP had decided.",
    )
    content_history: int | None = Field(
        default=None,
        description="In which history of this database that counts; null: it is not known.",
    )
    refusal: RefusalState | None = Field(
        default=None, description="What the ERP refused of it; null: nothing."
    )
    base: BaseState | None = Field(
        default=None,
        description="The ERP's content that it is based on: what differs from it was changed here.",
    )

    @classmethod
    def every_field(cls) -> list[str]:
        """Names of all fields of the state: what a new order changes."""
        return sorted(cls.model_fields.keys() - {"id", "version", "changed"})
