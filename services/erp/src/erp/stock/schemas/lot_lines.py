"""Lots as the lines of documents name them."""

from typing import Annotated

from pydantic import Field

from erp.stock.lines import LotLine
from erp.stock.states import LotQuality
from values.days import Day
from values.decimals import PositiveQuantity
from values.text import Command, SerialNumber

__all__ = ["LotQuantity", "Lots", "ReceivedLot", "ReceivedLots"]


class LotQuantity(Command):
    """So many of a lot."""

    number: SerialNumber = Field(description="Number of the lot.")
    quantity: PositiveQuantity = Field(description="In the item's own unit.")

    def line(self) -> LotLine:
        """The same as stock takes it."""
        return LotLine(self.number, self.quantity)


class ReceivedLot(LotQuantity):
    """So many of a lot that come; what it is, where it is new."""

    supplier_lot: SerialNumber | None = Field(
        default=None, description="The number that the supplier gave it."
    )
    made_on: Day | None = None
    expires_on: Day | None = Field(
        default=None, description="Default, of a new one: by the item's shelf life."
    )
    quality: LotQuality | None = Field(
        default=None,
        description="Of a new one; by default released. A lot that is there must have it.",
    )

    def line(self) -> LotLine:
        """The same as stock takes it."""
        return LotLine(
            self.number,
            self.quantity,
            self.supplier_lot,
            self.made_on,
            self.expires_on,
            self.quality,
        )


Lots = Annotated[
    list[LotQuantity],
    Field(max_length=500, description="Of an item that is tracked by lot; of others none."),
]
ReceivedLots = Annotated[
    list[ReceivedLot],
    Field(
        max_length=500,
        description="Lots of an item that is tracked by lot, all of the quantity; a number that is "
        "new makes a lot. Of others none.",
    ),
]
