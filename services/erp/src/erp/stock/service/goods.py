"""Goods that move: received, shipped, taken back, adjusted; each posted as it happens."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.stock.lines import (
    NewHold,
    NewMove,
    NewSerial,
    ReceiptLine,
    ReturnLine,
    ShipLine,
    SupplierReturnLine,
)
from erp.stock.models.demand import Demand
from erp.stock.queries import locking
from erp.stock.queries.locking import LockedStock, SourceDocument
from erp.stock.rules.serials import Piece, pieces_of, pieces_of_lots
from erp.stock.rules.valuation import cost_of_issue
from erp.stock.service import lot_lines, serials
from erp.stock.service.backdating import issue, load_later_movements, receive
from erp.stock.service.demand import lock_stock, lock_stock_of_lines
from erp.stock.service.lot_lines import LotRequest, Shares
from erp.stock.service.posting import post_moves
from erp.stock.service.publishing import reserve_available
from erp.stock.service.releasing import publish_released, release_reservations
from erp.stock.service.serials import SerialRequest
from erp.stock.states import LocationKind, StockDocumentKind
from values.money import digits_of

__all__ = [
    "add_customer_moves",
    "add_holds",
    "add_moves",
    "add_production_moves",
    "new_holds",
    "pieces_moved",
    "receive_goods",
    "receive_return",
    "return_to_supplier",
    "ship_goods",
]

_NOTHING = Decimal(0)


async def receive_goods(
    work: Work,
    lines: Sequence[ReceiptLine],
    *,
    source_type: StockDocumentKind,
    source_id: UUID,
    effective_on: date,
    counterpart: str,
    from_kind: LocationKind = LocationKind.SUPPLIER,
    memo: str = "Goods received",
) -> None:
    """Lay goods into stock at their value, against the account of a role; fill backorders.

    `from_kind` is the kind of location they come from. Raises NotStocked, SerialExists and what
    `serials.check` and `lot_lines.shares_in` raise, PeriodClosed, NoPeriod.
    """
    if not lines:
        return
    stock = await lock_stock(work, [line.item_id for line in lines], with_valuation=True)
    decimals = digits_of(work.setting.currency)
    await serials.check(
        work, stock, [SerialRequest(line.item_id, line.quantity, line.serials) for line in lines]
    )
    coming = await lot_lines.shares_in(
        work,
        stock,
        [LotRequest(one.item_id, one.quantity, one.lots, one.supplier_id) for one in lines],
        on=effective_on,
    )
    for line, shares in zip(lines, coming, strict=True):
        serials.require_receivable(
            stock, line.item_id, line.serials, outside_kind=from_kind, on=effective_on
        )
        pieces = pieces_moved(line.quantity, line.value, line.serials, shares, decimals=decimals)
        receive(stock, line.item_id, pieces)
        add_moves(stock, line.item_id, from_kind, pieces, source_id=line.source_id or source_id)
        add_holds(stock, line)
        if line.expected_id:
            already = stock.received.get(line.expected_id, _NOTHING)
            stock.received[line.expected_id] = already + line.quantity
            stock.changed_demand.add(line.item_id)
    await post_moves(
        work, stock, SourceDocument(source_type, memo, effective_on), counterpart=counterpart
    )


def add_holds(stock: LockedStock, line: ReceiptLine) -> None:
    """Withhold what came, where the line says so: nobody gets it until it is released (E64)."""
    if line.withheld_by is None:
        return
    stock.levels[line.item_id].withhold(line.quantity)
    stock.new_holds += new_holds(line.item_id, line.quantity, line.serials, line.withheld_by)


def new_holds(
    item_id: UUID, quantity: Decimal, serials: Sequence[str], source_id: UUID
) -> list[NewHold]:
    """What is withheld by a source: so many at once, or serial by serial."""
    parts: list[tuple[str | None, Decimal]] = [(one, Decimal(1)) for one in serials]
    return [NewHold(uuid7(), item_id, source_id, *one) for one in parts or [(None, quantity)]]


def pieces_moved(
    quantity: Decimal, value: Decimal, numbers: Sequence[str], shares: Shares, *, decimals: int
) -> list[Piece]:
    """What moves: by lot, by serial, or so many at once."""
    if shares:
        return pieces_of_lots(shares, value, decimals=decimals)
    return pieces_of(quantity, value, numbers, decimals=decimals)


async def ship_goods(
    work: Work,
    lines: Sequence[ShipLine],
    *,
    source_type: StockDocumentKind,
    source_id: UUID,
    effective_on: date,
    memo: str = "Goods shipped",
) -> dict[UUID, Decimal]:
    """Send away what is reserved for order lines; what each line cost.

    A line that has too little reserves first what is free and not kept for others. Raises
    NotReserved, ShortOnDay, NoCostOnDay, MissingReference, what `serials.check_or_choose` and
    `lot_lines.shares_to_ship` raise, PeriodClosed, NoPeriod.
    """
    if not lines:
        return {}
    stock = await lock_stock_of_lines(
        work, [line.order_line_id for line in lines], with_valuation=True
    )
    await load_later_movements(work, stock, effective_on)
    decimals, costs = digits_of(work.setting.currency), defaultdict[UUID, Decimal](Decimal)
    filled = await _reserve_early(work, stock, lines)
    leaving = await serials.check_or_choose(
        work, stock, _serial_requests(stock, lines), on=effective_on
    )
    of_lots = await lot_lines.shares_to_ship(
        work, stock, _lot_requests(stock, lines), on=effective_on
    )
    for line, numbers, shares in zip(lines, leaving, of_lots, strict=True):
        demand = stock.demands[line.order_line_id]
        demand.ship(line.quantity, sku=stock.sku_of(demand))
        stock.levels[demand.item_id].issue_reserved(line.quantity)
        cost = issue(stock, demand.item_id, line.quantity, decimals=decimals)
        costs[line.order_line_id] += cost
        pieces = pieces_moved(line.quantity, cost, numbers, shares, decimals=decimals)
        add_customer_moves(stock, demand, pieces, inward=False, source_id=source_id)
    document = SourceDocument(source_type, memo, effective_on)
    # Nothing comes free: what leaves was reserved, and what was free nobody could have.
    await post_moves(work, stock, document, counterpart="cogs", filled=filled)
    return dict(costs)


async def _reserve_early(work: Work, stock: LockedStock, lines: Sequence[ShipLine]) -> list[Demand]:
    """Reserve what is to leave before its day; the other lines that got goods with it."""
    demands = [(stock.demands[line.order_line_id], line.quantity) for line in lines]
    early = {
        demand.order_line_id: quantity - demand.reserved
        for demand, quantity in demands
        if quantity > demand.reserved
    }
    if not early:
        return []
    filled = await reserve_available(work, stock, early=early)
    return [line for line in filled if line.order_line_id not in early]


async def receive_return(
    work: Work,
    lines: Sequence[ReturnLine],
    *,
    source_type: StockDocumentKind,
    source_id: UUID,
    effective_on: date,
    memo: str = "Goods taken back",
) -> dict[UUID, Decimal]:
    """Take shipped goods back at the cost they left at (E36); what each line brought.

    They are free then, and not wanted again by their line. Raises NotShipped, MissingReference,
    what `serials.returned_pieces`, `serials.check` and `lot_lines.shares_back` raise, PeriodClosed,
    NoPeriod.
    """
    if not lines:
        return {}
    line_ids = [line.order_line_id for line in lines]
    stock = await lock_stock_of_lines(work, line_ids, with_valuation=True)
    await serials.check(work, stock, _serial_requests(stock, lines))
    left = await locking.net_shipped(work, line_ids)
    decimals, costs = digits_of(work.setting.currency), defaultdict[UUID, Decimal](Decimal)
    lot_requests = zip(line_ids, _lot_requests(stock, lines), strict=True)
    of_lots = await lot_lines.shares_back(work, stock, list(lot_requests), on=effective_on)
    for line, shares in zip(lines, of_lots, strict=True):
        demand = stock.demands[line.order_line_id]
        demand.receive_return(line.quantity, sku=stock.sku_of(demand))
        quantity, value = left[line.order_line_id]
        share = cost_of_issue(line.quantity, on_hand=quantity, value=value, decimals=decimals)
        pieces = (
            pieces_of_lots(shares, share, decimals=decimals)
            if shares
            else _returned_pieces(stock, line, share, on=effective_on)
        )
        cost = sum((piece.value for piece in pieces), _NOTHING)
        left[line.order_line_id] = quantity - line.quantity, value - cost
        costs[line.order_line_id] += cost
        receive(stock, demand.item_id, pieces)
        add_customer_moves(stock, demand, pieces, inward=True, source_id=source_id)
    await post_moves(
        work, stock, SourceDocument(source_type, memo, effective_on), counterpart="cogs"
    )
    return dict(costs)


def _serial_requests(
    stock: LockedStock, lines: Sequence[ShipLine | ReturnLine]
) -> list[SerialRequest]:
    """The pieces that lines of orders name, by their items."""
    return [
        SerialRequest(stock.demands[line.order_line_id].item_id, line.quantity, line.serials)
        for line in lines
    ]


def _lot_requests(stock: LockedStock, lines: Sequence[ShipLine | ReturnLine]) -> list[LotRequest]:
    """The lots that lines of orders name, by their items."""
    return [
        LotRequest(stock.demands[line.order_line_id].item_id, line.quantity, line.lots)
        for line in lines
    ]


def _returned_pieces(
    stock: LockedStock, line: ReturnLine, share: Decimal, *, on: date
) -> list[Piece]:
    """What comes back, at what it left at: a serial at its own cost, other goods at their share."""
    if not line.serials:
        return [Piece(line.quantity, share)]
    line_id = line.order_line_id
    item_id = stock.demands[line_id].item_id
    return serials.returned_pieces(stock, item_id, line.serials, order_line_id=line_id, on=on)


async def return_to_supplier(
    work: Work,
    lines: Sequence[SupplierReturnLine],
    *,
    source_type: StockDocumentKind,
    source_id: UUID,
    effective_on: date,
    counterpart: str,
    memo: str,
) -> list[Decimal]:
    """Give goods back to the supplier, at the value they were received at (E36); what each cost.

    Where they are reserved, orders wait for them again (`release_reservations`). Where stock
    cannot bear that value it is the average. Raises GoodsGone, ShortOnDay, NoCostOnDay, NotStocked,
    UnknownSerial, SerialNotInStock, SerialMovedLater and what `serials.check` and
    `lot_lines.shares_out` raise, PeriodClosed, NoPeriod.
    """
    stock = await lock_stock(work, [line.item_id for line in lines], with_valuation=True)
    await load_later_movements(work, stock, effective_on)
    decimals, costs = digits_of(work.setting.currency), []
    await serials.check(
        work, stock, [SerialRequest(line.item_id, line.quantity, line.serials) for line in lines]
    )
    of_lots = await lot_lines.shares_out(
        work,
        stock,
        [LotRequest(line.item_id, line.quantity, line.lots) for line in lines],
        on=effective_on,
    )
    unusable = [
        stock.lots[line.item_id].unusable(shares) if shares else _NOTHING
        for line, shares in zip(lines, of_lots, strict=True)
    ]
    released = await release_reservations(
        work,
        stock,
        [(one.item_id, one.quantity - kept) for one, kept in zip(lines, unusable, strict=True)],
    )
    for line, shares, kept in zip(lines, of_lots, unusable, strict=True):
        serials.require_in_stock(stock, line.item_id, line.serials, on=effective_on)
        sku = stock.skus[line.item_id]
        stock.levels[line.item_id].issue_free(line.quantity, sku=sku, restricted=kept)
        cost = issue(stock, line.item_id, line.quantity, decimals=decimals, value=line.value)
        pieces = pieces_moved(line.quantity, cost, line.serials, shares, decimals=decimals)
        add_moves(
            stock, line.item_id, LocationKind.SUPPLIER, pieces, inward=False, source_id=source_id
        )
        costs.append(cost)
    await post_moves(
        work, stock, SourceDocument(source_type, memo, effective_on), counterpart=counterpart
    )
    await publish_released(work, released)
    return costs


def add_moves(
    stock: LockedStock,
    item_id: UUID,
    outside_kind: LocationKind,
    pieces: Iterable[Piece],
    *,
    source_id: UUID,
    inward: bool = True,
    order_line_id: UUID | None = None,
) -> None:
    """Add the moves of pieces from a kind of location outside, or to there."""
    for piece in pieces:
        move = NewMove(
            id=uuid7(),
            item_id=item_id,
            location_id=stock.levels[item_id].location_id,
            outside_kind=outside_kind,
            inward=inward,
            quantity=piece.quantity,
            value=piece.value,
            source_id=source_id,
            order_line_id=order_line_id,
            serial=piece.serial,
            tracking=stock.levels[item_id].tracking,
            lot_id=piece.lot_id,
        )
        stock.moves.append(move)
        if piece.lot_id:
            stock.move_lot(item_id, piece.lot_id, piece.quantity if inward else -piece.quantity)
        if inward and piece.serial and (item_id, piece.serial) not in stock.serials:
            new = NewSerial(uuid7(), item_id, piece.serial, outside_kind, move.id)
            stock.new_serials.append(new)


def add_customer_moves(
    stock: LockedStock, demand: Demand, pieces: Iterable[Piece], *, inward: bool, source_id: UUID
) -> None:
    """Add the moves of pieces from the customer of an order line, or to there."""
    add_moves(
        stock,
        demand.item_id,
        LocationKind.CUSTOMER,
        pieces,
        inward=inward,
        source_id=source_id,
        order_line_id=demand.order_line_id,
    )


def add_production_moves(
    stock: LockedStock, item_id: UUID, pieces: Iterable[Piece], *, inward: bool, source_id: UUID
) -> None:
    """Add the moves of pieces from production, or to there."""
    add_moves(stock, item_id, LocationKind.PRODUCTION, pieces, inward=inward, source_id=source_id)
