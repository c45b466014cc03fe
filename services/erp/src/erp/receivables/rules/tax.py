"""Tax of a document: for each tax code, the base's tax rounded once (E19)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from erp.exact import EXACT, rounded

__all__ = ["tax_by_code"]


def tax_by_code(
    bases: Iterable[tuple[str, Decimal]], rates: Mapping[str, Decimal], *, decimals: int
) -> dict[str, Decimal]:
    """The tax of each code: its rate times the sum of its bases, rounded half-up once."""
    sums: dict[str, Decimal] = {}
    for code, net in bases:
        sums[code] = sums.get(code, Decimal(0)) + net
    return {
        code: rounded(EXACT.multiply(base, rates[code]), decimals) for code, base in sums.items()
    }
