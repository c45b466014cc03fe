"""Goods that come and go as of a day: what that day and those since then have of it (E27, E30).

An act that is dated on or after the last move of an item is judged by what is there now. One that
is dated before it reads what changed after its day, once for all its items.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.ledger import service as ledger
from erp.stock import queries
from erp.stock.queries import Holding
from erp.stock.rules.serials import Piece
from erp.stock.rules.valuation import DayEnd, carried, day_ends, worth_of_more

__all__ = ["come_in", "leave", "look_back", "worth_of_surplus"]


async def look_back(work: Work, held: Holding, day: date) -> None:
    """Learn how the day ended for each item, and every day since then on which it moved.

    Two statements where an item moved after the day, none where none did. Raises PeriodClosed,
    NoPeriod: nobody is told of levels on a day that takes nothing anyway.
    """
    behind = [one for one in held.worth.values() if one.moved_on and one.moved_on > day]
    changes: Mapping[UUID, Sequence[DayEnd]] = {}
    if behind:
        await ledger.require_open_period(work, day)
        changes = await queries.changes_after(work, behind, day)
    for item_id, worth in held.worth.items():
        since = changes.get(item_id, ())
        held.ends[item_id] = day_ends(day, worth.quantity, worth.value, since)


def come_in(held: Holding, item_id: UUID, pieces: Sequence[Piece]) -> None:
    """Lay pieces in, for what they are worth: there are more on every day since then."""
    quantity = sum((piece.quantity for piece in pieces), Decimal(0))
    value = sum((piece.value for piece in pieces), Decimal(0))
    held.levels[item_id].put(quantity)
    held.worth[item_id].gain(quantity, value)
    held.ends[item_id] = carried(held.ends.get(item_id, ()), quantity, value)


def leave(
    held: Holding,
    item_id: UUID,
    quantity: Decimal,
    *,
    decimals: int,
    value: Decimal | None = None,
) -> Decimal:
    """Take so many away as of the day looked back to; what they cost.

    `value` is what those were received at that go back to the supplier. Raises ShortOnDay,
    NoCostOnDay.
    """
    ends, sku = held.ends[item_id], held.skus[item_id]
    cost = held.worth[item_id].lose(quantity, ends, sku=sku, decimals=decimals, value=value)
    held.ends[item_id] = carried(ends, -quantity, -cost)
    return cost


def worth_of_surplus(
    held: Holding, item_id: UUID, quantity: Decimal, *, decimals: int
) -> Decimal | None:
    """What so many more are worth by the pieces that lay beside them that day; None: none did."""
    return worth_of_more(quantity, held.ends[item_id][0], decimals=decimals)
