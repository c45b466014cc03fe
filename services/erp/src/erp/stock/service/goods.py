"""Goods that move: received, shipped, taken back, adjusted; each posted as it happens."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.ledger import service as ledger
from erp.ledger.service import Posting, PostingLine
from erp.stock import queries
from erp.stock.errors import CostNeeded
from erp.stock.models import Demand
from erp.stock.queries import Holding, Origin
from erp.stock.rules.lines import (
    AdjustLine,
    NewMove,
    NewSerial,
    ReceiptLine,
    ReturnLine,
    SendBackLine,
    ShipLine,
)
from erp.stock.rules.serials import Piece, pieces_of
from erp.stock.rules.valuation import cost_of_issue
from erp.stock.service import serials
from erp.stock.service.dated import come_in, leave, look_back, worth_of_surplus
from erp.stock.service.demand import hold_items, hold_lines
from erp.stock.service.releasing import release_for, tell_released
from erp.stock.service.serials import Asked
from erp.stock.service.telling import fill_waiting, reserve_free, tell
from values.money import digits_of

__all__ = ["adjust", "finish", "move_for", "receive", "send_back", "ship", "take_back"]

_NOTHING = Decimal(0)


async def receive(
    work: Work,
    lines: Sequence[ReceiptLine],
    *,
    source_type: str,
    source_id: UUID,
    effective_on: date,
    counterpart: str,
    origin: str = "supplier",
    memo: str = "Goods received",
) -> None:
    """Lay goods into stock at their value, against the account of a role; fill who waits.

    `origin` is the kind of place they come from. Raises NotStocked, SerialExists and what
    `serials.name` raises, PeriodClosed, NoPeriod.
    """
    if not lines:
        return
    held = await hold_items(work, [line.item_id for line in lines], worth=True)
    decimals = digits_of(work.setting.currency)
    await serials.name(
        work, held, [Asked(line.item_id, line.quantity, line.serials) for line in lines]
    )
    for line in lines:
        serials.must_be_new(held, line.item_id, line.serials, outside=origin, on=effective_on)
        pieces = pieces_of(line.quantity, line.value, line.serials, decimals=decimals)
        come_in(held, line.item_id, pieces)
        _move(held, line.item_id, origin, pieces, source_id=line.source_id or source_id)
        if line.expected_id:
            already = held.arrived.get(line.expected_id, _NOTHING)
            held.arrived[line.expected_id] = already + line.quantity
            held.changed_demand.add(line.item_id)
    await finish(work, held, Origin(source_type, memo, effective_on), counterpart=counterpart)


async def ship(
    work: Work,
    lines: Sequence[ShipLine],
    *,
    source_type: str,
    source_id: UUID,
    effective_on: date,
    memo: str = "Goods shipped",
) -> dict[UUID, Decimal]:
    """Send away what is reserved for order lines; what each line cost.

    A line that has too little reserves first what is free and not kept for others. Raises
    NotReserved, ShortOnDay, NoCostOnDay, MissingReference, what `serials.name_or_choose` raises,
    PeriodClosed, NoPeriod.
    """
    if not lines:
        return {}
    held = await hold_lines(work, [line.order_line_id for line in lines], worth=True)
    await look_back(work, held, effective_on)
    decimals, costs = digits_of(work.setting.currency), defaultdict[UUID, Decimal](Decimal)
    filled = await _reserve_early(work, held, lines)
    leaving = await serials.name_or_choose(work, held, _asked(held, lines), on=effective_on)
    for line, numbers in zip(lines, leaving, strict=True):
        need = held.demands[line.order_line_id]
        need.leave(line.quantity, sku=held.sku_of(need))
        held.levels[need.item_id].take_reserved(line.quantity)
        cost = leave(held, need.item_id, line.quantity, decimals=decimals)
        costs[line.order_line_id] += cost
        pieces = pieces_of(line.quantity, cost, numbers, decimals=decimals)
        move_for(held, need, pieces, inward=False, source_id=source_id)
    origin = Origin(source_type, memo, effective_on)
    # Nothing comes free: what leaves was reserved, and what was free nobody could have.
    await finish(work, held, origin, counterpart="cogs", filled=filled)
    return dict(costs)


async def _reserve_early(work: Work, held: Holding, lines: Sequence[ShipLine]) -> list[Demand]:
    """Reserve what is to leave before its day; the other lines that got goods with it."""
    needs = [(held.demands[line.order_line_id], line.quantity) for line in lines]
    early = {
        need.order_line_id: quantity - need.reserved
        for need, quantity in needs
        if quantity > need.reserved
    }
    if not early:
        return []
    filled = await reserve_free(work, held, early=early)
    return [line for line in filled if line.order_line_id not in early]


async def take_back(
    work: Work,
    lines: Sequence[ReturnLine],
    *,
    source_type: str,
    source_id: UUID,
    effective_on: date,
    memo: str = "Goods taken back",
) -> dict[UUID, Decimal]:
    """Take shipped goods back at the cost they left at (E36); what each line brought.

    They are free then, and not wanted again by their line. Raises NotShipped, MissingReference,
    what `serials.came_back` and `serials.name` raise, PeriodClosed, NoPeriod.
    """
    if not lines:
        return {}
    line_ids = [line.order_line_id for line in lines]
    held = await hold_lines(work, line_ids, worth=True)
    await serials.name(work, held, _asked(held, lines))
    left = await queries.net_shipped(work, line_ids)
    decimals, costs = digits_of(work.setting.currency), defaultdict[UUID, Decimal](Decimal)
    for line in lines:
        need = held.demands[line.order_line_id]
        need.come_back(line.quantity, sku=held.sku_of(need))
        quantity, value = left[line.order_line_id]
        share = cost_of_issue(line.quantity, on_hand=quantity, value=value, decimals=decimals)
        pieces = _coming_back(held, line, share, on=effective_on)
        cost = sum((piece.value for piece in pieces), _NOTHING)
        left[line.order_line_id] = quantity - line.quantity, value - cost
        costs[line.order_line_id] += cost
        come_in(held, need.item_id, pieces)
        move_for(held, need, pieces, inward=True, source_id=source_id)
    await finish(work, held, Origin(source_type, memo, effective_on), counterpart="cogs")
    return dict(costs)


def _asked(held: Holding, lines: Sequence[ShipLine | ReturnLine]) -> list[Asked]:
    """The pieces that lines of orders name, by their items."""
    return [
        Asked(held.demands[line.order_line_id].item_id, line.quantity, line.serials)
        for line in lines
    ]


def _coming_back(held: Holding, line: ReturnLine, share: Decimal, *, on: date) -> list[Piece]:
    """What comes back, at what it left at: a serial at its own cost, other goods at their share."""
    if not line.serials:
        return [Piece(line.quantity, share)]
    line_id = line.order_line_id
    item_id = held.demands[line_id].item_id
    return serials.came_back(held, item_id, line.serials, order_line_id=line_id, on=on)


async def send_back(
    work: Work,
    lines: Sequence[SendBackLine],
    *,
    source_type: str,
    source_id: UUID,
    effective_on: date,
    counterpart: str,
    memo: str,
) -> list[Decimal]:
    """Give goods back to the supplier, at the value they were received at (E36); what each cost.

    Where they are reserved, orders wait for them again (`release_for`). Where stock cannot bear
    that value it is the average. Raises GoodsGone, ShortOnDay, NoCostOnDay, NotStocked,
    UnknownSerial, SerialNotInStock, SerialMovedLater and what `serials.name` raises,
    PeriodClosed, NoPeriod.
    """
    held = await hold_items(work, [line.item_id for line in lines], worth=True)
    await look_back(work, held, effective_on)
    decimals, costs = digits_of(work.setting.currency), []
    await serials.name(
        work, held, [Asked(line.item_id, line.quantity, line.serials) for line in lines]
    )
    released = await release_for(work, held, [(line.item_id, line.quantity) for line in lines])
    for line in lines:
        serials.must_be_here(held, line.item_id, line.serials, on=effective_on)
        held.levels[line.item_id].take_free(line.quantity, sku=held.skus[line.item_id])
        cost = leave(held, line.item_id, line.quantity, decimals=decimals, value=line.value)
        pieces = pieces_of(line.quantity, cost, line.serials, decimals=decimals)
        _move(held, line.item_id, "supplier", pieces, inward=False, source_id=source_id)
        costs.append(cost)
    await finish(work, held, Origin(source_type, memo, effective_on), counterpart=counterpart)
    await tell_released(work, released)
    return costs


async def adjust(
    work: Work,
    lines: Sequence[AdjustLine],
    *,
    source_type: str,
    source_id: UUID,
    effective_on: date,
    memo: str,
) -> None:
    """Book what was found too much or too little, against gains and losses.

    Only what is promised to nobody can be missing. Of a serial that was lost, a surplus may be
    the piece that is found again. Raises TooLittleOnHand, ShortOnDay, NoCostOnDay, CostNeeded (a
    surplus of what is not on hand, without a value), NotStocked, SerialExists, UnknownSerial,
    SerialNotInStock and what `serials.name` raises, PeriodClosed, NoPeriod.
    """
    held = await hold_items(work, [line.item_id for line in lines], worth=True)
    await look_back(work, held, effective_on)
    decimals = digits_of(work.setting.currency)
    await serials.name(
        work, held, [Asked(line.item_id, line.quantity, line.serials) for line in lines]
    )
    for line in lines:
        book = _gain if line.quantity > 0 else _lose
        book(held, line, source_id, on=effective_on, decimals=decimals)
    await finish(
        work, held, Origin(source_type, memo, effective_on), counterpart="inventory_adjustment"
    )


def _surplus(held: Holding, line: AdjustLine, *, decimals: int) -> Decimal:
    """What a surplus is worth: as told, or as much as the pieces beside it."""
    if line.value is not None:
        return line.value
    cost = worth_of_surplus(held, line.item_id, line.quantity, decimals=decimals)
    if cost is None:
        raise CostNeeded(sku=held.skus[line.item_id])
    return cost


def _gain(held: Holding, line: AdjustLine, source_id: UUID, *, on: date, decimals: int) -> None:
    serials.must_be_new(held, line.item_id, line.serials, outside="loss", on=on)
    value = _surplus(held, line, decimals=decimals)
    pieces = pieces_of(line.quantity, value, line.serials, decimals=decimals)
    come_in(held, line.item_id, pieces)
    _move(held, line.item_id, "loss", pieces, source_id=source_id)


def _lose(held: Holding, line: AdjustLine, source_id: UUID, *, on: date, decimals: int) -> None:
    serials.must_be_here(held, line.item_id, line.serials, on=on)
    held.levels[line.item_id].take_free(-line.quantity, sku=held.skus[line.item_id])
    cost = leave(held, line.item_id, -line.quantity, decimals=decimals)
    pieces = pieces_of(-line.quantity, cost, line.serials, decimals=decimals)
    _move(held, line.item_id, "loss", pieces, inward=False, source_id=source_id)


def _move(
    held: Holding,
    item_id: UUID,
    outside: str,
    pieces: Iterable[Piece],
    *,
    source_id: UUID,
    inward: bool = True,
    order_line_id: UUID | None = None,
) -> None:
    """Note the moves of pieces from a kind of place outside, or to there."""
    for piece in pieces:
        move = NewMove(
            id=uuid7(),
            item_id=item_id,
            location_id=held.levels[item_id].location_id,
            outside=outside,
            inward=inward,
            quantity=piece.quantity,
            value=piece.value,
            source_id=source_id,
            order_line_id=order_line_id,
            serial=piece.serial,
        )
        held.moves.append(move)
        if inward and piece.serial and (item_id, piece.serial) not in held.serials:
            new = NewSerial(uuid7(), item_id, piece.serial, outside, move.id)
            held.new_serials.append(new)


def move_for(
    held: Holding, need: Demand, pieces: Iterable[Piece], *, inward: bool, source_id: UUID
) -> None:
    """Note the moves of pieces from the customer of an order line, or to there."""
    _move(
        held,
        need.item_id,
        "customer",
        pieces,
        inward=inward,
        source_id=source_id,
        order_line_id=need.order_line_id,
    )


async def finish(
    work: Work,
    held: Holding,
    origin: Origin,
    *,
    counterpart: str,
    filled: Sequence[Demand] | None = None,
) -> None:
    """Fill who waits, store, post and tell: the end of every movement of goods.

    `filled` is given where others than the lines that move have got goods already.
    """
    own = set(held.demands) - {line.order_line_id for line in filled or ()}
    if filled is None:
        filled = await fill_waiting(work, held)
    with ledger.in_open_periods([origin.effective_on]):
        await queries.save(work, held, origin)
    await ledger.post(work, list(_postings(held, origin, counterpart)))
    await tell(work, held, filled=filled, own=own)


def _postings(held: Holding, origin: Origin, counterpart: str) -> Iterable[Posting]:
    """An entry for each document: inventory by item, against the counterpart by item."""
    for source_id, worth in _worth_by_source(held.moves).items():
        lines = [
            line
            for item_id, value in worth.items()
            for line in _sides(held, item_id, value, counterpart)
        ]
        yield Posting(
            id=uuid7(),
            effective_on=origin.effective_on,
            source_type=origin.source_type,
            source_id=source_id,
            memo=origin.memo,
            lines=tuple(lines),
        )


def _worth_by_source(moves: Iterable[NewMove]) -> Mapping[UUID, Mapping[UUID, Decimal]]:
    """What each document brought in (negative: took out) of each item."""
    found: dict[UUID, dict[UUID, Decimal]] = {}
    for move in moves:
        worth = found.setdefault(move.source_id, {})
        signed = move.value if move.inward else -move.value
        worth[move.item_id] = worth.get(move.item_id, _NOTHING) + signed
    return found


def _sides(
    held: Holding, item_id: UUID, value: Decimal, counterpart: str
) -> tuple[PostingLine, PostingLine]:
    warehouse_id = held.worth[item_id].warehouse_id
    gained, lost = max(value, _NOTHING), max(-value, _NOTHING)
    return (
        PostingLine("inventory", gained, lost, item_id=item_id, warehouse_id=warehouse_id),
        PostingLine(counterpart, lost, gained, item_id=item_id),
    )
