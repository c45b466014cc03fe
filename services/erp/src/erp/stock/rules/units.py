"""In what an item is counted."""

from decimal import Decimal
from typing import NamedTuple

from erp.catalog.errors import FractionOfUnit
from values.decimals import plain, rounded

__all__ = ["ItemUnit"]


class ItemUnit(NamedTuple):
    """The unit an item is counted in, and with how many decimals."""

    unit: str
    decimals: int

    def check_quantity(self, quantity: Decimal) -> None:
        """Refuse what the unit cannot count, such as half a piece. Raises FractionOfUnit (E39)."""
        if rounded(quantity, self.decimals) != quantity:
            raise FractionOfUnit(quantity=plain(quantity), unit=self.unit, decimals=self.decimals)
