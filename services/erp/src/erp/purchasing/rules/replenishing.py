"""How much to buy, and when to order it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from values.decimals import EXACT

__all__ = ["Source", "Wish", "lot_of", "wish_of"]


@dataclass(frozen=True, slots=True)
class Source:
    """A supplier's terms for an item."""

    supplier_id: UUID
    lead_time_days: int
    min_quantity: Decimal
    multiple: Decimal


@dataclass(frozen=True, slots=True)
class Wish:
    """What should be bought: how much, needed when, ordered when at the latest, from whom."""

    quantity: Decimal
    needed_on: date
    order_by: date
    supplier_id: UUID | None


def lot_of(short: Decimal, source: Source) -> Decimal:
    """The smallest quantity the supplier sells that covers what is short (E41)."""
    wanted = max(short, source.min_quantity)
    lots = EXACT.divide(wanted, source.multiple).to_integral_value(ROUND_CEILING)
    return EXACT.multiply(lots, source.multiple)


def wish_of(short: Decimal, needed_on: date, source: Source | None) -> Wish:
    """What should be bought of an item that is short.

    `order_by` is the needed day less the lead time; when it is past, the goods come late, and
    nobody hides it by moving the day.
    """
    if source is None:
        return Wish(short, needed_on, needed_on, None)
    order_by = needed_on - timedelta(days=source.lead_time_days)
    return Wish(lot_of(short, source), needed_on, order_by, source.supplier_id)
