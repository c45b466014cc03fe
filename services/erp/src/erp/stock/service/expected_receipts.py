"""What suppliers are expected to deliver and production to make, and what it lets promise."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp.sql import Sql
from erp.stock.events import GoodsExpected
from erp.stock.lines import DemandState, ExpectedLine, Shortage
from erp.stock.queries import locking, promises, saving, views
from erp.stock.rules.promising import AvailabilityProjection, DatedQuantity, postpone_overdue
from erp.stock.rules.rescheduling import Supply
from erp.stock.service.demand import lock_stock
from erp.stock.service.publishing import publish_changes

__all__ = [
    "availability_projections",
    "available_to_promise",
    "backordered_items",
    "demand_of_orders",
    "lock_items",
    "set_expected_receipts",
    "shortages",
    "supply_by_item",
]


async def lock_items(work: Work, item_ids: Iterable[UUID]) -> None:
    """Let nobody else change stock, demand or incoming goods of the items until this act ends.

    Whoever writes rows of its own that follow from shortages calls this first, and whoever acts
    on several orders in one transaction. What is not kept in stock is passed over.
    """
    await locking.load_for_update(work, sorted(set(item_ids)))


async def set_expected_receipts(work: Work, lines: Sequence[ExpectedLine]) -> None:
    """Expect goods, as each line says from now on; a line of nothing is no longer expected.

    What arrives is booked by `receive_goods`. Raises NotStocked.
    """
    if not lines:
        return
    stock = await lock_stock(work, [line.item_id for line in lines])
    stock.expected_receipts.extend(lines)
    await saving.save(work, stock)
    await publish_changes(work, stock)
    waiting = await promises.unpromised_orders(work.sql, stock.item_ids)
    if waiting:
        await work.record(GoodsExpected(order_ids=waiting))


async def demand_of_orders(sql: Sql, order_ids: Sequence[UUID]) -> list[DemandState]:
    """How the lines of orders stand, in the order they were placed."""
    return await views.demand_states(sql, order_ids)


async def shortages(at: Reading | Work, item_ids: Sequence[UUID]) -> dict[UUID, Shortage]:
    """What is waited for beyond what is free and expected; an item without is left out."""
    return await views.shortages(at.sql, item_ids, at.now)


async def backordered_items(sql: Sql) -> list[UUID]:
    """Every item that someone waits for."""
    return await views.backordered_items(sql)


async def available_to_promise(
    at: Reading | Work, item_ids: Sequence[UUID]
) -> dict[UUID, list[DatedQuantity]]:
    """What of each item can be promised: free today, and of each receipt to come (E37)."""
    projections, today = await availability_projections(at, item_ids), at.today()
    return {item_id: projection.atp(today=today) for item_id, projection in projections.items()}


async def supply_by_item(at: Reading | Work, item_ids: Sequence[UUID]) -> dict[UUID, Supply]:
    """What of each item is free today, and what comes when."""
    projections = await availability_projections(at, item_ids)
    return {item_id: Supply(one.free, one.receipts) for item_id, one in projections.items()}


async def availability_projections(
    at: Reading | Work, item_ids: Iterable[UUID]
) -> dict[UUID, AvailabilityProjection]:
    """What of each item is free, comes, is waited for or softly reserved, as promising reads it."""
    today = at.today()
    found = {item_id: AvailabilityProjection(Decimal(0), [], []) for item_id in item_ids}
    for row in await views.supply_and_demand(at.sql, list(found), at.now):
        projection, dated = found[row["item_id"]], (row["day"], row["quantity"])
        if row["kind"] == "free":
            projection.free = row["quantity"]
        elif row["kind"] == "incoming":
            projection.receipts.append(postpone_overdue(dated, today=today))
        else:
            projection.commitments.append(dated)
    return found
