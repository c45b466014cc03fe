"""Acts on items."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.catalog import queries
from erp.catalog.errors import DuplicateSku, NotTrackable, UnitInUse, UnsuitableConversion
from erp.catalog.events import (
    ConversionState,
    GoodsAdded,
    ItemChanged,
    TaxCodesNamed,
    TrackingChanging,
)
from erp.catalog.models import ACTIVE, ARCHIVED, Item
from erp.catalog.rules.units import Ratio
from erp.catalog.schemas import ChangeItem, ItemView, NewItem, UpsertItem
from erp.catalog.service.categories import category_ids_of
from erp.catalog.service.units import must_know_units
from erp.lines import stand_in_line
from erp.links import LinkExternal, link
from erp.upserts import InBulk, Sent, Upserted, required, upsert

__all__ = [
    "IN_BULK",
    "add_item",
    "archive_item",
    "change_item",
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

    Raises NotFound, StaleRevision, DuplicateSku, MissingReference, UnitInUse, NotTrackable,
    TrackingFixed.
    """
    item = await _locked(work, item_id)
    item.check_revision(revision)
    await _change(work, item, command.facts())


async def archive_item(work: Work, item_id: UUID) -> None:
    """Put the item away; its history stays. Raises NotFound."""
    await _change(work, await _locked(work, item_id), {"status": ARCHIVED})


async def restore_item(work: Work, item_id: UUID) -> None:
    """Use the item again. Raises NotFound."""
    await _change(work, await _locked(work, item_id), {"status": ACTIVE})


async def link_item(work: Work, item_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the item is. Raises NotFound, AlreadyLinked."""
    await see_item(work.sql, item_id)
    await link(work, KIND, item_id, command)


async def upsert_item(work: Work, system: str, external_id: str, command: UpsertItem) -> Upserted:
    """Take over an item as another system knows it.

    Raises InvalidInput (a new one without SKU or name), DuplicateSku, MissingReference,
    UnitInUse, NotTrackable, TrackingFixed.
    """
    facts = command.facts()
    return await upsert(
        work,
        Sent(KIND, system, external_id, command.source_version),
        create=partial(_add_sent, work, facts),
        change=partial(_change_sent, work, facts),
    )


async def _add_sent(work: Work, facts: dict[str, Any], item_id: UUID) -> None:
    await _add_all(work, [(item_id, required(facts, "sku", "name"))])


async def _add_each_sent(work: Work, sent: Sequence[tuple[UUID, UpsertItem]]) -> None:
    new = [(item_id, required(command.facts(), "sku", "name")) for item_id, command in sent]
    await _add_all(work, new)


IN_BULK = InBulk[Any](_add_each_sent)
"""How items of a batch that are new here are added at once."""


async def _change_sent(work: Work, facts: dict[str, Any], item_id: UUID) -> bool:
    return await _change(work, await _locked(work, item_id), facts)


async def _add_all(work: Work, sent: Sequence[tuple[UUID, Mapping[str, Any]]]) -> None:
    """Add items under the ids given, in few statements however many; all or none of them."""
    resolved = await _resolved_all(work, [NEW | dict(facts) for _, facts in sent])
    items = []
    for (item_id, _), facts in zip(sent, resolved, strict=True):
        item = Item(id=item_id, status=ACTIVE, units=[], created_at=work.now, updated_at=work.now)
        item.take(facts)
        _check_units(item)
        await _check_tracking(work, item)
        items.append(item)
    await _claim_skus(work, items)
    work.session.add_all(items)
    await work.flush()
    every_field = sorted(ItemChanged.model_fields.keys() - {"id", "version", "changed"})
    await _tell(work, items, every_field)
    goods = [item.id for item in items if item.kind == NEW["kind"]]
    if goods:
        await work.record(GoodsAdded(item_ids=goods))


async def _change(work: Work, item: Item, facts: Mapping[str, Any]) -> bool:
    """Whether anything changed; then it is one version and one event more."""
    sku, unit = item.sku, item.unit
    [resolved] = await _resolved_all(work, [facts])
    changed = item.change(resolved, work.now)
    if not changed:
        return False
    _check_units(item)
    await _check_tracking(work, item)
    if "tracking" in changed:
        await work.record(TrackingChanging(item_id=item.id, sku=sku))
    if "sku" in changed:
        await _claim_skus(work, [item])
    if "unit" in changed and await queries.has_prices(work.sql, item.id):
        raise UnitInUse(sku=sku, unit=unit)
    await work.flush()
    shown = ["category" if name == "category_id" else name for name in changed]
    await _tell(work, [item], sorted(shown))
    if "kind" in changed and item.kind == NEW["kind"]:
        await work.record(GoodsAdded(item_ids=[item.id]))
    return True


async def _tell(work: Work, items: Sequence[Item], changed: list[str]) -> None:
    category_ids = {item.category_id for item in items if item.category_id}
    codes = await queries.category_codes(work.sql, category_ids) if category_ids else {}
    for item in items:
        conversions = [
            ConversionState(unit=unit, numerator=ratio.numerator, denominator=ratio.denominator)
            for unit, ratio in sorted(item.conversions.items())
        ]
        category = codes.get(item.category_id)
        event = ItemChanged.of(item, changed, category=category, conversions=conversions)
        await work.record(event)


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


async def _check_tracking(work: Work, item: Item) -> None:
    """See to it that only what is counted in whole pieces has serials. Raises NotTrackable."""
    if item.tracking == NEW["tracking"]:
        return
    unit = await queries.unit(work.sql, item.unit)
    if item.kind != "goods" or unit is None or unit.decimals:
        raise NotTrackable(sku=item.sku)


async def _claim_skus(work: Work, items: Sequence[Item]) -> None:
    """See to it that each SKU is of one item. Raises DuplicateSku."""
    await stand_in_line(work, *sorted({f"sku:{item.sku}" for item in items}))
    taken = await queries.item_ids(work.sql, [item.sku for item in items])
    for item in items:
        existing_id = taken.setdefault(item.sku, item.id)
        if existing_id != item.id:
            raise DuplicateSku(sku=item.sku, existing_id=existing_id)


async def _locked(work: Work, item_id: UUID) -> Item:
    item = await queries.item_for_update(work, item_id)
    if item is None:
        raise NotFound(entity=KIND, id=item_id)
    return item
