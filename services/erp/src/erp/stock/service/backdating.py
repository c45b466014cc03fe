"""Receipts and issues as of a past day: what that day and those since then have of it (E27, E30).

An act that is dated on or after the last move of an item is judged by what is there now. One that
is dated before it reads what changed after its day, once for all its items.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.ledger.service.entries import require_open_period
from erp.stock.queries import backdating
from erp.stock.queries.locking import LockedStock
from erp.stock.rules.serials import Piece
from erp.stock.rules.valuation import DayEnd, day_ends, value_of_receipt, with_change

__all__ = ["issue", "load_later_movements", "receive", "value_of_surplus"]


async def load_later_movements(work: Work, stock: LockedStock, day: date) -> None:
    """Learn how the day ended for each item, and every day since then on which it moved.

    Two statements where an item moved after the day, none where none did. Raises PeriodClosed,
    NoPeriod: nobody learns the levels of a day that takes nothing anyway.
    """
    behind = [one for one in stock.valuations.values() if one.moved_on and one.moved_on > day]
    changes: Mapping[UUID, Sequence[DayEnd]] = {}
    if behind:
        await require_open_period(work, day)
        changes = await backdating.changes_after(work, behind, day)
    for item_id, valuation in stock.valuations.items():
        since = changes.get(item_id, ())
        stock.day_ends[item_id] = day_ends(day, valuation.quantity, valuation.value, since)


def receive(stock: LockedStock, item_id: UUID, pieces: Sequence[Piece]) -> None:
    """Receive pieces at their value: there are more on every day since then."""
    quantity = sum((piece.quantity for piece in pieces), Decimal(0))
    value = sum((piece.value for piece in pieces), Decimal(0))
    stock.levels[item_id].receive(quantity)
    stock.valuations[item_id].receive(quantity, value)
    stock.day_ends[item_id] = with_change(stock.day_ends.get(item_id, ()), quantity, value)


def issue(
    stock: LockedStock,
    item_id: UUID,
    quantity: Decimal,
    *,
    decimals: int,
    value: Decimal | None = None,
) -> Decimal:
    """Take so many away as of the day whose later movements are loaded; what they cost.

    `value` is what those were received at that go back to the supplier. Raises ShortOnDay,
    NoCostOnDay.
    """
    ends, sku = stock.day_ends[item_id], stock.skus[item_id]
    cost = stock.valuations[item_id].issue(quantity, ends, sku=sku, decimals=decimals, value=value)
    stock.day_ends[item_id] = with_change(ends, -quantity, -cost)
    return cost


def value_of_surplus(
    stock: LockedStock, item_id: UUID, quantity: Decimal, *, decimals: int
) -> Decimal | None:
    """What so many more are worth by the pieces that lay beside them that day; None: none did."""
    return value_of_receipt(quantity, stock.day_ends[item_id][0], decimals=decimals)
