"""Lots that may be used from now on, or may not any more: what is reserved of them moves (E40)."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.models.demand import Demand
from erp.stock.models.lots import Lot
from erp.stock.queries import locking, lot_stock, saving
from erp.stock.queries.locking import LockedStock
from erp.stock.service.demand import lock_stock
from erp.stock.service.publishing import fill_backorders, publish_changes
from erp.stock.service.releasing import publish_released, release_reservations

__all__ = ["EXPIRE", "bring_into_use", "expire_lots", "take_out_of_use"]

EXPIRE = "stock.expire"
"""Job: lots that have expired give up what is reserved of them."""

_ITEMS_AT_ONCE = 200
_NOTHING = Decimal(0)


async def take_out_of_use(work: Work, lots: Sequence[Lot]) -> None:
    """Let lots that are about to become unusable give up what is reserved of them.

    Other lots of the item bear it, as far as they can; where they cannot, whoever was promised last
    waits again. What is reserved is stored before the lots are: the database refuses the other
    order.
    """
    if not lots:
        return
    stock = await locking.load_for_update(work, sorted({lot.item_id for lot in lots}))
    for lot in lots:
        bucket = stock.lots[lot.item_id].buckets.get(lot.id)
        if bucket is None or not bucket.usable(work.today()):
            continue
        until = lot.expires_on
        still = lot.quality == "released" and (until is None or until >= work.today())
        if not still:
            bucket.withheld = True
            stock.levels[lot.item_id].restricted = stock.lots[lot.item_id].restricted
    released = await _release_unusable(work, stock)
    await saving.save(work, stock)
    if released:
        await publish_changes(work, stock)
        await publish_released(work, released)


async def bring_into_use(work: Work, item_ids: Collection[UUID]) -> None:
    """Reserve what may be used again for those who wait, and publish what is available now."""
    if not item_ids:
        return
    stock = await lock_stock(work, item_ids)
    await _refresh(work, stock)


async def expire_lots(work: Work, payload: Mapping[str, Any]) -> None:
    """The job: what is reserved of lots that have expired goes to others, or is waited for again.

    Until it runs, such lots are neither reserved anew nor shipped. Done again it finds nothing.
    """
    after = UUID(payload["after"]) if "after" in payload else None
    item_ids = await lot_stock.items_with_expired_lots(
        work.sql, work.today(), after=after, limit=_ITEMS_AT_ONCE
    )
    if len(item_ids) == _ITEMS_AT_ONCE:
        work.enqueue(EXPIRE, {"after": str(item_ids[-1])})
    if item_ids:
        await _refresh(work, await lock_stock(work, item_ids))


async def _refresh(work: Work, stock: LockedStock) -> None:
    released = await _release_unusable(work, stock)
    filled = await fill_backorders(work, stock)
    await saving.save(work, stock)
    await publish_changes(work, stock, filled=filled)
    await publish_released(work, released)


async def _release_unusable(work: Work, stock: LockedStock) -> list[Demand]:
    """Give up what is reserved and cannot be borne by lots that may be used."""
    lacking = [one for one, level in stock.levels.items() if one in stock.lots and level.free < 0]
    return await release_reservations(work, stock, [(one, _NOTHING) for one in lacking])
