"""What lines of a quote come to, and the quote: one rounding rule (C26).

Each figure of a line is rounded once, half-up, to the digits of the currency; figures of the quote
are sums of those of its lines. Order: price x quantity, less the line's discount, less the quote's
discount, plus tax. The two discounts of a line are one part of its price, rounded to 6 decimals, so
that an order with that discount comes to the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

from values.decimals import EXACT, rounded
from values.prices import line_net

__all__ = ["Sums", "agreed_discount", "line_sums", "sum_of"]

DISCOUNT_DIGITS = 6
_NOTHING, _ONE = Decimal(0), Decimal(1)


@dataclass(frozen=True, slots=True)
class Sums:
    """What a line comes to, or a quote: `gross` less both discounts is `net`."""

    gross: Decimal = _NOTHING
    line_discount: Decimal = _NOTHING
    document_discount: Decimal = _NOTHING
    net: Decimal = _NOTHING
    tax: Decimal = _NOTHING

    @property
    def total(self) -> Decimal:
        """What the customer pays."""
        return EXACT.add(self.net, self.tax)


def agreed_discount(line: Decimal, document: Decimal) -> Decimal:
    """Both discounts as one part of the price, 0 to 1."""
    kept = EXACT.multiply(EXACT.subtract(_ONE, line), EXACT.subtract(_ONE, document))
    return rounded(EXACT.subtract(_ONE, kept), DISCOUNT_DIGITS)


def line_sums(
    unit_price: Decimal,
    quantity: Decimal,
    *,
    discount: Decimal,
    document_discount: Decimal,
    tax_rate: Decimal | None,
    decimals: int,
) -> Sums:
    """What a line comes to; without a tax rate it has no tax."""
    agreed = agreed_discount(discount, document_discount)
    gross = line_net(unit_price, quantity, _NOTHING, decimals=decimals)
    before = line_net(unit_price, quantity, discount, decimals=decimals)
    net = line_net(unit_price, quantity, agreed, decimals=decimals)
    tax = rounded(EXACT.multiply(net, tax_rate or _NOTHING), decimals)
    return Sums(gross, gross - before, before - net, net, tax)


def sum_of(lines: Iterable[Sums]) -> Sums:
    """What lines come to together."""
    found = list(lines)
    names = [one.name for one in fields(Sums)]
    return Sums(*(sum((getattr(one, name) for one in found), _NOTHING) for name in names))
