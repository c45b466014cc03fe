"""Acts on items."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy.orm import selectinload

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.locking import advisory_lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from erp.catalog import queries
from erp.catalog.errors import DuplicateSku, NotTrackable, UnitInUse, UnsuitableConversion
from erp.catalog.events import (
    ConversionState,
    GoodsAdded,
    ItemChanged,
    TaxCodesNamed,
    TrackingChanging,
    UnitOrKindChanging,
)
from erp.catalog.models import ACTIVE, ARCHIVED, Item
from erp.catalog.schemas import ChangeItem, ItemView, NewItem, UpsertItem
from erp.catalog.service.categories import category_ids_of
from erp.catalog.service.units import must_know_units
from records.batches import InBulk, upsert_one
from records.links import LinkExternal, link
from records.upserts import Sent, Upserted, require
from values.units import Ratio

__all__ = [
    "IN_BULK",
    "add_item",
    "archive_item",
    "change_item",
    "item_states",
    "link_item",
    "restore_item",
    "see_item",
    "upsert_item",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"
KIND = "item"
NEW = {"kind": "goods", "unit": "C62", "tracking": "none"}
"""What a new item is unless it says otherwise; C62: counted in pieces."""


async def see_item(sql: Sql, item_id: UUID) -> ItemView:
    """The item as callers see it. Raises NotFound."""
    seen = await queries.item_view(sql, item_id)
    if seen is None:
        raise NotFound(entity=KIND, id=item_id)
    return seen


async def add_item(work: Work, command: NewItem) -> UUID:
    """Add an item.

    Raises DuplicateSku, MissingReference (unit, category, tax code), NotTrackable.
    """
    item_id = uuid7()
    await _add_all(work, [(item_id, command.facts())])
    return item_id


async def change_item(work: Work, item_id: UUID, command: ChangeItem, *, revision: int) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, DuplicateSku, MissingReference, UnitInUse, ItemInUse,
    NotTrackable, TrackingFixed.
    """
    item = (await _locked(work, [item_id]))[item_id]
    item.check_revision(revision)
    await _change_all(work, [(item, command.facts())])


async def archive_item(work: Work, item_id: UUID) -> None:
    """Put the item away; its history stays. Raises NotFound."""
    await _put(work, item_id, ARCHIVED)


async def restore_item(work: Work, item_id: UUID) -> None:
    """Use the item again. Raises NotFound."""
    await _put(work, item_id, ACTIVE)


