"""Lots: what is particular about writing them, and what becomes of their stock then."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.states import Tracking
from erp.stock.errors import (
    DuplicateLotNumber,
    LotFixed,
    LotNotDecided,
    LotNotFollowing,
    LotsNotKept,
)
from erp.stock.events import LotChanged, LotsReleasing
from erp.stock.models.lots import Lot
from erp.stock.queries import locking
from erp.stock.queries import lots as queries
from erp.stock.schemas.lots import LotDecision, LotView
from erp.stock.service.lot_states import bring_into_use, take_out_of_use
from erp.stock.states import LOT_FOLLOWING, LotOwner, LotQuality
from records.entities import Values
from records.types import Change, RecordType, changed_fields
from records.writes import lock_visible, write

__all__ = ["LOT", "decide", "lot_states"]

_FIXED = ("item_id", "number", "owner", "owner_id")
_NEW = {"owner": LotOwner.OWN, "quality": LotQuality.RELEASED}


async def lot_states(at: Reading, lot_ids: Sequence[UUID]) -> list[LotChanged]:
    """What is published of lots, as they are now."""
    return await _events(at, dict.fromkeys(await read_all(at, Lot, lot_ids), ()))


async def _events(at: Reading, changed: Mapping[Lot, Sequence[str]]) -> list[LotChanged]:
    skus = await queries.skus_of(at.sql, {lot.item_id for lot in changed})
    return [LotChanged.of(lot, fields, sku=skus[lot.item_id]) for lot, fields in changed.items()]


async def decide(work: Work, lot_id: UUID, quality: LotQuality, command: LotDecision) -> None:
    """Bring a lot into another state, for a reason; in the same state only the reason changes.

    Raises NotFound, LotNotFollowing.
    """
    found = await lock_visible(work, LOT, [lot_id])
    values = {"quality": quality, "quality_reason": command.reason}
    await write(work, LOT, [Change(found[lot_id], values)])


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [_NEW] * count


async def _lock(work: Work, lot_ids: Collection[UUID]) -> Mapping[UUID, Lot]:
    """The levels of the items first, as whoever moves goods does; then the lots."""
    await locking.load_for_update(work, sorted(await queries.items_of_lots(work.sql, lot_ids)))
    return await lock_all(work, Lot, lot_ids)


async def _look_up(
    work: Work, changes: Sequence[Change[Lot]], _sender: str | None
) -> Sequence[Values]:
    """The values with items by id, and days by the shelf life. Raises MissingReference.

    Raises LotsNotKept (the item of a new lot is not tracked by lot).
    """
    skus = {sku for one in changes if (sku := one.values.get("sku"))}
    ids = {item_id for one in changes if (item_id := one.values.get("item_id"))}
    rows = await queries.tracked_items(work.sql, skus=skus, item_ids=ids) if skus or ids else []
    items = {row["sku"]: row for row in rows} | {row["id"]: row for row in rows}
    return [_ready(one, items, today=work.today()) for one in changes]


def _ready(change: Change[Lot], items: Mapping[Any, Mapping[str, Any]], *, today: date) -> Values:
    values = {name: value for name, value in change.values.items() if name != "sku"}
    came_on = values.pop("came_on", today)
    if "supplier_lot" in values:
        values["supplier_lot"] = values["supplier_lot"] or ""
    key = change.values.get("sku") or change.values.get("item_id")
    if key is None:
        return values
    item = items.get(key)
    if item is None:
        raise MissingReference(entity="item", reference=key)
    if item["tracking"] != Tracking.LOT:
        raise LotsNotKept(sku=item["sku"])
    values["item_id"] = item["id"]
    days = item["shelf_life_days"]
    if change.is_new and days and values.get("expires_on") is None:
        values["expires_on"] = (values.get("made_on") or came_on) + timedelta(days=days)
    return values


async def _check(work: Work, changes: Sequence[Change[Lot]], _sender: str | None) -> None:
    """See to it that lots keep what they are, and give up goods that are not to be used any more.

    Raises LotFixed, LotNotDecided, LotNotFollowing, MissingReference, DuplicateLotNumber, and what
    handlers of LotsReleasing raise.
    """
    for one in changes:
        if any(name in one.before for name in _FIXED):
            raise LotFixed(lot=one.before.get("number", one.record.number))
        before = one.before.get("quality")
        if before and "quality_reason" not in one.values:
            raise LotNotDecided(lot=one.record.number, quality=before)
        if before and one.record.quality not in LOT_FOLLOWING[LotQuality(before)]:
            following = ", ".join(sorted(LOT_FOLLOWING[LotQuality(before)]))
            raise LotNotFollowing(lot=one.record.number, quality=before, following=following)
    freed = [one.record for one in changes if "quality" in one.before]
    freed = [one for one in freed if one.quality == LotQuality.RELEASED]
    if freed:
        await work.record(LotsReleasing(lot_ids=sorted(one.id for one in freed)))
    await _require_parties(work, [one.record for one in changes if one.touches("supplier_id")])
    await _claim_numbers(work, [one.record for one in changes if one.is_new])
    await take_out_of_use(work, _judged(changes))


async def _require_parties(work: Work, lots: Sequence[Lot]) -> None:
    """Raises MissingReference."""
    owners = {(lot.owner, lot.owner_id) for lot in lots if lot.owner_id}
    customers = {one for owner, one in owners if owner == LotOwner.CUSTOMER}
    suppliers = {one for owner, one in owners if owner == LotOwner.SUPPLIER}
    came_from = {lot.supplier_id for lot in lots if lot.supplier_id}
    if not (customers or suppliers or came_from):
        return
    known = await queries.existing_parties(work.sql, customers, suppliers | came_from)
    for entity, wanted in (("customer", customers), ("supplier", suppliers | came_from)):
        for one in wanted - known:
            raise MissingReference(entity=entity, reference=one)


async def _claim_numbers(work: Work, lots: Sequence[Lot]) -> None:
    """See to it that each number is of one lot of item and owner. Raises DuplicateLotNumber."""
    if not lots:
        return
    keys = {(lot.item_id, lot.number, lot.owner_id): lot for lot in lots}
    await advisory_lock(work, *sorted(f"lot:{item}:{number}" for item, number, _ in keys))
    taken = await queries.lots_by_number(work.sql, keys)
    for lot in lots:
        key = lot.item_id, lot.number, lot.owner_id
        existing_id = taken.get(key, keys[key].id)
        if existing_id != lot.id:
            skus = await queries.skus_of(work.sql, [lot.item_id])
            raise DuplicateLotNumber(sku=skus[lot.item_id], lot=lot.number, existing_id=existing_id)


def _judged(changes: Sequence[Change[Lot]]) -> list[Lot]:
    """Lots of ours that may be used from now on, or may not any more."""
    return [
        one.record
        for one in changes
        if one.before.keys() & {"quality", "expires_on"} and one.record.owner == LotOwner.OWN
    ]


async def _publish(work: Work, changes: Sequence[Change[Lot]]) -> None:
    fields = {one.record: changed_fields(LotChanged, one) for one in changes}
    await work.record(*await _events(work, fields))
    await bring_into_use(work, {lot.item_id for lot in _judged(changes)})


LOT: RecordType[Lot, LotView] = RecordType(
    name="lot",
    entity=Lot,
    reads=queries.LOTS,
    required=("sku", "number"),
    defaults=_defaults,
    lock=_lock,
    look_up=_look_up,
    check=_check,
    publish=_publish,
)
"""How lots are kept. Raises MissingReference (item, supplier, owner), LotsNotKept, LotFixed,
LotExpiresFirst, LotNotDecided, LotNotFollowing, DuplicateLotNumber.
"""
