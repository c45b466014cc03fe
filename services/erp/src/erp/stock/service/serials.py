"""Which pieces move where each has a serial: named once, and from where they are (E28).

All of it is judged while the items' levels are locked, so what is read here stays true until the
act ends. That a serial lies in one place and moves from there, the database promises as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.stock.errors import (
    DuplicateSerial,
    SerialExists,
    SerialMovedLater,
    SerialNotInStock,
    SerialNotWithCustomer,
    UnknownSerial,
)
from erp.stock.queries import serials as serials_queries
from erp.stock.queries.locking import LockedStock
from erp.stock.rules.serials import Piece, SerialPosition
from erp.stock.states import LocationKind
from erp.stock.withheld import SerialWithheld

__all__ = [
    "SerialRequest",
    "check",
    "check_or_choose",
    "require_in_stock",
    "require_receivable",
    "returned_pieces",
]


_RECEIVABLE_AGAIN = frozenset({LocationKind.LOSS, LocationKind.SUPPLIER, LocationKind.PRODUCTION})


class SerialRequest(NamedTuple):
    """So many pieces of an item, and the serials named of them."""

    item_id: UUID
    quantity: Decimal
    serials: Sequence[str]


async def check(work: Work, stock: LockedStock, requests: Iterable[SerialRequest]) -> None:
    """See that each piece has one serial, and learn where the serials are.

    No statement for items without serials. Raises SerialsNotKept, FractionOfUnit,
    SerialsNeeded, DuplicateSerial.
    """
    named: set[tuple[UUID, str]] = set()
    for one in requests:
        sku = stock.skus[one.item_id]
        stock.units[one.item_id].check_quantity(one.quantity)
        stock.levels[one.item_id].check_serials(one.quantity, len(one.serials), sku=sku)
        for number in one.serials:
            if (one.item_id, number) in named:
                raise DuplicateSerial(sku=sku, serial=number)
            named.add((one.item_id, number))
    if named:
        positions = await serials_queries.serial_positions(work.sql, named)
        stock.serials |= {(serial.item_id, serial.number): serial for serial in positions}


async def check_or_choose(
    work: Work, stock: LockedStock, requests: Sequence[SerialRequest], *, on: date
) -> list[Sequence[str]]:
    """The serials that leave, of each one asked: as named, else those that came in first.

    Raises as `check`, UnknownSerial, SerialNotInStock, SerialMovedLater.
    """
    unnamed = [one for one in requests if stock.levels[one.item_id].tracked and not one.serials]
    for one in unnamed:
        stock.units[one.item_id].check_quantity(one.quantity)
    await check(work, stock, [one for one in requests if one not in unnamed])
    for one in requests:
        require_in_stock(stock, one.item_id, one.serials, on=on)
    first = await _oldest(work, stock, requests, unnamed, on=on) if unnamed else {}
    return [
        _take_next(stock, first[one.item_id], one, on=on) if one in unnamed else one.serials
        for one in requests
    ]


async def _oldest(
    work: Work,
    stock: LockedStock,
    requests: Sequence[SerialRequest],
    unnamed: Sequence[SerialRequest],
    *,
    on: date,
) -> dict[UUID, dict[str, date]]:
    """Serials of each item from which the pieces not named are taken; those named are not.

    Those that were there on the day; after them, where they are too few, any that are here now.
    """
    wanted = defaultdict[UUID, int](int)
    for one in requests:
        wanted[one.item_id] += int(one.quantity)
    locations = [
        (item_id, stock.levels[item_id].location_id, wanted[item_id])
        for item_id in {one.item_id for one in unnamed}
    ]
    chosen: dict[UUID, dict[str, date]] = {item_id: {} for item_id, *_ in locations}
    found = await serials_queries.first_serials(work.sql, locations, by=on)
    if len(found) < sum(count for *_, count in locations):
        found += await serials_queries.first_serials(work.sql, locations, by=date.max)
    for item_id, number, moved_on in found:
        if (item_id, number) not in stock.serials:
            chosen[item_id].setdefault(number, moved_on)
    return chosen


def _take_next(
    stock: LockedStock, first: dict[str, date], one: SerialRequest, *, on: date
) -> Sequence[str]:
    """Take the next of the serials, as many as are asked for. Raises SerialMovedLater."""
    taken = tuple(first)[: int(one.quantity)]
    for number in taken:
        _require_later(stock, one.item_id, number, first.pop(number), on=on)
    return taken


def require_receivable(
    stock: LockedStock,
    item_id: UUID,
    serials: Iterable[str],
    *,
    outside_kind: LocationKind,
    on: date,
) -> None:
    """Check that pieces coming in were never here, or that come from where they went.

    `outside_kind` is the kind of location they come from: what was lost can be found there again,
    what went back to a supplier, or to production, can come once more.
    Raises SerialExists, SerialMovedLater.
    """
    for number in serials:
        position = stock.serials.get((item_id, number))
        if position and not (position.kind == outside_kind and outside_kind in _RECEIVABLE_AGAIN):
            raise SerialExists(sku=stock.skus[item_id], serial=number, place=position.place)
        if position:
            _require_later(stock, item_id, number, position.moved_on, on=on)


def require_in_stock(
    stock: LockedStock, item_id: UUID, serials: Iterable[str], *, on: date
) -> None:
    """Check that pieces leaving are in stock, may be used, and came there by the day.

    Raises UnknownSerial, SerialNotInStock, SerialWithheld, SerialMovedLater.
    """
    for number in serials:
        position = _position(stock, item_id, number)
        if not position.in_stock:
            raise SerialNotInStock(sku=stock.skus[item_id], serial=number, place=position.place)
        if position.withheld:
            raise SerialWithheld(sku=stock.skus[item_id], serial=number)
        _require_later(stock, item_id, number, position.moved_on, on=on)


def returned_pieces(
    stock: LockedStock, item_id: UUID, serials: Iterable[str], *, order_line_id: UUID, on: date
) -> list[Piece]:
    """The pieces that come back of an order line, each at the cost it left at (E36).

    Raises UnknownSerial, SerialNotWithCustomer, SerialMovedLater.
    """
    found = []
    for number in serials:
        position = _position(stock, item_id, number)
        if not position.left_for(order_line_id):
            raise SerialNotWithCustomer(
                sku=stock.skus[item_id], serial=number, place=position.place, line=order_line_id
            )
        _require_later(stock, item_id, number, position.moved_on, on=on)
        found.append(Piece(Decimal(1), position.value, number))
    return found


def _require_later(
    stock: LockedStock, item_id: UUID, number: str, moved_on: date, *, on: date
) -> None:
    """A piece is in one place on every day: it moves in the order of its days (E28)."""
    if moved_on > on:
        raise SerialMovedLater(
            sku=stock.skus[item_id], serial=number, moved_on=moved_on, effective_on=on
        )


def _position(stock: LockedStock, item_id: UUID, number: str) -> SerialPosition:
    position = stock.serials.get((item_id, number))
    if position is None:
        raise UnknownSerial(sku=stock.skus[item_id], serial=number)
    return position
