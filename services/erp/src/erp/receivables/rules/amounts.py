"""Amounts of documents: nets of lines, tax of a document, and what part of each is credited."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from values.decimals import EXACT, rounded

__all__ = ["line_net", "proportional_part", "tax_by_code", "tax_share"]


def line_net(
    unit_price: Decimal, quantity: Decimal, discount: Decimal, *, decimals: int
) -> Decimal:
    """Price times quantity less the discount (a part of 1), rounded half-up once."""
    full = EXACT.multiply(unit_price, quantity)
    return rounded(EXACT.multiply(full, EXACT.subtract(Decimal(1), discount)), decimals)


def tax_by_code(
    bases: Iterable[tuple[str, Decimal]], rates: Mapping[str, Decimal], *, decimals: int
) -> dict[str, tuple[Decimal, Decimal]]:
    """Base and tax of each code: the sum of its lines' nets, and its tax, rounded once (E19)."""
    sums: dict[str, Decimal] = {}
    for code, net in bases:
        sums[code] = sums.get(code, Decimal(0)) + net
    return {
        code: (base, rounded(EXACT.multiply(base, rates[code]), decimals))
        for code, base in sums.items()
    }


def proportional_part(
    amount: Decimal, taken: Decimal, *, share: Decimal, whole: Decimal, left: Decimal, decimals: int
) -> Decimal:
    """What a share of the whole comes to in the amount; the last share takes what is left of it.

    `taken` of the amount is gone already, `left` of the whole is still there.
    """
    rest = amount - taken
    if share == left:
        return rest
    return min(rest, rounded(EXACT.divide(EXACT.multiply(amount, share), whole), decimals))


def tax_share(
    amount: Decimal, before: Decimal, tax: Decimal, gross: Decimal, *, decimals: int
) -> Decimal:
    """The tax in a part of a document's gross, `before` of which went earlier.

    All parts together come to the document's tax, whatever they are.
    """

    def tax_up_to(upto: Decimal) -> Decimal:
        return rounded(EXACT.divide(EXACT.multiply(tax, upto), gross), decimals)

    return tax_up_to(before + amount) - tax_up_to(before)
