"""Goods that production takes and brings: the one place where its moves are made."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from chassis.work.unit_of_work import Work
from erp.stock.lines import MaterialLine, ReceiptLine
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.rules.serials import pieces_of
from erp.stock.service import serials
from erp.stock.service.backdating import issue, load_later_movements, receive
from erp.stock.service.demand import lock_stock
from erp.stock.service.goods import add_production_moves
from erp.stock.service.posting import post_moves
from erp.stock.service.serials import SerialRequest
from erp.stock.states import LocationKind, StockDocumentKind
from values.money import digits_of

__all__ = ["convert_goods"]


async def convert_goods(
    work: Work,
    taken: Sequence[MaterialLine],
    brought: Sequence[ReceiptLine],
    *,
    source_type: StockDocumentKind,
    effective_on: date,
    memo: str,
) -> list[Decimal]:
    """Take material into production and bring goods out of it, all or nothing; what each cost.

    Only what is reserved for nobody is taken. The counterpart is work in progress; each line names
    the document it is of. Raises TooLittleOnHand, ShortOnDay, NoCostOnDay, NotStocked,
    SerialExists, what `serials.check_or_choose` raises, PeriodClosed, NoPeriod.
    """
    if not taken and not brought:
        return []
    items = [line.item_id for line in taken] + [line.item_id for line in brought]
    stock = await lock_stock(work, items, with_valuation=True)
    await load_later_movements(work, stock, effective_on)
    decimals = digits_of(work.setting.currency)
    costs = await _take(work, stock, taken, on=effective_on, decimals=decimals)
    asked = [SerialRequest(line.item_id, line.quantity, line.serials) for line in brought]
    await serials.check(work, stock, asked)
    for line in brought:
        serials.require_receivable(
            stock,
            line.item_id,
            line.serials,
            outside_kind=LocationKind.PRODUCTION,
            on=effective_on,
        )
        pieces = pieces_of(line.quantity, line.value, line.serials, decimals=decimals)
        receive(stock, line.item_id, pieces)
        source_id = line.source_id
        assert source_id is not None  # noqa: S101 - production names the step of every line
        add_production_moves(stock, line.item_id, pieces, inward=True, source_id=source_id)
    document = SourceDocument(source_type, memo, effective_on)
    await post_moves(work, stock, document, counterpart="work_in_progress")
    return costs


async def _take(
    work: Work, stock: LockedStock, taken: Sequence[MaterialLine], *, on: date, decimals: int
) -> list[Decimal]:
    """Take what is free of each item; what each line cost."""
    asked = [SerialRequest(line.item_id, line.quantity, line.serials) for line in taken]
    leaving = await serials.check_or_choose(work, stock, asked, on=on)
    costs = []
    for line, numbers in zip(taken, leaving, strict=True):
        sku = stock.skus[line.item_id]
        stock.levels[line.item_id].issue_free(line.quantity, sku=sku)
        cost = issue(stock, line.item_id, line.quantity, decimals=decimals)
        pieces = pieces_of(line.quantity, cost, numbers, decimals=decimals)
        add_production_moves(stock, line.item_id, pieces, inward=False, source_id=line.source_id)
        costs.append(cost)
    return costs
