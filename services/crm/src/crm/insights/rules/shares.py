"""Shares with an interval: what n cases say, and how sure that is."""

from dataclasses import dataclass
from decimal import Decimal
from math import sqrt

__all__ = ["Share", "share_of"]

_Z = 1.959963984540054
"""Two-sided 95 %: the 0.975 quantile of the normal distribution."""
_DIGITS = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Share:
    """Part of n cases, with the 95 % interval of Wilson. Parts from 0 to 1."""

    rate: Decimal
    low: Decimal
    high: Decimal


def share_of(cases: int, n: int) -> Share | None:
    """The share of `cases` in `n`; None: of no case there is none.

    The score interval of E. B. Wilson, Probable Inference (JASA 22, 1927): it stays within 0 and 1
    and is of use for small n too.
    """
    if n == 0:
        return None
    part = cases / n
    middle = part + _Z * _Z / (2 * n)
    around = _Z * sqrt(part * (1 - part) / n + _Z * _Z / (4 * n * n))
    whole = 1 + _Z * _Z / n
    low, high = max(0.0, (middle - around) / whole), min(1.0, (middle + around) / whole)
    return Share(*(Decimal(repr(one)).quantize(_DIGITS) for one in (part, low, high)))
