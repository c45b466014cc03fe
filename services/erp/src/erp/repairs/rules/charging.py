"""What a repair costs us and what the customer pays, and until when a warranty lasts."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Protocol

from values.decimals import EXACT, rounded

__all__ = ["ChargedLine", "charge_of", "charged", "quoted", "under_warranty", "warranty_ends_on"]

_ZERO = Decimal(0)


class ChargedLine(Protocol):
    """A part or labour: pieces or hours, how many of them were used, and the price of one."""

    quantity: Decimal
    used: Decimal
    unit_price: Decimal
    covered: bool
    """Whether a warranty pays it; damage by the customer is not covered."""


def warranty_ends_on(shipped_on: date, months: int) -> date:
    """The last day of a warranty: the same day so many months on, or the month's last day.

    Raises ValueError for fewer than 0 months, and where the day is later than year 9999.
    """
    if months < 0:
        message = "a warranty has no fewer than 0 months"
        raise ValueError(message)
    years, month = divmod(shipped_on.month - 1 + months, 12)
    year = shipped_on.year + years
    if year > date.max.year:
        message = "a warranty ends before the year 10000"
        raise ValueError(message)
    return date(year, month + 1, min(shipped_on.day, monthrange(year, month + 1)[1]))


def under_warranty(shipped_on: date | None, months: int, received_on: date) -> bool:
    """Whether a piece that came back that day is under warranty; one never shipped is not.

    0 months are no warranty. Raises ValueError as `warranty_ends_on`.
    """
    if shipped_on is None or months == 0:
        return False
    return shipped_on <= received_on <= warranty_ends_on(shipped_on, months)


def charge_of(line: ChargedLine, quantity: Decimal, *, warranty: bool, decimals: int) -> Decimal:
    """The net price of so many of a line: a warranty decides it, and never the cost (E66)."""
    if warranty and line.covered:
        return _ZERO
    return rounded(EXACT.multiply(quantity, line.unit_price), decimals)


def charged(lines: Iterable[ChargedLine], *, warranty: bool, decimals: int) -> Decimal:
    """What the customer pays for what was used, before tax."""
    parts = (charge_of(one, one.used, warranty=warranty, decimals=decimals) for one in lines)
    return sum(parts, _ZERO)


def quoted(lines: Iterable[ChargedLine], *, warranty: bool, decimals: int) -> Decimal:
    """What the customer would pay if all that is planned is used, before tax."""
    parts = (charge_of(one, one.quantity, warranty=warranty, decimals=decimals) for one in lines)
    return sum(parts, _ZERO)
