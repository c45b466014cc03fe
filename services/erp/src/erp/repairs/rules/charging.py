"""What a repair costs us and what the customer pays, and until when a warranty lasts."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

__all__ = ["RepairLine", "RepairSums", "sums_of", "under_warranty", "warranty_ends_on"]


@dataclass(frozen=True, slots=True)
class RepairLine:
    """A part or labour: pieces or hours, price and cost of one, in the company's currency."""

    quantity: Decimal
    unit_price: Decimal
    unit_cost: Decimal
    covered: bool = True
    """Whether a warranty pays it; damage by the customer is not covered."""


@dataclass(frozen=True, slots=True)
class RepairSums:
    """Amounts before rounding to the currency and before tax."""

    charged: Decimal
    cost: Decimal


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


def sums_of(lines: Sequence[RepairLine], *, warranty: bool) -> RepairSums:
    """What is charged and what it costs: a warranty decides the price, never the cost (E66)."""
    charged = (one.quantity * one.unit_price for one in lines if not (warranty and one.covered))
    cost = (one.quantity * one.unit_cost for one in lines)
    return RepairSums(sum(charged, Decimal(0)), sum(cost, Decimal(0)))
