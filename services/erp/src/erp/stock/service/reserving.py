"""Reserving for lines whose day has come: what nobody asks for, the clock does (E27)."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.queries import saving, views
from erp.stock.service.backorders import reservation_horizon
from erp.stock.service.demand import lock_stock
from erp.stock.service.publishing import publish_changes, reserve_available

__all__ = ["RESERVE", "reserve_due"]

RESERVE = "stock.reserve"
"""Job: lines whose day has come reserve what is free."""

_ITEMS_AT_ONCE = 200
"""Others who want these items wait until they are all done."""


async def reserve_due(work: Work, payload: Mapping[str, Any]) -> None:
    """The job: reserve what is free for lines that wait and whose day has come (E37).

    By the same rule as every act, whoever was promised first. Done again it finds nothing; what
    is left for the next of its kind begins after the item `after`.
    """
    after = UUID(payload["after"]) if "after" in payload else None
    until = reservation_horizon(work) or date.max
    item_ids = await views.items_to_reserve(work.sql, until, after=after, limit=_ITEMS_AT_ONCE)
    if len(item_ids) == _ITEMS_AT_ONCE:
        work.enqueue(RESERVE, {"after": str(item_ids[-1])})
    stock = await lock_stock(work, item_ids)
    filled = await reserve_available(work, stock)
    if filled:
        stock.keep_only(line.item_id for line in filled)
        await saving.save(work, stock)
        await publish_changes(work, stock, filled=filled)
