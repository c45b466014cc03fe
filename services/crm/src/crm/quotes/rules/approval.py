"""What approval rules ask of a quote, in figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from values.decimals import EXACT, rounded

__all__ = ["Discounts", "OfferedLine", "discounts_of", "percent_off"]

PERCENT_DIGITS = 6
_NOTHING, _HUNDRED = Decimal(0), Decimal(100)


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """A line: so much of something, offered for `net`.

    `list_price`: what it costs everybody, else by a price list; None: nothing was said, so the
    price offered counts.
    """

    quantity: Decimal
    list_price: Decimal | None
    unit_price: Decimal
    net: Decimal

    @property
    def listed(self) -> Decimal:
        """What the line would come to at list prices, unrounded."""
        price = self.unit_price if self.list_price is None else self.list_price
        return EXACT.multiply(price, self.quantity)


@dataclass(frozen=True, slots=True)
class Discounts:
    """Percent off the list prices, 0 to 100: on the whole, and on the line with the most."""

    percent: Decimal
    line_percent: Decimal


def discounts_of(lines: Iterable[OfferedLine]) -> Discounts:
    """What all discounts and lower prices together take off, in percent of the list prices."""
    found = list(lines)
    listed = sum((one.listed for one in found), _NOTHING)
    net = sum((one.net for one in found), _NOTHING)
    of_lines = [percent_off(one.listed, one.net) for one in found]
    return Discounts(percent_off(listed, net), max(of_lines, default=_NOTHING))


def percent_off(whole: Decimal, left: Decimal) -> Decimal:
    """What is off the whole, in percent, rounded half-up to 6 decimals; 0 where nothing is off."""
    if left >= whole:
        return _NOTHING
    off = EXACT.multiply(EXACT.subtract(whole, left), _HUNDRED)
    return rounded(EXACT.divide(off, whole), PERCENT_DIGITS)
