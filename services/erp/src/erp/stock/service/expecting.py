"""What suppliers are expected to deliver, and what can be promised with it."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.work import Work
from erp.sql import Sql
from erp.stock import queries
from erp.stock.events import GoodsExpected
from erp.stock.rules.lines import DemandState, ExpectedLine, PromiseAsked, Shortage
from erp.stock.rules.promising import Dated, discrete_atp, promise_date, take
from erp.stock.rules.turns import Supply
from erp.stock.service.demand import hold_items
from erp.stock.service.telling import tell

__all__ = [
    "demand_of",
    "expect",
    "lock_items",
    "promisable",
    "promise",
    "short_items",
    "shortages",
    "supply_of",
]


async def lock_items(work: Work, item_ids: Iterable[UUID]) -> None:
    """Let nobody else change stock, demand or incoming goods of the items until this act ends.

    Whoever writes rows of its own that follow from shortages calls this first, and whoever acts
    on several orders in one transaction. What is not kept in stock is passed over.
    """
    await queries.hold(work, sorted(set(item_ids)))


async def expect(work: Work, lines: Sequence[ExpectedLine]) -> None:
    """Expect goods, as each line says from now on; a line of nothing is no longer expected.

    What arrives is told by `receive`. Raises NotStocked.
    """
    if not lines:
        return
    held = await hold_items(work, [line.item_id for line in lines])
    held.expected.extend(lines)
    await queries.save(work, held)
    await tell(work, held)
    waiting = await queries.unpromised_orders(work.sql, held.item_ids)
    if waiting:
        await work.record(GoodsExpected(order_ids=waiting))


async def demand_of(sql: Sql, order_ids: Sequence[UUID]) -> list[DemandState]:
    """How the lines of orders stand, in the order they were placed."""
    return await queries.demand_states(sql, order_ids)


async def shortages(sql: Sql, item_ids: Sequence[UUID]) -> dict[UUID, Shortage]:
    """What is waited for beyond what is expected; an item without is left out."""
    return await queries.shortages(sql, item_ids)


async def short_items(sql: Sql) -> list[UUID]:
    """Every item that someone waits for."""
    return await queries.short_items(sql)


async def promisable(sql: Sql, item_ids: Sequence[UUID], *, today: date) -> dict[UUID, list[Dated]]:
    """What of each item can be promised: free today, and of each receipt to come (E37)."""
    supply, waiting = await _supply_and_demand(sql, item_ids, today=today)
    return {
        item_id: discrete_atp(
            supply[item_id].free,
            supply[item_id].receipts,
            waiting.get(item_id, []),
            today=today,
        )
        for item_id in item_ids
    }


async def supply_of(sql: Sql, item_ids: Sequence[UUID], *, today: date) -> dict[UUID, Supply]:
    """What of each item is free today, and what comes when."""
    supply, _ = await _supply_and_demand(sql, item_ids, today=today)
    return supply


async def _supply_and_demand(
    sql: Sql, item_ids: Sequence[UUID], *, today: date
) -> tuple[dict[UUID, Supply], dict[UUID, list[Dated]]]:
    """What is there or comes, and what is waited for by when."""
    free = dict.fromkeys(item_ids, Decimal(0))
    dated: dict[str, dict[UUID, list[Dated]]] = {"incoming": {}, "waiting": {}}
    for row in await queries.supply_and_demand(sql, item_ids):
        if row["kind"] == "free":
            free[row["item_id"]] = row["quantity"]
        else:
            of_item = dated[row["kind"]].setdefault(row["item_id"], [])
            of_item.append((row["day"], row["quantity"]))
    supply = {
        item_id: Supply(free[item_id], _not_here_yet(dated["incoming"].get(item_id, []), today))
        for item_id in item_ids
    }
    return supply, dated["waiting"]


def _not_here_yet(receipts: Sequence[Dated], today: date) -> list[Dated]:
    """What is overdue comes tomorrow at the earliest: it should have been here."""
    tomorrow = date.fromordinal(today.toordinal() + 1)
    return [(day if day >= today else tomorrow, quantity) for day, quantity in receipts]


async def promise(sql: Sql, asked: Sequence[PromiseAsked], *, today: date) -> list[date | None]:
    """The day each quantity can be promised for, in the order asked; None: for no known day.

    Each promise is taken off before the next one is judged.
    """
    atp = await promisable(sql, list({one.item_id for one in asked}), today=today)
    days: list[date | None] = []
    for one in asked:
        day = promise_date(atp[one.item_id], one.quantity, wanted_on=max(one.wanted_on, today))
        if day is not None:
            atp[one.item_id] = take(atp[one.item_id], one.quantity, on=day) or []
        days.append(day)
    return days
