"""Goods without lots that are withheld, given over from an inspection to a case, and released."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.queries import holds, saving
from erp.stock.service import serials as pieces
from erp.stock.service.demand import lock_stock
from erp.stock.service.goods import new_holds
from erp.stock.service.publishing import fill_backorders, publish_changes
from erp.stock.service.releasing import publish_released, release_reservations
from erp.stock.service.serials import SerialRequest

__all__ = ["give_over_hold", "release_hold", "withhold"]


async def withhold(
    work: Work, item_id: UUID, quantity: Decimal, serials: Sequence[str], *, source_id: UUID
) -> None:
    """Withhold goods that lie here; where they are reserved, orders wait for them again (E64).

    Raises NotStocked, GoodsGone, FractionOfUnit, SerialsNeeded, SerialsNotKept, DuplicateSerial,
    UnknownSerial, SerialNotInStock, SerialWithheld, TooLittleOnHand.
    """
    stock = await lock_stock(work, [item_id])
    await pieces.check(work, stock, [SerialRequest(item_id, quantity, serials)])
    pieces.require_in_stock(stock, item_id, serials, on=work.today())
    released = await release_reservations(work, stock, [(item_id, quantity)])
    level = stock.levels[item_id]
    level.require_free(quantity, sku=stock.skus[item_id])
    level.withhold(quantity)
    stock.new_holds += new_holds(item_id, quantity, serials, source_id)
    await saving.save(work, stock)
    await publish_changes(work, stock)
    await publish_released(work, released)


async def give_over_hold(
    work: Work,
    item_id: UUID,
    quantity: Decimal,
    serials: Sequence[str],
    *,
    from_id: UUID,
    to_id: UUID,
) -> None:
    """Let another inspection or case withhold so many of what the first one withholds."""
    await holds.give_over(work, (from_id, to_id), item_id, quantity, serials)


async def release_hold(
    work: Work,
    item_id: UUID,
    quantity: Decimal,
    serials: Sequence[str],
    *,
    source_id: UUID,
    fill: bool,
) -> None:
    """Let goods be used again; `fill`: whoever waits for them gets them, else the act goes on.

    What a source does not withhold is left as it is.
    """
    stock = await lock_stock(work, [item_id])
    found = await holds.take_off(work, source_id, item_id, quantity, serials)
    stock.levels[item_id].withhold(-found)
    filled = await fill_backorders(work, stock) if fill else []
    await saving.save(work, stock)
    if fill:
        await publish_changes(work, stock, filled=filled)
