"""Quantities in units: how finely a unit is counted, and exact conversion."""

from dataclasses import dataclass
from decimal import Decimal

from values.decimals import EXACT, rounded

__all__ = ["FINEST", "Ratio", "converted", "decimals_of", "fits", "minimum_of"]

FINEST = 6
"""Decimals that are kept of any quantity."""
WHOLE = frozenset({"BG", "BO", "BX", "C62", "CA", "CT", "DZN", "EA", "PF", "PK", "PR", "RO", "SET"})
"""Units that are counted in whole pieces, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """One of a unit is `numerator / denominator` of another: two whole numbers, so exact."""

    numerator: int
    denominator: int

    def __post_init__(self) -> None:
        """Raises ValueError unless both are above zero."""
        if self.numerator < 1 or self.denominator < 1:
            message = "a ratio is made of two whole numbers above zero"
            raise ValueError(message)


def decimals_of(unit: str) -> int:
    """With how many decimals a unit is counted where nobody says otherwise."""
    return 0 if unit in WHOLE else FINEST


def fits(quantity: Decimal, decimals: int) -> bool:
    """Whether the quantity can be counted with so many decimals."""
    return rounded(quantity, decimals) == quantity


def minimum_of(stated: Decimal, decimals: int) -> Decimal:
    """From which quantity on a price holds, in a unit counted with `decimals`; 0: from any on.

    The smallest quantity there is of the unit is no minimum: from 1 piece on is from any on.
    """
    return Decimal(0) if stated == Decimal(1).scaleb(-decimals) else stated


def converted(quantity: Decimal, ratio: Ratio, decimals: int) -> Decimal | None:
    """The quantity in the other unit, which is counted with `decimals`.

    A measured unit rounds half-up; a unit of whole pieces takes no fraction: then None.
    """
    product, parts = EXACT.multiply(quantity, Decimal(ratio.numerator)), Decimal(ratio.denominator)
    if decimals == 0 and EXACT.remainder(product, parts):
        return None
    return rounded(EXACT.divide(product, parts), decimals)
