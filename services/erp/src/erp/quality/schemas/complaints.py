"""Complaints of customers: what is sent."""

from pydantic import Field

from erp.stock.schemas.goods import Serials
from values.decimals import PositiveQuantity
from values.external import ExternalId, System
from values.text import Code, Command, DocumentNumber, Name, SerialNumber

__all__ = ["NewComplaint"]


class NewComplaint(Command):
    """Goods that a customer complains about, by order or shipment."""

    system: System = Field(description="The system that the complaint is from.")
    external_id: ExternalId = Field(
        description="Its id there: sent again it is the same case, with the text of the last one."
    )
    order_number: DocumentNumber | None = Field(
        default=None, description="Number of the sales order; it or the shipment is given."
    )
    shipment_number: DocumentNumber | None = Field(
        default=None, description="Number of the shipment; null: any of the order."
    )
    sku: Code
    quantity: PositiveQuantity = Field(description="How many are complained about.")
    lot: SerialNumber | None = Field(default=None, description="The lot, where it is known.")
    serials: Serials = Field(default=[])
    text: Name = Field(description="What the customer says.")
