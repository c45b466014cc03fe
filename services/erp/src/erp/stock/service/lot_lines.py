"""Which lots move: named once, from what lies of them, or made by the receipt that brings them.

All of it is judged while the items' levels are locked, so what is read here stays true until the
act ends.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.stock.errors import (
    DuplicateLot,
    LotDiffers,
    LotNotUsable,
    LotNotWithCustomer,
    LotShortOnDay,
    LotsNeeded,
    LotsNotKept,
    TooLittleInLot,
    TooLittleOnHand,
    UnknownLot,
)
from erp.stock.lines import LotLine
from erp.stock.queries import lot_stock
from erp.stock.queries.locking import LockedStock
from erp.stock.rules.lots import LotShare, shares_of
from erp.stock.service.lots import LOT
from records.writes import create_all
from values.decimals import plain

__all__ = [
    "LotRequest",
    "check",
    "require_on_day",
    "shares_back",
    "shares_in",
    "shares_out",
    "shares_to_ship",
]

_NOTHING = Decimal(0)
_SAID = ("supplier_lot", "made_on", "expires_on", "quality")
"""What a line may say of a lot."""
Shares = Sequence[LotShare]


class LotRequest(NamedTuple):
    """So many of an item, the lots named of them, and whom new lots come from."""

    item_id: UUID
    quantity: Decimal
    lots: Sequence[LotLine]
    supplier_id: UUID | None = None


def check(
    stock: LockedStock, requests: Iterable[LotRequest], *, may_leave_out: bool = False
) -> None:
    """See that lots are named of all that moves, or none where none are kept.

    `may_leave_out`: none may be named, then stock chooses. Raises LotsNotKept, LotsNeeded,
    DuplicateLot, FractionOfUnit.
    """
    for one in requests:
        sku = stock.skus[one.item_id]
        if one.item_id not in stock.lots:
            if one.lots:
                raise LotsNotKept(sku=sku)
            continue
        if may_leave_out and not one.lots:
            continue
        named: set[str] = set()
        for lot in one.lots:
            stock.units[one.item_id].check_quantity(lot.quantity)
            if lot.number in named:
                raise DuplicateLot(sku=sku, lot=lot.number)
            named.add(lot.number)
        in_all = sum((lot.quantity for lot in one.lots), _NOTHING)
        if in_all != abs(one.quantity):
            raise LotsNeeded(sku=sku, quantity=plain(abs(one.quantity)), named=plain(in_all))


async def shares_in(
    work: Work, stock: LockedStock, requests: Sequence[LotRequest], *, on: date
) -> list[Shares]:
    """The lots that goods come in of, of each one asked; lots that are new are made.

    No statement for items without lots. Raises as `check`, LotDiffers, and what making a lot
    raises.
    """
    check(stock, requests)
    named = _named_once(stock, requests)
    if not named:
        return [()] * len(requests)
    known = await lot_stock.own_lots(work.sql, named)
    for key, found in known.items():
        _require_same(stock.skus[key[0]], named[key][0], found)
    ids = {key: found["lot_id"] for key, found in known.items()}
    new = {key: uuid7() for key in named if key not in known}
    if new:
        made = [(lot_id, _values(*named[key], on=on)) for key, lot_id in new.items()]
        await create_all(work, LOT, made, links=[None] * len(made))
        ids |= new
    await lot_stock.load_lots(work, stock.lots, list(ids.values()), on=on)
    return [[(ids[one.item_id, lot.number], lot.quantity) for lot in one.lots] for one in requests]


def _named_once(
    stock: LockedStock, requests: Sequence[LotRequest]
) -> dict[tuple[UUID, str], tuple[LotLine, LotRequest]]:
    """Each lot with all that lines say of it. Raises LotDiffers where they contradict."""
    named: dict[tuple[UUID, str], tuple[LotLine, LotRequest]] = {}
    for one in requests:
        for lot in one.lots:
            first, request = named.get((one.item_id, lot.number), (lot, one))
            _require_same(stock.skus[one.item_id], lot, first._asdict(), may_lack=True)
            missing = {name: getattr(lot, name) for name in _SAID if getattr(first, name) is None}
            named[one.item_id, lot.number] = first._replace(**missing), request
    return named


def _values(lot: LotLine, request: LotRequest, *, on: date) -> dict[str, Any]:
    """What a lot is that comes for the first time; `came_on` is the day for its shelf life."""
    given = {
        "item_id": request.item_id,
        "number": lot.number,
        "supplier_id": request.supplier_id,
        "supplier_lot": lot.supplier_lot,
        "made_on": lot.made_on,
        "expires_on": lot.expires_on,
        "quality": lot.quality,
        "came_on": on,
    }
    return {name: value for name, value in given.items() if value is not None}


def _require_same(
    sku: str, lot: LotLine, found: Mapping[str, Any], *, may_lack: bool = False
) -> None:
    """Raises LotDiffers; `may_lack`: what is not found is not another one."""
    for field in _SAID:
        given = getattr(lot, field)
        if may_lack and found[field] is None:
            continue
        if given is not None and given != found[field]:
            raise LotDiffers(sku=sku, lot=lot.number, field=field)


async def shares_out(
    work: Work, stock: LockedStock, requests: Sequence[LotRequest], *, on: date
) -> list[Shares]:
    """The lots that goods leave, whatever their state: what is scrapped, or goes back.

    Raises as `check`, UnknownLot, TooLittleInLot, LotShortOnDay.
    """
    check(stock, requests)
    shares = [_named(stock, one) for one in requests]
    await require_on_day(work, stock, requests, shares, on=on)
    return shares


async def shares_to_ship(
    work: Work, stock: LockedStock, requests: Sequence[LotRequest], *, on: date
) -> list[Shares]:
    """The lots that goods are shipped of: those named, else by FEFO or FIFO (E40).

    Raises as `check`, UnknownLot, TooLittleInLot, LotNotUsable, TooLittleOnHand, LotShortOnDay.
    """
    if not stock.lots:
        check(stock, requests)
        return [()] * len(requests)
    check(stock, requests, may_leave_out=True)
    named = {at: _named(stock, one) for at, one in enumerate(requests) if one.lots}
    taken: dict[UUID, Decimal] = shares_of(share for one in named.values() for share in one)
    for at, shares in named.items():
        for lot_id, _ in shares:
            bucket = stock.lots[requests[at].item_id].buckets[lot_id]
            if not bucket.usable(work.today()):
                sku = stock.skus[requests[at].item_id]
                until = "-" if bucket.usable_until == date.max else bucket.usable_until
                raise LotNotUsable(
                    sku=sku, lot=bucket.number, quality=bucket.quality, usable_until=until
                )
    least = await _least_of(work, stock, on) if len(named) < len(requests) else None
    found = [
        named[at] if at in named else _chosen(stock, one, taken, least)
        for at, one in enumerate(requests)
    ]
    await require_on_day(work, stock, requests, found, on=on)
    return found


async def _least_of(work: Work, stock: LockedStock, on: date) -> Mapping[UUID, Decimal] | None:
    """What lay of each lot on a past day and on each since then; None: the day is not past."""
    if on >= work.today():
        return None
    lots = [lot_id for of_item in stock.lots.values() for lot_id in of_item.buckets]
    return await lot_stock.day_minimums(work.sql, lots, on)


def _chosen(
    stock: LockedStock,
    one: LotRequest,
    taken: dict[UUID, Decimal],
    least: Mapping[UUID, Decimal] | None,
) -> Shares:
    """The lots that leave first of those that others of the act do not take."""
    lots = stock.lots.get(one.item_id)
    if lots is None:
        return ()
    found = lots.choose(one.quantity, taken, least)
    usable = sum((many for _, many in found), _NOTHING)
    if usable < one.quantity:
        sku, wanted = stock.skus[one.item_id], plain(one.quantity)
        raise TooLittleOnHand(sku=sku, wanted=wanted, free=plain(usable))
    return found


def _named(stock: LockedStock, one: LotRequest) -> Shares:
    """The lots named, of those that lie here. Raises UnknownLot."""
    if not one.lots:
        return ()
    by_number = {lot.number: lot.lot_id for lot in stock.lots[one.item_id].buckets.values()}
    for lot in one.lots:
        if lot.number not in by_number:
            raise UnknownLot(sku=stock.skus[one.item_id], lot=lot.number)
    return [(by_number[lot.number], lot.quantity) for lot in one.lots]


async def require_on_day(
    work: Work,
    stock: LockedStock,
    requests: Sequence[LotRequest],
    shares: Sequence[Shares],
    *,
    on: date,
) -> None:
    """See that so many lie of each lot, and did on the day and on every one since then.

    One statement where the day is past, none else. Raises TooLittleInLot, LotShortOnDay.
    """
    leaving = defaultdict[UUID, dict[UUID, Decimal]](dict)
    for one, of_item in zip(requests, shares, strict=True):
        summed = leaving[one.item_id]
        for lot_id, quantity in of_item:
            summed[lot_id] = summed.get(lot_id, _NOTHING) + quantity
    lots = {lot_id: many for of_item in leaving.values() for lot_id, many in of_item.items()}
    past = on < work.today() and lots
    least = await lot_stock.day_minimums(work.sql, list(lots), on) if past else {}
    for item_id, summed in leaving.items():
        for lot_id, quantity in summed.items():
            bucket, sku = stock.lots[item_id].buckets[lot_id], stock.skus[item_id]
            facts: dict[str, Any] = {"sku": sku, "lot": bucket.number, "wanted": plain(quantity)}
            if quantity > bucket.on_hand:
                raise TooLittleInLot(**facts, on_hand=plain(bucket.on_hand))
            if quantity > least.get(lot_id, quantity):
                raise LotShortOnDay(**facts, effective_on=on, on_hand=plain(least[lot_id]))


async def shares_back(
    work: Work,
    stock: LockedStock,
    requests: Sequence[tuple[UUID, LotRequest]],
    *,
    on: date,
) -> list[Shares]:
    """The lots that come back of order lines, into which they were; requests by order line.

    None need be named where the line left one lot, or all of it comes back. Raises as `check`,
    LotNotWithCustomer.
    """
    asked = [one for _, one in requests]
    check(stock, asked, may_leave_out=True)
    if not stock.lots:
        return [()] * len(requests)
    line_ids = [line_id for line_id, one in requests if one.item_id in stock.lots]
    left = await lot_stock.lots_with_customer(work.sql, line_ids)
    found = [
        _returned(stock, one, left.get(line_id, {})) if one.item_id in stock.lots else ()
        for line_id, one in requests
    ]
    coming = {lot_id for shares in found for lot_id, _ in shares}
    await lot_stock.load_lots(work, stock.lots, list(coming), on=on)
    return found


def _returned(stock: LockedStock, one: LotRequest, left: dict[UUID, tuple[str, Decimal]]) -> Shares:
    """What comes back of a line, taken off what is `left` with the customer."""
    named = {lot.number: lot.quantity for lot in one.lots}
    in_all = sum((many for _, many in left.values()), _NOTHING)
    if not named and in_all == one.quantity:
        named = dict(left.values())
    elif not named and len(left) == 1:
        named = {number: one.quantity for number, _ in left.values()}
    elif not named:
        raise LotsNeeded(sku=stock.skus[one.item_id], quantity=plain(one.quantity), named="0")
    by_number = {number: (lot_id, many) for lot_id, (number, many) in left.items()}
    found = []
    for number, quantity in named.items():
        lot_id, shipped = by_number.get(number, (None, _NOTHING))
        if lot_id is None or quantity > shipped:
            raise LotNotWithCustomer(
                sku=stock.skus[one.item_id],
                lot=number,
                wanted=plain(quantity),
                shipped=plain(shipped),
            )
        left[lot_id] = number, shipped - quantity
        found.append((lot_id, quantity))
    return found
