"""Goods that were shipped, or came back, by mistake: stock is as if they had not moved."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.ledger.service.entries import in_open_periods, reverse_document
from erp.stock.queries import locking, lot_stock, saving
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.rules.serials import Piece
from erp.stock.service import lot_lines, serials
from erp.stock.service.backdating import issue, load_later_movements, receive
from erp.stock.service.demand import lock_stock_of_lines
from erp.stock.service.goods import add_customer_moves
from erp.stock.service.lot_lines import LotRequest
from erp.stock.service.posting import post_moves
from erp.stock.service.publishing import publish_changes
from erp.stock.service.releasing import publish_released, release_reservations
from erp.stock.service.serials import SerialRequest
from erp.stock.states import StockDocumentKind
from values.money import digits_of

__all__ = ["reverse_return", "reverse_shipment"]


async def reverse_shipment(
    work: Work, shipment_id: UUID, *, reversal_id: UUID, effective_on: date, memo: str
) -> None:
    """Take back what a shipment took out, at the cost it left at, and reverse its posting (E7).

    Each line has it reserved again, as before; of lots that may not be used any more it waits for
    others. Nothing of it may have come back since. Raises
    SerialNotWithCustomer, SerialMovedLater, AlreadyReversed, PeriodClosed, NoPeriod.
    """
    moves = await locking.moves_of_document(work.sql, shipment_id)
    if not moves:
        return
    stock = await lock_stock_of_lines(
        work, {move["order_line_id"] for move in moves}, with_valuation=True
    )
    await serials.check(work, stock, _serial_requests(moves))
    lot_ids = [move["lot_id"] for move in moves if move["lot_id"]]
    await lot_stock.load_lots(work, stock.lots, lot_ids, on=effective_on)
    for move in moves:
        _receive_again(stock, move, reversal_id, on=effective_on)
    with in_open_periods([effective_on]):
        await saving.save(
            work, stock, SourceDocument(StockDocumentKind.SHIPMENT_REVERSAL, memo, effective_on)
        )
    await reverse_document(work, shipment_id, effective_on=effective_on, memo=memo)
    await publish_changes(work, stock, filled=[], own=stock.demands.keys())


def _serial_requests(moves: Sequence[Mapping[str, Any]]) -> list[SerialRequest]:
    """The pieces that come back: each move has one serial, or none."""
    return [
        SerialRequest(move["item_id"], move["quantity"], [move["serial"]] if move["serial"] else [])
        for move in moves
    ]


def _receive_again(
    stock: LockedStock, move: Mapping[str, Any], reversal_id: UUID, *, on: date
) -> None:
    demand, quantity = stock.demands[move["order_line_id"]], Decimal(move["quantity"])
    if move["serial"]:
        serials.returned_pieces(
            stock, demand.item_id, [move["serial"]], order_line_id=demand.order_line_id, on=on
        )
    piece = Piece(quantity, move["value"], move["serial"], move["lot_id"])
    sku = stock.sku_of(demand)
    demand.receive_return(quantity, sku=sku)
    demand.change_quantity(demand.wanted + quantity, sku=sku)  # As much as before it left,
    receive(stock, demand.item_id, [piece])
    add_customer_moves(stock, demand, [piece], inward=True, source_id=reversal_id)
    # and reserved as it was, unless its lot may not be used any more.
    demand.reserve(stock.levels[demand.item_id].reserve(quantity))
    if demand.waiting:
        stock.changed_demand.add(demand.item_id)


async def reverse_return(
    work: Work, return_id: UUID, *, reversal_id: UUID, effective_on: date, memo: str
) -> None:
    """Let what came back with a return be with the customer, at the cost it came back at.

    Where it is reserved, orders wait for it again (`release_reservations`); where stock cannot
    bear that cost it is the average. Raises GoodsGone, ShortOnDay, NoCostOnDay, SerialNotInStock,
    SerialMovedLater, PeriodClosed, NoPeriod.
    """
    moves = await locking.moves_of_document(work.sql, return_id)
    if not moves:
        return
    stock = await lock_stock_of_lines(
        work, {move["order_line_id"] for move in moves}, with_valuation=True
    )
    await load_later_movements(work, stock, effective_on)
    await serials.check(work, stock, _serial_requests(moves))
    decimals = digits_of(work.setting.currency)
    lot_ids = [move["lot_id"] for move in moves if move["lot_id"]]
    await lot_stock.load_lots(work, stock.lots, lot_ids, on=effective_on)
    going = [(move["item_id"], Decimal(move["quantity"]) - _kept(stock, move)) for move in moves]
    await lot_lines.require_on_day(
        work,
        stock,
        [LotRequest(move["item_id"], Decimal(move["quantity"]), ()) for move in moves],
        [_share(move) for move in moves],
        on=effective_on,
    )
    released = await release_reservations(work, stock, going)
    for move in moves:
        _issue_again(stock, move, reversal_id, on=effective_on, decimals=decimals)
    document = SourceDocument(StockDocumentKind.RETURN_REVERSAL, memo, effective_on)
    await post_moves(work, stock, document, counterpart="cogs", filled=[])
    await publish_released(work, released)


def _share(move: Mapping[str, Any]) -> list[tuple[UUID, Decimal]]:
    """What moved of a lot, if it has one."""
    return [(move["lot_id"], Decimal(move["quantity"]))] if move["lot_id"] else []


def _kept(stock: LockedStock, move: Mapping[str, Any]) -> Decimal:
    """What of the move is of a lot that may not be used: nobody has it reserved."""
    share = _share(move)
    return stock.lots[move["item_id"]].unusable(share) if share else Decimal(0)


def _issue_again(
    stock: LockedStock, move: Mapping[str, Any], reversal_id: UUID, *, on: date, decimals: int
) -> None:
    demand, quantity = stock.demands[move["order_line_id"]], Decimal(move["quantity"])
    named = [move["serial"]] if move["serial"] else []
    serials.require_in_stock(stock, demand.item_id, named, on=on)
    stock.levels[demand.item_id].issue_free(
        quantity, sku=stock.sku_of(demand), restricted=_kept(stock, move)
    )
    cost = issue(stock, demand.item_id, quantity, decimals=decimals, value=move["value"])
    demand.reverse_return(quantity)
    piece = Piece(quantity, cost, move["serial"], move["lot_id"])
    add_customer_moves(stock, demand, [piece], inward=False, source_id=reversal_id)
