"""Goods that production takes and brings: the one place where its moves are made."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.lines import MaterialLine, ReceiptLine
from erp.stock.queries import genealogy, locking
from erp.stock.queries.genealogy import StepOfOrder
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.service import lot_lines, serials
from erp.stock.service.backdating import issue, load_later_movements, receive
from erp.stock.service.demand import lock_stock
from erp.stock.service.goods import add_holds, add_production_moves, pieces_moved
from erp.stock.service.lot_lines import LotRequest
from erp.stock.service.posting import post_moves
from erp.stock.service.serials import SerialRequest
from erp.stock.states import LocationKind, StockDocumentKind
from values.money import digits_of

__all__ = ["Converted", "StepOfOrder", "convert_goods", "keep_genealogy", "lots_in_production"]


class Converted(NamedTuple):
    """What each line that was taken cost, and whether any goods are tracked by lot."""

    costs: Sequence[Decimal]
    by_lot: bool


async def convert_goods(
    work: Work,
    taken: Sequence[MaterialLine],
    brought: Sequence[ReceiptLine],
    *,
    source_type: StockDocumentKind,
    effective_on: date,
    memo: str,
    counterpart: str = "work_in_progress",
) -> Converted:
    """Take material into production and bring goods out of it, all or nothing; what each cost.

    What is reserved for a line is taken first, then what is reserved for nobody; of lots that may
    be used, by FEFO or FIFO where none are named. The counterpart is work in progress, or the cost
    of a repair; each line names the document it is of. Raises TooLittleOnHand, ShortOnDay,
    NoCostOnDay, NotStocked, SerialExists, what `serials.check_or_choose`,
    `lot_lines.shares_to_ship` and `lot_lines.shares_in` raise, PeriodClosed, NoPeriod.
    """
    if not taken and not brought:
        return Converted([], by_lot=False)
    items = [line.item_id for line in taken] + [line.item_id for line in brought]
    stock = await lock_stock(work, items, with_valuation=True)
    await load_later_movements(work, stock, effective_on)
    decimals = digits_of(work.setting.currency)
    costs = await _take(work, stock, taken, on=effective_on, decimals=decimals)
    asked = [SerialRequest(line.item_id, line.quantity, line.serials) for line in brought]
    await serials.check(work, stock, asked)
    coming = await lot_lines.shares_in(
        work,
        stock,
        [LotRequest(line.item_id, line.quantity, line.lots) for line in brought],
        on=effective_on,
    )
    for line, shares in zip(brought, coming, strict=True):
        serials.require_receivable(
            stock,
            line.item_id,
            line.serials,
            outside_kind=LocationKind.PRODUCTION,
            on=effective_on,
        )
        pieces = pieces_moved(line.quantity, line.value, line.serials, shares, decimals=decimals)
        receive(stock, line.item_id, pieces)
        if line.expected_id:
            already = stock.received.get(line.expected_id, Decimal(0))
            stock.received[line.expected_id] = already + line.quantity
            stock.changed_demand.add(line.item_id)
        source_id = line.source_id
        assert source_id is not None  # noqa: S101 - production names the step of every line
        add_production_moves(stock, line.item_id, pieces, inward=True, source_id=source_id)
        add_holds(stock, line)
    document = SourceDocument(source_type, memo, effective_on)
    await post_moves(work, stock, document, counterpart=counterpart)
    return Converted(costs, by_lot=bool(stock.lots))


async def lots_in_production(
    work: Work, step_ids: Sequence[UUID]
) -> Mapping[tuple[UUID, str], Decimal]:
    """What the steps took of each lot and did not bring back, by item and number."""
    return await genealogy.lots_in_steps(work.sql, step_ids)


async def keep_genealogy(work: Work, steps: Sequence[StepOfOrder], *, on: date) -> None:
    """Keep that the lots that orders made came of those that they took, each pair once (E65).

    `steps` are all of the orders, and those of the orders whose pieces they make again.
    """
    await genealogy.add_production_edges(work, steps, on=on)


async def _take(
    work: Work, stock: LockedStock, taken: Sequence[MaterialLine], *, on: date, decimals: int
) -> list[Decimal]:
    """Take what is reserved for each line, then what is free; what each cost."""
    wanted = [line.demand_id for line in taken if line.demand_id]
    stock.demands.update(await locking.demand_of_lines(work, wanted) if wanted else {})
    asked = [SerialRequest(line.item_id, line.quantity, line.serials) for line in taken]
    leaving = await serials.check_or_choose(work, stock, asked, on=on)
    of_lots = await lot_lines.shares_to_ship(
        work,
        stock,
        [LotRequest(line.item_id, line.quantity, line.lots) for line in taken],
        on=on,
    )
    costs = []
    for line, numbers, shares in zip(taken, leaving, of_lots, strict=True):
        _use_reservation(stock, line)
        stock.levels[line.item_id].issue_free(line.quantity, sku=stock.skus[line.item_id])
        cost = issue(stock, line.item_id, line.quantity, decimals=decimals)
        pieces = pieces_moved(line.quantity, cost, numbers, shares, decimals=decimals)
        add_production_moves(stock, line.item_id, pieces, inward=False, source_id=line.source_id)
        costs.append(cost)
    return costs


def _use_reservation(stock: LockedStock, line: MaterialLine) -> None:
    """Free what is reserved for the line, which takes it at once, and wait for no more of it."""
    demand = stock.demands.get(line.demand_id) if line.demand_id else None
    if demand is None:
        return
    reserved = min(demand.reserved, line.quantity)
    stock.levels[line.item_id].release(reserved)
    demand.reserved -= reserved
    demand.shipped += reserved + min(demand.waiting - reserved, line.quantity - reserved)
    stock.changed_demand.add(line.item_id)
