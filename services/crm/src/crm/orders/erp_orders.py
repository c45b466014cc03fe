"""How the ERP says that an order stands, as it is sent and kept with the order."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from values.address import Address
from values.amounts import InCurrency, SentCurrency, part_currency
from values.days import Day
from values.decimals import Amount, NonNegativeDecimal, NonNegativeQuantity, PriceAmount
from values.text import Note

__all__ = ["ErpChange", "ErpLine", "ErpOrder", "ErpShipment"]


class StatePart(BaseModel):
    """A part of the ERP's order; fields that we do not know are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ErpLine(InCurrency, StatePart):
    """How a line stands; of goods of a confirmed order: quantity = reserved + waiting + shipped."""

    line_id: UUID | None = Field(default=None, description="Our line, or the ERP's own.")
    product_id: UUID | None = Field(default=None, description="Our product.")
    sku: str = ""
    quantity: NonNegativeQuantity
    unit_price: PriceAmount = Decimal(0)
    discount: NonNegativeDecimal = Decimal(0)
    reserved: NonNegativeQuantity
    waiting: NonNegativeQuantity
    shipped: NonNegativeQuantity
    returned: NonNegativeQuantity = Decimal(0)
    invoiced: NonNegativeQuantity
    currency: SentCurrency = part_currency()


class ErpShipment(StatePart):
    """A shipment, or goods that came back."""

    number: str
    kind: str
    shipped_on: Day
    carrier: str
    tracking_number: str
    reversed_on: Day | None = Field(
        default=None, description="The day on which it was taken back as a mistake; null: it stays."
    )


class ErpChange(StatePart):
    """The last change that was asked for, and the answer; `source_version`: of our order."""

    kind: str
    state: str
    reason: str = ""
    source_version: Annotated[int, Field(strict=True)] | None = None
    source_history: Annotated[int, Field(strict=True, ge=1)] | None = None

    def refuses(self, version: int, *, history: int | None) -> bool:
        """Whether it refuses the change that this version of ours asked for."""
        answer = (self.state, self.source_version, self.source_history or history)
        return answer == ("refused", version, history)


class ErpOrder(InCurrency, StatePart):
    """How the ERP says the order stands; `promised_on` is the confirmed date."""

    number: str
    state: str
    reason: str = ""
    source_version: Annotated[int, Field(strict=True)] | None = Field(
        default=None, description="Our order's newest version that the ERP had decided on."
    )
    source_history: Annotated[int, Field(strict=True, ge=1)] | None = Field(
        default=None, description="The history of our database in which that version counts."
    )
    account_id: UUID | None = Field(default=None, description="Our account of its customer.")
    requested_on: Day | None = None
    ship_to: Address | None = None
    note: Note = ""
    net: Amount = Decimal(0)
    freight: Amount = Decimal(0)
    promised_on: Day | None = None
    lines: list[ErpLine] = []
    shipments: list[ErpShipment] = []
    last_change: ErpChange | None = None
    invoiced: Amount = Field(default=Decimal(0), description="What was invoiced, before tax.")
    paid: Amount = Field(default=Decimal(0), description="With tax.")
    open_amount: Amount = Field(
        default=Decimal(0), description="What is left to be paid of its invoices, with tax."
    )
    currency: SentCurrency = part_currency()
