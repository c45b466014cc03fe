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
from erp.stock import queries
from erp.stock.errors import (
    DuplicateSerial,
    SerialExists,
    SerialMovedLater,
    SerialNotInStock,
    SerialNotWithCustomer,
    UnknownSerial,
)
from erp.stock.queries import Holding
from erp.stock.rules.serials import KnownSerial, Piece

__all__ = ["Asked", "came_back", "must_be_here", "must_be_new", "name", "name_or_choose"]


_COME_AGAIN = frozenset({"loss", "supplier"})


class Asked(NamedTuple):
    """So many pieces of an item, and the serials named of them."""

    item_id: UUID
    quantity: Decimal
    serials: Sequence[str]


async def name(work: Work, held: Holding, asked: Iterable[Asked]) -> None:
    """See that each piece has one serial, and learn where the serials are.

    No statement for items without serials. Raises SerialsNotKept, FractionOfUnit,
    SerialsNeeded, DuplicateSerial.
    """
    named: set[tuple[UUID, str]] = set()
    for one in asked:
        sku = held.skus[one.item_id]
        held.units[one.item_id].must_count(one.quantity)
        held.levels[one.item_id].must_be_named(one.quantity, len(one.serials), sku=sku)
        for number in one.serials:
            if (one.item_id, number) in named:
                raise DuplicateSerial(sku=sku, serial=number)
            named.add((one.item_id, number))
    if named:
        known = await queries.known_serials(work.sql, named)
        held.serials |= {(serial.item_id, serial.number): serial for serial in known}


async def name_or_choose(
    work: Work, held: Holding, asked: Sequence[Asked], *, on: date
) -> list[Sequence[str]]:
    """The serials that leave, of each one asked: as named, else those that came in first.

    Raises as `name`, UnknownSerial, SerialNotInStock, SerialMovedLater.
    """
    left_open = [one for one in asked if held.levels[one.item_id].tracked and not one.serials]
    for one in left_open:
        held.units[one.item_id].must_count(one.quantity)
    await name(work, held, [one for one in asked if one not in left_open])
    for one in asked:
        must_be_here(held, one.item_id, one.serials, on=on)
    first = await _first(work, held, asked, left_open, on=on) if left_open else {}
    return [
        _next(held, first[one.item_id], one, on=on) if one in left_open else one.serials
        for one in asked
    ]


async def _first(
    work: Work, held: Holding, asked: Sequence[Asked], left_open: Sequence[Asked], *, on: date
) -> dict[UUID, dict[str, date]]:
    """Serials of each item from which the pieces left open are taken; those named are not.

    Those that were there on the day; after them, where they are too few, any that are here now.
    """
    wanted = defaultdict[UUID, int](int)
    for one in asked:
        wanted[one.item_id] += int(one.quantity)
    places = [
        (item_id, held.levels[item_id].location_id, wanted[item_id])
        for item_id in {one.item_id for one in left_open}
    ]
    chosen: dict[UUID, dict[str, date]] = {item_id: {} for item_id, *_ in places}
    found = await queries.first_serials(work.sql, places, by=on)
    if len(found) < sum(count for *_, count in places):
        found += await queries.first_serials(work.sql, places, by=date.max)
    for item_id, number, moved_on in found:
        if (item_id, number) not in held.serials:
            chosen[item_id].setdefault(number, moved_on)
    return chosen


def _next(held: Holding, first: dict[str, date], one: Asked, *, on: date) -> Sequence[str]:
    """Take the next of the serials, as many as are asked for. Raises SerialMovedLater."""
    taken = tuple(first)[: int(one.quantity)]
    for number in taken:
        _must_come_after(held, one.item_id, number, first.pop(number), on=on)
    return taken


def must_be_new(
    held: Holding, item_id: UUID, serials: Iterable[str], *, outside: str, on: date
) -> None:
    """Let pieces come in that were never here, or that come from where they went.

    `outside` is the kind of place they come from: what was lost can be found there again, what
    went back to a supplier can come once more.
    Raises SerialExists, SerialMovedLater.
    """
    for number in serials:
        known = held.serials.get((item_id, number))
        if known and not (known.kind == outside and outside in _COME_AGAIN):
            raise SerialExists(sku=held.skus[item_id], serial=number, place=known.place)
        if known:
            _must_come_after(held, item_id, number, known.moved_on, on=on)


def must_be_here(held: Holding, item_id: UUID, serials: Iterable[str], *, on: date) -> None:
    """Let pieces leave that are in stock, and came there by the day.

    Raises UnknownSerial, SerialNotInStock, SerialMovedLater.
    """
    for number in serials:
        known = _known(held, item_id, number)
        if not known.in_stock:
            raise SerialNotInStock(sku=held.skus[item_id], serial=number, place=known.place)
        _must_come_after(held, item_id, number, known.moved_on, on=on)


def came_back(
    held: Holding, item_id: UUID, serials: Iterable[str], *, order_line_id: UUID, on: date
) -> list[Piece]:
    """The pieces that come back of an order line, each at the cost it left at (E36).

    Raises UnknownSerial, SerialNotWithCustomer, SerialMovedLater.
    """
    found = []
    for number in serials:
        known = _known(held, item_id, number)
        if not known.left_for(order_line_id):
            raise SerialNotWithCustomer(
                sku=held.skus[item_id], serial=number, place=known.place, line=order_line_id
            )
        _must_come_after(held, item_id, number, known.moved_on, on=on)
        found.append(Piece(Decimal(1), known.value, number))
    return found


def _must_come_after(
    held: Holding, item_id: UUID, number: str, moved_on: date, *, on: date
) -> None:
    """A piece is in one place on every day: it moves in the order of its days (E28)."""
    if moved_on > on:
        raise SerialMovedLater(
            sku=held.skus[item_id], serial=number, moved_on=moved_on, effective_on=on
        )


def _known(held: Holding, item_id: UUID, number: str) -> KnownSerial:
    known = held.serials.get((item_id, number))
    if known is None:
        raise UnknownSerial(sku=held.skus[item_id], serial=number)
    return known
