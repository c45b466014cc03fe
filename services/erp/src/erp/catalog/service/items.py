"""Items: what is particular about writing them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import selectinload

from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.errors import DuplicateSku, NotTrackable, UnitInUse, UnsuitableConversion
from erp.catalog.events import (
    ConversionState,
    GoodsAdded,
    ItemChanged,
    TaxCodesNamed,
    TrackingChanging,
    UnitOrKindChanging,
)
from erp.catalog.models import Item
from erp.catalog.queries import items as queries
from erp.catalog.schemas import Conversion, ItemView
from erp.catalog.service.categories import category_ids_of
from erp.catalog.service.units import require_units
from erp.catalog.states import ItemKind, Picking, Tracking
from records.entities import ACTIVE, Values
from records.shown import Shown, code_of
from records.types import Change, RecordType, changed_fields
from values.units import Ratio

__all__ = ["ITEM", "item_states"]

NEW = {
    "kind": ItemKind.GOODS,
    "unit": "C62",
    "tracking": Tracking.NONE,
    "picking": Picking.FEFO,
    "status": ACTIVE,
}
"""What a new item is unless it says otherwise; C62: counted in pieces."""


async def item_states(at: Reading, item_ids: Sequence[UUID]) -> list[ItemChanged]:
    """What is published of items, as they are now."""
    items = await read_all(at, Item, item_ids, selectinload(Item.units))
    return await _events(at, dict.fromkeys(items, ()))


async def _events(at: Reading, changed: Mapping[Item, Sequence[str]]) -> list[ItemChanged]:
    """What is published of items and the fields that changed."""
    category_ids = {item.category_id for item in changed if item.category_id}
    units = {item.unit for item in changed}
    codes, decimals = await queries.named(at.sql, category_ids, units) if changed else ({}, {})
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


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [NEW | {"units": []} for _ in range(count)]


async def _locked(work: Work, item_ids: Collection[UUID]) -> Mapping[UUID, Item]:
    return await lock_all(work, Item, item_ids, selectinload(Item.units))


async def _look_up(
    work: Work, changes: Sequence[Change[Item]], _sender: str | None
) -> Sequence[Values]:
    """The values with categories by id. Raises MissingReference."""
    named = [code for one in changes if (code := one.values.get("category")) is not None]
    ids = await category_ids_of(work.sql, named) if named else {}
    return [_with_category_id(one.values, ids) for one in changes]


def _with_category_id(given: Values, ids: Mapping[str, UUID]) -> Values:
    if "category" not in given:
        return given
    values = dict(given)
    return values | {"category_id": ids.get(values.pop("category"))}


async def _prepare(_work: Work, change: Change[Item], _sender: str | None) -> Values:
    """The values with conversions as ratios by unit. Raises UnsuitableConversion."""
    values = change.values
    if "conversions" not in values:
        return values
    return {**values, "conversions": _ratios(values["conversions"])}


def _ratios(conversions: Sequence[Conversion]) -> dict[str, Ratio]:
    ratios: dict[str, Ratio] = {}
    for conversion in conversions:
        if conversion.unit in ratios:
            raise UnsuitableConversion(unit=conversion.unit)
        ratios[conversion.unit] = conversion.ratio()
    return ratios


async def _check(work: Work, changes: Sequence[Change[Item]], _sender: str | None) -> None:
    """See to it that items name what there is, and become only what they may.

    Raises MissingReference (unit, tax code), UnsuitableConversion, NotTrackable, DuplicateSku,
    UnitInUse, and what others refuse: TrackingFixed, ItemInUse.
    """
    await _require_named(work, changes)
    await _require_trackable(
        work, [one.record for one in changes if one.touches("tracking", "kind", "unit")]
    )
    await _ask_others(work, [one for one in changes if not one.is_new])
    await _claim_skus(work, [one.record for one in changes if one.touches("sku")])
    units = {one.record.id: one for one in changes if "unit" in one.before}
    for item_id in await queries.priced_items(work.sql, list(units)) if units else ():
        one = units[item_id]
        raise UnitInUse(sku=_sku_before(one), unit=one.before["unit"])


async def _require_named(work: Work, changes: Sequence[Change[Item]]) -> None:
    """Raises MissingReference (unit, tax code), UnsuitableConversion."""
    counted = [one.record for one in changes if one.touches("unit", "conversions")]
    for item in counted:
        if item.unit in item.conversions:
            raise UnsuitableConversion(unit=item.unit)
    units = {unit for item in counted for unit in (item.unit, *item.conversions)}
    if units:
        await require_units(work.sql, sorted(units))
    taxed = {code for one in changes if one.touches("tax_code") and (code := one.record.tax_code)}
    if taxed:
        await work.record(TaxCodesNamed(tax_codes=sorted(taxed)))


async def _require_trackable(work: Work, items: Sequence[Item]) -> None:
    """See to it that only goods have lots, and only whole pieces serials. Raises NotTrackable."""
    tracked = [item for item in items if item.tracking != Tracking.NONE]
    if not tracked:
        return
    whole = await queries.whole_units(work.sql, {item.unit for item in tracked})
    for item in tracked:
        fits = item.tracking == Tracking.LOT or item.unit in whole
        if item.kind != ItemKind.GOODS or not fits:
            raise NotTrackable(sku=item.sku)


async def _ask_others(work: Work, changes: Sequence[Change[Item]]) -> None:
    """Let those refuse who have goods or documents of the items."""
    for one in changes:
        item_id, sku = one.record.id, _sku_before(one)
        if "tracking" in one.before:
            await work.record(TrackingChanging(item_id=item_id, sku=sku))
        if one.touches("unit", "kind"):
            await work.record(UnitOrKindChanging(item_id=item_id, sku=sku))


def _sku_before(change: Change[Item]) -> str:
    sku: str = change.before.get("sku", change.record.sku)
    return sku


async def _claim_skus(work: Work, items: Sequence[Item]) -> None:
    """See to it that each SKU is of one item. Raises DuplicateSku."""
    if not items:
        return
    await advisory_lock(work, *sorted({f"sku:{item.sku}" for item in items}))
    taken = await queries.item_ids(work.sql, [item.sku for item in items])
    for item in items:
        existing_id = taken.setdefault(item.sku, item.id)
        if existing_id != item.id:
            raise DuplicateSku(sku=item.sku, existing_id=existing_id)


async def _publish(work: Work, changes: Sequence[Change[Item]]) -> None:
    fields = {one.record: changed_fields(ItemChanged, one) for one in changes}
    await work.record(*await _events(work, fields))
    new_goods = [one.record for one in changes if one.touches("kind")]
    goods = [item.id for item in new_goods if item.kind == ItemKind.GOODS]
    if goods:
        await work.record(GoodsAdded(item_ids=goods))


async def _shown_conversions(_at: Reading, kept: Sequence[Any]) -> Sequence[Any]:
    """Conversions as the view lists them, of the ratios by unit."""
    return [
        None if ratios is None else [{"unit": unit} | ratios[unit] for unit in sorted(ratios)]
        for ratios in kept
    ]


ITEM: RecordType[Item, ItemView] = RecordType(
    name="item",
    entity=Item,
    reads=queries.ITEMS,
    required=("sku", "name"),
    defaults=_defaults,
    lock=_locked,
    look_up=_look_up,
    prepare=_prepare,
    check=_check,
    publish=_publish,
    shown={
        "category_id": code_of("category", "item_category"),
        "conversions": Shown("conversions", _shown_conversions),
    },
)
"""How items are kept. Raises DuplicateSku, MissingReference (unit, category, tax code), UnitInUse,
UnsuitableConversion, NotTrackable, TrackingFixed, ItemInUse.
"""
