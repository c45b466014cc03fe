"""Soft reservations: goods promised for a day and a time, extended, released."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage.reading import Reading
from chassis.work.locking import lock, read_all
from chassis.work.unit_of_work import Work
from erp.settings import settings_of
from erp.stock.events import GoodsExpected, SoftReservationChanged
from erp.stock.models.soft_reservations import SoftReservation
from erp.stock.queries import promises, saving
from erp.stock.queries import soft_reservations as queries
from erp.stock.queries.locking import LockedStock
from erp.stock.refusals import DayNotPromisable, NothingToPromise
from erp.stock.rules.promising import promise_date
from erp.stock.schemas.soft_reservations import (
    ExtendSoftReservation,
    MakeSoftReservations,
    NewSoftReservation,
)
from erp.stock.service.demand import lock_stock
from erp.stock.service.expected_receipts import availability_projections
from erp.stock.service.publishing import fill_backorders, publish_changes
from erp.stock.states import SoftReservationState
from values.decimals import plain

__all__ = [
    "extend_soft_reservation",
    "make_soft_reservations",
    "release_soft_reservation",
    "soft_reservation_states",
]

_ALL = sorted(SoftReservationChanged.model_fields.keys() - {"changed"})


async def soft_reservation_states(at: Reading, ids: Sequence[UUID]) -> list[SoftReservationChanged]:
    """What is published of soft reservations, as they are now."""
    return [SoftReservationChanged.of(one, ()) for one in await read_all(at, SoftReservation, ids)]


async def make_soft_reservations(work: Work, command: MakeSoftReservations) -> list[UUID]:
    """Promise each line its day, or the earliest one, and keep that from later promises (E37).

    All or nothing; the items are locked before a day is promised. Raises InvalidInput,
    MissingReference, FractionOfUnit, DayNotPromisable, NothingToPromise.
    """
    expires_at = _expiry(work, command.expires_at)
    _require_days_to_come(command.lines, work.today())
    if command.customer_id and not await queries.customer_exists(work.sql, command.customer_id):
        raise MissingReference(entity="customer", reference=command.customer_id)
    items = await _items_of(work, command.lines)
    stock = await lock_stock(work, items)
    for line, item_id in zip(command.lines, items, strict=True):
        stock.units[item_id].check_quantity(line.quantity)
    days = await _promise(work, stock, list(zip(items, command.lines, strict=True)))
    numbers = await queries.next_numbers(work.sql, len(items))
    made = [
        SoftReservation(
            id=uuid7(),
            created_at=work.now,
            updated_at=work.now,
            version=1,
            number=number,
            state=SoftReservationState.OPEN,
            item_id=item_id,
            customer_id=command.customer_id,
            quantity=line.quantity,
            wanted_on=line.on or work.today(),
            promised_on=day,
            expires_at=expires_at,
            used=Decimal(0),
            order_id=None,
            order_line_id=None,
            reference=command.reference,
            note=command.note,
            actor=work.actor.reference,
        )
        for line, item_id, day, number in zip(command.lines, items, days, numbers, strict=True)
    ]
    await queries.add_soft_reservations(work, made)
    await queries.lengthen(work, stock.item_ids, expires_at)
    await work.record(*(SoftReservationChanged.of(one, _ALL) for one in made))
    return [one.id for one in made]


def _require_days_to_come(lines: Sequence[NewSoftReservation], today: date) -> None:
    """Raises InvalidInput."""
    wrong = [
        FieldError(f"/lines/{at}/on", "day_has_passed", "This day has passed.")
        for at, line in enumerate(lines)
        if line.on and line.on < today
    ]
    if wrong:
        raise InvalidInput(errors=wrong)


def _expiry(work: Work, asked: datetime | None) -> datetime:
    """When a soft reservation made or extended now expires. Raises InvalidInput."""
    days = settings_of(work.setting).soft_reservation_days
    latest = work.now + timedelta(days=days)
    if asked is None:
        return latest
    if asked <= work.now:
        wrong = FieldError("/expires_at", "time_has_passed", "This time has passed.")
        raise InvalidInput(errors=[wrong])
    if asked > latest:
        wrong = FieldError(
            "/expires_at",
            "expires_too_late",
            "A soft reservation may not count for so long (ERP_SOFT_RESERVATION_DAYS).",
        )
        raise InvalidInput(errors=[wrong])
    return asked


async def _items_of(work: Work, lines: Sequence[NewSoftReservation]) -> list[UUID]:
    """The item of each line. Raises MissingReference."""
    found: Mapping[UUID | str, Mapping[str, Any]] = await queries.goods_named(
        work.sql,
        {line.item_id for line in lines if line.item_id},
        {line.sku for line in lines if line.sku},
    )
    items: list[UUID] = []
    for line in lines:
        named = found.get(line.item_id or line.sku or "")
        if named is None:
            raise MissingReference(entity="item", reference=line.item_id or line.sku)
        items.append(named["id"])
    return items


async def _promise(
    work: Work, stock: LockedStock, wanted: Sequence[tuple[UUID, NewSoftReservation]]
) -> list[date]:
    """The day of each line; what one gets, the next one finds gone."""
    projections = await availability_projections(work, stock.item_ids)
    today = work.today()
    days = []
    for item_id, line in wanted:
        projection = projections[item_id]
        atp = projection.atp(today=today)
        day = promise_date(atp, line.quantity, wanted_on=line.on or today)
        named: dict[str, Any] = {"quantity": plain(line.quantity), "sku": stock.skus[item_id]}
        if day is None:
            raise NothingToPromise(**named)
        if line.on and day > line.on:
            raise DayNotPromisable(**named, on=line.on, earliest_on=day)
        projection.commitments.append((day, line.quantity))
        days.append(day)
    return days


async def extend_soft_reservation(
    work: Work, soft_reservation_id: UUID, command: ExtendSoftReservation
) -> None:
    """Let one that counts do so for longer. Raises NotFound, SoftReservationEnded, InvalidInput."""
    _, soft = await _lock(work, soft_reservation_id)
    soft.require_live(work.now)
    expires_at = _expiry(work, command.expires_at)
    if expires_at < soft.expires_at:
        wrong = FieldError("/expires_at", "expires_sooner", "It expires later already.")
        raise InvalidInput(errors=[wrong])
    if expires_at == soft.expires_at:
        return
    soft.expires_at = expires_at
    soft.touch(work.now)
    await work.flush()
    await queries.lengthen(work, [soft.item_id], expires_at)
    await work.record(SoftReservationChanged.of(soft, ["expires_at"]))


async def release_soft_reservation(work: Work, soft_reservation_id: UUID) -> None:
    """Let the goods go: whoever waits for them gets them. Raises NotFound, SoftReservationEnded."""
    stock, soft = await _lock(work, soft_reservation_id)
    soft.require_live(work.now)
    soft.state = SoftReservationState.RELEASED
    soft.touch(work.now)
    await work.flush()
    await work.record(SoftReservationChanged.of(soft, ["state"]))
    filled = await fill_backorders(work, stock)
    await saving.save(work, stock)
    await publish_changes(work, stock, filled=filled)
    waiting = await promises.unpromised_orders(work.sql, stock.item_ids)
    if waiting:
        await work.record(GoodsExpected(order_ids=waiting))


async def _lock(work: Work, soft_reservation_id: UUID) -> tuple[LockedStock, SoftReservation]:
    """The level of its item first, as whoever promises goods does; then itself."""
    item_id = await queries.item_of(work.sql, soft_reservation_id)
    if item_id is None:
        raise NotFound(entity="soft_reservation", id=soft_reservation_id)
    stock = await lock_stock(work, [item_id])
    return stock, await lock(work, SoftReservation, soft_reservation_id)
