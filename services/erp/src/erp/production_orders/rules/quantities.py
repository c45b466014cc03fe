"""How many are begun so that enough come out good, how long it takes, and what it is worth."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from erp.routings.states import RunBasis
from values.decimals import EXACT, rounded, rounded_up

__all__ = ["Timed", "begun_at", "minutes_for", "percent", "rounded_down", "share", "worth_of"]

_ZERO, _HUNDRED, _SIXTY = Decimal(0), Decimal(100), Decimal(60)


class Timed(Protocol):
    """The times of an operation, in minutes."""

    @property
    def setup_minutes(self) -> Decimal:
        """Once for an order."""

    @property
    def run_minutes(self) -> Decimal:
        """Of one piece or batch."""

    @property
    def run_basis(self) -> str:
        """Whether of a piece or a batch."""

    @property
    def batch_quantity(self) -> Decimal:
        """How many make a batch."""


def begun_at(quantity: Decimal, yields: Sequence[Decimal], *, decimals: int) -> list[Decimal]:
    """How many begin each step so that so many come out of the last one good (E59).

    From the last step backwards, each time need / yield rounded up as the item is counted.
    """
    needed, found = quantity, list[Decimal]()
    for part in reversed(yields):
        needed = rounded_up(Fraction(needed) / Fraction(part), decimals)
        found.append(needed)
    return found[::-1]


def minutes_for(timed: Timed, quantity: Decimal, *, efficiency: Decimal) -> Decimal:
    """How long an operation takes for so many; nothing for none. `efficiency` is percent."""
    if not quantity:
        return _ZERO
    times = quantity
    if timed.run_basis == RunBasis.BATCH:
        times = rounded_up(Fraction(quantity) / Fraction(timed.batch_quantity), 0)
    standard = EXACT.add(timed.setup_minutes, EXACT.multiply(timed.run_minutes, times))
    return rounded(EXACT.divide(EXACT.multiply(standard, _HUNDRED), efficiency), 6)


def worth_of(minutes: Decimal, per_hour: Decimal, *, decimals: int) -> Decimal:
    """What so many minutes come to at a rate for an hour."""
    return rounded(EXACT.divide(EXACT.multiply(minutes, per_hour), _SIXTY), decimals)


def share(total: Decimal, part: Decimal, of: Decimal, *, decimals: int) -> Decimal:
    """The part of a total that so many of all bear, rounded; all of it for all."""
    if part == of:
        return total
    return rounded(EXACT.divide(EXACT.multiply(total, part), of), decimals)


def rounded_down(quantity: Fraction, decimals: int) -> Decimal:
    """The quantity as it is counted, without what is no whole one."""
    return -rounded_up(-quantity, decimals)


def percent(part: Decimal, of: Decimal) -> Decimal:
    """Which percent of all a part is, from 0 to 100, with two decimals."""
    if of <= 0:
        return _ZERO
    return min(_HUNDRED, rounded(EXACT.divide(EXACT.multiply(part, _HUNDRED), of), 2))
