"""How much to buy, and when to order it."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from values.decimals import EXACT

__all__ = ["Requirement", "SupplierTerms", "order_quantity", "requirement_of"]


@dataclass(frozen=True, slots=True)
class SupplierTerms:
    """A supplier's terms for an item."""

    supplier_id: UUID
    lead_time_days: int
    min_quantity: Decimal
    multiple: Decimal


@dataclass(frozen=True, slots=True)
class Requirement:
    """What should be bought: how much, needed when, ordered when at the latest, from whom."""

    quantity: Decimal
    needed_on: date
    order_by: date
    supplier_id: UUID | None


def order_quantity(short: Decimal, source: SupplierTerms) -> Decimal:
    """The smallest quantity the supplier sells that covers what is short (E41)."""
    wanted = max(short, source.min_quantity)
    lots = EXACT.divide(wanted, source.multiple).to_integral_value(ROUND_CEILING)
    return EXACT.multiply(lots, source.multiple)


def requirement_of(short: Decimal, needed_on: date, source: SupplierTerms | None) -> Requirement:
    """What should be bought of an item that is short.

    `order_by` is the needed day less the lead time; when it is past, the goods come late, and
    nobody hides it by moving the day.
    """
    if source is None:
        return Requirement(short, needed_on, needed_on, None)
    order_by = needed_on - timedelta(days=source.lead_time_days)
    return Requirement(order_quantity(short, source), needed_on, order_by, source.supplier_id)
