"""What suppliers are expected to deliver, and what can be promised with it."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock import queries
from erp.stock.events import GoodsExpected
from erp.stock.rules.lines import DemandState, ExpectedLine, Shortage
from erp.stock.rules.promising import Dated, Outlook, not_here_yet
from erp.stock.rules.turns import Supply
from erp.stock.service.demand import hold_items
from erp.stock.service.telling import tell

__all__ = [
    "demand_of",
    "expect",
    "lock_items",
    "outlooks_of",
    "promisable",
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
    """What is waited for beyond what is free and expected; an item without is left out."""
    return await queries.shortages(sql, item_ids)


async def short_items(sql: Sql) -> list[UUID]:
    """Every item that someone waits for."""
    return await queries.short_items(sql)


async def promisable(sql: Sql, item_ids: Sequence[UUID], *, today: date) -> dict[UUID, list[Dated]]:
    """What of each item can be promised: free today, and of each receipt to come (E37)."""
    outlooks = await outlooks_of(sql, item_ids, today=today)
    return {item_id: outlook.atp(today=today) for item_id, outlook in outlooks.items()}


async def supply_of(sql: Sql, item_ids: Sequence[UUID], *, today: date) -> dict[UUID, Supply]:
    """What of each item is free today, and what comes when."""
    outlooks = await outlooks_of(sql, item_ids, today=today)
    return {item_id: Supply(one.free, one.receipts) for item_id, one in outlooks.items()}


async def outlooks_of(sql: Sql, item_ids: Iterable[UUID], *, today: date) -> dict[UUID, Outlook]:
    """What of each item is free, comes and is waited for, as promising takes it."""
    found = {item_id: Outlook(Decimal(0), [], []) for item_id in item_ids}
    for row in await queries.supply_and_demand(sql, list(found)):
        outlook, dated = found[row["item_id"]], (row["day"], row["quantity"])
        if row["kind"] == "free":
            outlook.free = row["quantity"]
        elif row["kind"] == "incoming":
            outlook.receipts.append(not_here_yet(dated, today=today))
        else:
            outlook.commitments.append(dated)
    return found
