"""How many of a lot are looked at, and how many of these may fail.

The table is that of ISO 2859-1:1999, single sampling for normal inspection at general level II
(its tables 1 and 2-A), up to an AQL of 6.5. In it each AQL begins with an acceptance number of 0 at
one letter; from there the numbers go along a diagonal, letter by letter.
"""

from bisect import bisect_left
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from erp.inspections.states import Sampling

__all__ = ["AQLS", "Sample", "sample_of"]

AQLS = (
    *("0.010", "0.015", "0.025", "0.040", "0.065", "0.10", "0.15", "0.25"),
    *("0.40", "0.65", "1.0", "1.5", "2.5", "4.0", "6.5"),
)
"""Acceptable quality limits, percent nonconforming, as the standard writes them."""

_LARGEST_LOTS = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
"""The largest lot of the letters A to P; larger ones have Q."""
_SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000)
"""The sample of the letters A to R."""
_ACCEPTANCE = (1, 2, 3, 5, 7, 10, 14, 21)
_FIRST_ONE = 3
"""So many letters after the one with the acceptance number 0 comes that with 1."""


class Sample(NamedTuple):
    """So many are looked at; the lot is accepted where at most so many of them fail."""

    size: int
    acceptance_number: int


def sample_of(sampling: str, value: Decimal | None, quantity: Decimal) -> Sample:
    """The sample of a lot; at least one piece, at most all of them.

    `value`: the percent, the number, or the AQL; quantities that are not whole count up.
    """
    pieces = _whole(quantity)
    if value is None or sampling == Sampling.ALL:
        return Sample(pieces, 0)
    if sampling == Sampling.PERCENT:
        return Sample(min(pieces, max(1, _whole(quantity * value / 100))), 0)
    if sampling == Sampling.FIXED:
        return Sample(min(pieces, _whole(value)), 0)
    size, acceptance_number = _of_table(pieces, value)
    return Sample(min(pieces, size), acceptance_number)


def _whole(quantity: Decimal) -> int:
    return int(quantity.to_integral_value(ROUND_CEILING))


def _of_table(pieces: int, aql: Decimal) -> tuple[int, int]:
    """Sample size and acceptance number, where the arrows of the table lead to."""
    letter = bisect_left(_LARGEST_LOTS, pieces)
    zero = len(AQLS) - 1 - [Decimal(one) for one in AQLS].index(aql)
    after = letter - zero
    if after <= 1:
        return _SIZES[zero], 0
    at = min(max(after - _FIRST_ONE, 0), len(_ACCEPTANCE) - 1)
    return _SIZES[zero + _FIRST_ONE + at], _ACCEPTANCE[at]