async def link_item(work: Work, item_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the item is. Raises NotFound, AlreadyLinked."""
    await see_item(work.sql, item_id)
    await link(work, KIND, item_id, command)


async def upsert_item(work: Work, system: str, external_id: str, command: UpsertItem) -> Upserted:
    """Take over an item as another system knows it.

    Raises InvalidInput (a new one without SKU or name), DuplicateSku, MissingReference,
    UnitInUse, NotTrackable, TrackingFixed.
    """
    sent = Sent(KIND, system, external_id, command)
    return await upsert_one(work, sent, command, by=IN_BULK)


async def _add_sent(work: Work, _system: str, sent: Sequence[tuple[UUID, UpsertItem]]) -> None:
    new = [(item_id, require(command.facts(), "sku", "name")) for item_id, command in sent]
    await _add_all(work, new)


async def _change_sent(
    work: Work, _system: str, sent: Sequence[tuple[UUID, UpsertItem]]
) -> list[bool]:
    held = await _locked(work, [item_id for item_id, _ in sent])
    return await _change_all(work, [(held[item_id], command.facts()) for item_id, command in sent])


IN_BULK = InBulk[Any](create=_add_sent, change=_change_sent)
"""How items of another system are taken over, one or many."""


async def _add_all(work: Work, sent: Sequence[tuple[UUID, Mapping[str, Any]]]) -> None:
    """Add items under the ids given, in few statements however many; all or none of them."""
    resolved = await _resolved_all(work, [NEW | dict(facts) for _, facts in sent])
    items = []
    for (item_id, _), facts in zip(sent, resolved, strict=True):
        item = Item(id=item_id, status=ACTIVE, units=[], created_at=work.now, updated_at=work.now)
        item.apply(facts)
        _check_units(item)
        items.append(item)
    await _check_tracking(work, items)
    await _claim_skus(work, items)
    work.session.add_all(items)
    await work.flush()
    every_field = sorted(ItemChanged.model_fields.keys() - {"id", "version", "changed"})
    await _tell(work, dict.fromkeys(items, every_field))
    goods = [item.id for item in items if item.kind == NEW["kind"]]
    if goods:
        await work.record(GoodsAdded(item_ids=goods))


async def _put(work: Work, item_id: UUID, status: str) -> None:
    held = await _locked(work, [item_id])
    await _change_all(work, [(held[item_id], {"status": status})])


async def _change_all(work: Work, told: Sequence[tuple[Item, Mapping[str, Any]]]) -> list[bool]:
    """Whether each of the locked items changed; then it is one version and one event more."""
    before = {item.id: (item.sku, item.unit) for item, _ in told}
    resolved = await _resolved_all(work, [facts for _, facts in told])
    changes = [
        list(item.change(facts, work.now)) for (item, _), facts in zip(told, resolved, strict=True)
    ]
    changed = {item: fields for (item, _), fields in zip(told, changes, strict=True) if fields}
    await _check_changed(work, changed, before)
    await work.flush()
    await _tell(work, changed)
    goods = [item.id for item in changed if "kind" in changed[item] and item.kind == NEW["kind"]]
    if goods:
        await work.record(GoodsAdded(item_ids=goods))
    return [bool(fields) for fields in changes]


async def _check_changed(
    work: Work,
    changed: Mapping[Item, Sequence[str]],
    before: Mapping[UUID, tuple[str, str]],
) -> None:
    """Refuse what no item may become; `before` is its SKU and unit as they were."""
    await _check_tracking(work, changed)
    for item, fields in changed.items():
        _check_units(item)
        if "tracking" in fields:
            await work.record(TrackingChanging(item_id=item.id, sku=before[item.id][0]))
        if {"unit", "kind"} & set(fields):
            await work.record(UnitOrKindChanging(item_id=item.id, sku=before[item.id][0]))
    renamed = [item for item, fields in changed.items() if "sku" in fields]
    if renamed:
        await _claim_skus(work, renamed)
    measured = [item.id for item, fields in changed.items() if "unit" in fields]
    for item_id in await queries.priced_items(work.sql, measured) if measured else ():
        sku, unit = before[item_id]
        raise UnitInUse(sku=sku, unit=unit)


async def item_states(work: Work, item_ids: Sequence[UUID]) -> list[ItemChanged]:
    """What is published of items, as they are now."""
    items = await read_all(work, Item, item_ids, selectinload(Item.units))
    return await _events(work, dict.fromkeys(items, ()))


async def _tell(work: Work, changed: Mapping[Item, Sequence[str]]) -> None:
    await work.record(*await _events(work, changed))


async def _events(work: Work, changed: Mapping[Item, Sequence[str]]) -> list[ItemChanged]:
    """What is published of items and the fields that changed."""
    category_ids = {item.category_id for item in changed if item.category_id}
    units = {item.unit for item in changed}
    codes, decimals = await queries.named(work.sql, category_ids, units) if changed else ({}, {})
    events = []
    for item, fields in changed.items():
        conversions = [
            ConversionState(unit=unit, numerator=ratio.numerator, denominator=ratio.denominator)
            for unit, ratio in sorted(item.conversions.items())
        ]
        category = codes.get(item.category_id)
        shown = sorted("category" if name == "category_id" else name for name in fields)
        events.append(
            ItemChanged.of(
                item,
                shown,
                category=category,
                conversions=conversions,
                unit_decimals=decimals[item.unit],
            )
        )
    return events


async def _resolved_all(work: Work, many: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The facts as the entities take them: categories by id, units and tax codes that exist.

    Raises MissingReference, UnsuitableConversion (a unit named twice).
    """
    named = [facts["category"] for facts in many if facts.get("category") is not None]
    category_ids = await category_ids_of(work.sql, named) if named else {}
    resolved = [_with_ids(facts, category_ids) for facts in many]
    units = {unit for facts in resolved for unit in _units_of(facts)}
    if units:
        await must_know_units(work.sql, sorted(units))
    taxed = {facts["tax_code"] for facts in many if facts.get("tax_code") is not None}
    if taxed:
        await work.record(TaxCodesNamed(tax_codes=sorted(taxed)))
    return resolved


def _with_ids(facts: Mapping[str, Any], category_ids: Mapping[str, UUID]) -> dict[str, Any]:
    kept = {name: value for name, value in facts.items() if name != "category"}
    if "category" in facts:
        kept["category_id"] = category_ids.get(facts["category"])
    if "conversions" in facts:
        kept["conversions"] = _ratios(facts["conversions"])
    return kept


def _units_of(facts: Mapping[str, Any]) -> list[str]:
    return [*facts.get("conversions", ()), *([facts["unit"]] if "unit" in facts else [])]


def _ratios(conversions: list[Any]) -> dict[str, Ratio]:
    ratios: dict[str, Ratio] = {}
    for conversion in conversions:
        if conversion.unit in ratios:
            raise UnsuitableConversion(unit=conversion.unit)
        ratios[conversion.unit] = conversion.ratio()
    return ratios


def _check_units(item: Item) -> None:
    if item.unit in item.conversions:
        raise UnsuitableConversion(unit=item.unit)


async def _check_tracking(work: Work, items: Collection[Item]) -> None:
    """See to it that only what is counted in whole pieces has serials. Raises NotTrackable."""
    tracked = [item for item in items if item.tracking != NEW["tracking"]]
    if not tracked:
        return
    whole = await queries.whole_units(work.sql, {item.unit for item in tracked})
    for item in tracked:
        if item.kind != "goods" or item.unit not in whole:
            raise NotTrackable(sku=item.sku)


async def _claim_skus(work: Work, items: Sequence[Item]) -> None:
    """See to it that each SKU is of one item. Raises DuplicateSku."""
    await advisory_lock(work, *sorted({f"sku:{item.sku}" for item in items}))
    taken = await queries.item_ids(work.sql, [item.sku for item in items])
    for item in items:
        existing_id = taken.setdefault(item.sku, item.id)
        if existing_id != item.id:
            raise DuplicateSku(sku=item.sku, existing_id=existing_id)


async def _locked(work: Work, item_ids: Collection[UUID]) -> dict[UUID, Item]:
    return await lock_all(work, Item, item_ids, selectinload(Item.units))
