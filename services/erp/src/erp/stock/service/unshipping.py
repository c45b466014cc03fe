"""Goods that were shipped, or came back, by mistake: stock is as if they had not moved."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.ledger import service as ledger
from erp.stock import queries
from erp.stock.queries import Holding, Origin
from erp.stock.rules.serials import Piece
from erp.stock.service import serials
from erp.stock.service.dated import come_in, leave, look_back
from erp.stock.service.demand import hold_lines
from erp.stock.service.goods import finish, move_for
from erp.stock.service.releasing import release_for, tell_released
from erp.stock.service.serials import Asked
from erp.stock.service.telling import tell
from values.money import digits_of

__all__ = ["unreturn", "unship"]


async def unship(
    work: Work, shipment_id: UUID, *, reversal_id: UUID, effective_on: date, memo: str
) -> None:
    """Take back what a shipment took out, at the cost it left at, and reverse its posting (E7).

    Each line has it reserved again, as before. Nothing of it may have come back since. Raises
    SerialNotWithCustomer, SerialMovedLater, AlreadyReversed, PeriodClosed, NoPeriod.
    """
    moves = await queries.moves_of(work.sql, shipment_id)
    if not moves:
        return
    held = await hold_lines(work, {move["order_line_id"] for move in moves}, worth=True)
    await serials.name(work, held, _asked(moves))
    for move in moves:
        _lay_in_again(held, move, reversal_id, on=effective_on)
    with ledger.in_open_periods([effective_on]):
        await queries.save(work, held, Origin("shipment_reversal", memo, effective_on))
    await ledger.reverse_document(work, shipment_id, effective_on=effective_on, memo=memo)
    await tell(work, held, filled=[], own=held.demands.keys())


def _asked(moves: Sequence[Mapping[str, Any]]) -> list[Asked]:
    """The pieces that come back: each move has one serial, or none."""
    return [
        Asked(move["item_id"], move["quantity"], [move["serial"]] if move["serial"] else [])
        for move in moves
    ]


def _lay_in_again(held: Holding, move: Mapping[str, Any], reversal_id: UUID, *, on: date) -> None:
    need, quantity = held.demands[move["order_line_id"]], Decimal(move["quantity"])
    if move["serial"]:
        serials.came_back(
            held, need.item_id, [move["serial"]], order_line_id=need.order_line_id, on=on
        )
    piece = Piece(quantity, move["value"], move["serial"])
    sku = held.sku_of(need)
    need.come_back(quantity, sku=sku)
    need.want(need.wanted + quantity, sku=sku)  # As much as before it left,
    need.get(quantity)  # and reserved as it was.
    come_in(held, need.item_id, [piece])
    held.levels[need.item_id].hold(quantity)
    move_for(held, need, [piece], inward=True, source_id=reversal_id)


async def unreturn(
    work: Work, return_id: UUID, *, reversal_id: UUID, effective_on: date, memo: str
) -> None:
    """Let what came back with a return be with the customer, at the cost it came back at.

    Where it is reserved, orders wait for it again (`release_for`); where stock cannot bear that
    cost it is the average. Raises GoodsGone, ShortOnDay, NoCostOnDay, SerialNotInStock,
    SerialMovedLater, PeriodClosed, NoPeriod.
    """
    moves = await queries.moves_of(work.sql, return_id)
    if not moves:
        return
    held = await hold_lines(work, {move["order_line_id"] for move in moves}, worth=True)
    await look_back(work, held, effective_on)
    await serials.name(work, held, _asked(moves))
    decimals = digits_of(work.setting.currency)
    going = [(move["item_id"], Decimal(move["quantity"])) for move in moves]
    released = await release_for(work, held, going)
    for move in moves:
        _leave_again(held, move, reversal_id, on=effective_on, decimals=decimals)
    origin = Origin("return_reversal", memo, effective_on)
    await finish(work, held, origin, counterpart="cogs", filled=[])
    await tell_released(work, released)


def _leave_again(
    held: Holding, move: Mapping[str, Any], reversal_id: UUID, *, on: date, decimals: int
) -> None:
    need, quantity = held.demands[move["order_line_id"]], Decimal(move["quantity"])
    named = [move["serial"]] if move["serial"] else []
    serials.must_be_here(held, need.item_id, named, on=on)
    held.levels[need.item_id].take_free(quantity, sku=held.sku_of(need))
    cost = leave(held, need.item_id, quantity, decimals=decimals, value=move["value"])
    need.never_come_back(quantity)
    piece = Piece(quantity, cost, move["serial"])
    move_for(held, need, [piece], inward=False, source_id=reversal_id)
