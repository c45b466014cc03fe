"""Stock adjusted: what was found too much, or too little, against gains and losses."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.errors import CostNeeded
from erp.stock.lines import AdjustLine
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.service import lot_lines, serials
from erp.stock.service.backdating import issue, load_later_movements, receive, value_of_surplus
from erp.stock.service.demand import lock_stock
from erp.stock.service.goods import add_moves, pieces_moved
from erp.stock.service.lot_lines import LotRequest, Shares
from erp.stock.service.posting import post_moves
from erp.stock.service.serials import SerialRequest
from erp.stock.states import LocationKind, StockDocumentKind
from values.money import digits_of

__all__ = ["post_adjustment"]

_NOTHING = Decimal(0)


async def post_adjustment(
    work: Work,
    lines: Sequence[AdjustLine],
    *,
    source_type: StockDocumentKind,
    source_id: UUID,
    effective_on: date,
    memo: str,
) -> None:
    """Book what was found too much or too little, against gains and losses.

    Only what is promised to nobody can be missing. Of a serial that was lost, a surplus may be
    the piece that is found again. Raises TooLittleOnHand, ShortOnDay, NoCostOnDay, CostNeeded (a
    surplus of what is not on hand, without a value), NotStocked, SerialExists, UnknownSerial,
    SerialNotInStock and what `serials.check`, `lot_lines.shares_in` and `shares_out` raise,
    PeriodClosed, NoPeriod.
    """
    stock = await lock_stock(work, [line.item_id for line in lines], with_valuation=True)
    await load_later_movements(work, stock, effective_on)
    decimals = digits_of(work.setting.currency)
    await serials.check(
        work, stock, [SerialRequest(line.item_id, line.quantity, line.serials) for line in lines]
    )
    of_lots = await _adjusted_lots(work, stock, lines, on=effective_on)
    for line, shares in zip(lines, of_lots, strict=True):
        book = _book_surplus if line.quantity > 0 else _book_loss
        book(stock, line, source_id, shares, on=effective_on, decimals=decimals)
    await post_moves(
        work,
        stock,
        SourceDocument(source_type, memo, effective_on),
        counterpart="inventory_adjustment",
    )


async def _adjusted_lots(
    work: Work, stock: LockedStock, lines: Sequence[AdjustLine], *, on: date
) -> list[Shares]:
    """The lots that were found, and those that are missing, line by line."""
    requests = [LotRequest(line.item_id, line.quantity, line.lots) for line in lines]
    gained = [one for one in requests if one.quantity > 0]
    lost = [one for one in requests if one.quantity < 0]
    come = iter(await lot_lines.shares_in(work, stock, gained, on=on))
    gone = iter(await lot_lines.shares_out(work, stock, lost, on=on))
    return [next(come if one.quantity > 0 else gone) for one in requests]


def _surplus_value(stock: LockedStock, line: AdjustLine, *, decimals: int) -> Decimal:
    """What a surplus is worth: as given, or as much as the pieces beside it."""
    if line.value is not None:
        return line.value
    cost = value_of_surplus(stock, line.item_id, line.quantity, decimals=decimals)
    if cost is None:
        raise CostNeeded(sku=stock.skus[line.item_id])
    return cost


def _book_surplus(
    stock: LockedStock,
    line: AdjustLine,
    source_id: UUID,
    shares: Shares,
    *,
    on: date,
    decimals: int,
) -> None:
    serials.require_receivable(
        stock, line.item_id, line.serials, outside_kind=LocationKind.LOSS, on=on
    )
    value = _surplus_value(stock, line, decimals=decimals)
    pieces = pieces_moved(line.quantity, value, line.serials, shares, decimals=decimals)
    receive(stock, line.item_id, pieces)
    add_moves(stock, line.item_id, LocationKind.LOSS, pieces, source_id=source_id)


def _book_loss(
    stock: LockedStock,
    line: AdjustLine,
    source_id: UUID,
    shares: Shares,
    *,
    on: date,
    decimals: int,
) -> None:
    serials.require_in_stock(stock, line.item_id, line.serials, on=on)
    kept = stock.lots[line.item_id].unusable(shares) if shares else _NOTHING
    sku = stock.skus[line.item_id]
    stock.levels[line.item_id].issue_free(-line.quantity, sku=sku, restricted=kept)
    cost = issue(stock, line.item_id, -line.quantity, decimals=decimals)
    pieces = pieces_moved(-line.quantity, cost, line.serials, shares, decimals=decimals)
    add_moves(stock, line.item_id, LocationKind.LOSS, pieces, inward=False, source_id=source_id)
