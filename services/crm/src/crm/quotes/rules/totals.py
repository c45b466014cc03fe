"""What lines of a quote come to, and the quote: one rounding rule (C26).

Each figure of a line is rounded once, half-up, to the digits of the currency; figures of the quote
are sums of those of its lines. Order: price x quantity, less the line's discount, less the quote's
discount, plus tax. The two discounts of a line are one part of its price, rounded to 6 decimals, so
that an order with that discount comes to the same. A discount of the quote that is an amount is
shared out among the lines by what is left of them, by the largest remainder; the order then has the
price and discount that come to the same (`order_terms`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from values.decimals import EXACT, rounded
from values.money import Money
from values.prices import line_net

__all__ = ["Sums", "agreed_discount", "less_amount", "line_sums", "order_terms", "sum_of"]

DISCOUNT_DIGITS = PRICE_DIGITS = 6
TRIED = 20_000
"""So many discounts are tried where neither the price nor one discount comes to the same."""
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


def less_amount(
    found: Sequence[Sums], tax_rates: Sequence[Decimal | None], amount: Money, *, decimals: int
) -> list[Sums]:
    """What lines come to when the amount is taken off them all, each to the smallest coin.

    `found` is what they come to without it. Raises ValueError where it is more than they do.
    """
    left = [one.net for one in found]
    if not found:
        return []
    if amount.amount > sum(left, _NOTHING):
        message = "the amount is more than the lines come to"
        raise ValueError(message)
    lessened = []
    for one, share, rate in zip(found, amount.allocate(left), tax_rates, strict=True):
        net = EXACT.subtract(one.net, share.amount)
        tax = rounded(EXACT.multiply(net, rate or _NOTHING), decimals)
        lessened.append(Sums(one.gross, one.line_discount, share.amount, net, tax))
    return lessened


def order_terms(
    unit_price: Decimal, quantity: Decimal, net: Decimal, *, decimals: int
) -> tuple[Decimal, Decimal] | None:
    """Price and discount, of 6 decimals each, by which so much comes to exactly `net`.

    The price stays where a discount does it; else the price is another one. None: no pair was
    found, which needs quantities beyond ten thousand.
    """
    gross = EXACT.multiply(unit_price, quantity)
    if net > rounded(gross, decimals):
        return None
    less = max(_NOTHING, EXACT.subtract(gross, net))  # the net may be rounded up
    off = EXACT.divide(less, gross) if gross else _NOTHING
    discount = rounded(off, DISCOUNT_DIGITS)
    if line_net(unit_price, quantity, discount, decimals=decimals) == net:
        return unit_price, discount
    step = Decimal(1).scaleb(-DISCOUNT_DIGITS)
    for tried in range(TRIED):
        discount = EXACT.multiply(step, Decimal(tried))
        each = EXACT.multiply(quantity, EXACT.subtract(_ONE, discount))
        price = rounded(EXACT.divide(net, each), PRICE_DIGITS)
        if line_net(price, quantity, discount, decimals=decimals) == net:
            return price, discount
    return None


def sum_of(lines: Iterable[Sums]) -> Sums:
    """What lines come to together."""
    found = list(lines)
    names = [one.name for one in fields(Sums)]
    return Sums(*(sum((getattr(one, name) for one in found), _NOTHING) for name in names))
