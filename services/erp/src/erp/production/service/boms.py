"""Bills of material: what is particular about writing them."""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.errors import FractionOfUnit
from erp.production.errors import (
    BomCycle,
    BomFixed,
    CostSharesTooHigh,
    DuplicateRevision,
    NoComponents,
    OtherUnit,
    OverlappingBom,
)
from erp.production.events import BillOfMaterialChanged
from erp.production.models import BillOfMaterial, ByProduct, Component
from erp.production.queries import boms as queries
from erp.production.queries.boms import CountedItem
from erp.production.rules.cycles import cycle_through
from erp.production.schemas.boms import (
    BillOfMaterialView,
    NewBillOfMaterial,
    NewByProduct,
    NewComponent,
    ReviseBillOfMaterial,
)
from erp.production.states import BomKind, BomStatus
from records.entities import Values
from records.shown import Shown
from records.types import Change, RecordType, changed_fields
from records.writes import create
from values.decimals import plain
from values.units import fits

__all__ = ["BOM", "bom_states", "revise"]

CONTENT = frozenset({"item_id", "label", "quantity", "kind", "lines", "by_products"})
"""What of a revision is fixed once it was activated."""
_NEW = {"quantity": Decimal(1), "kind": BomKind.MANUFACTURED, "status": BomStatus.DRAFT}
_PARTS = ("lines", "by_products")
_RATIO = ("numerator", "denominator")


async def revise(work: Work, bom_id: UUID, command: ReviseBillOfMaterial) -> UUID:
    """Draft a revision like the one there is; the id of the new one.

    Raises NotFound, DuplicateRevision, and what the content is refused for by now.
    """
    bom = await queries.BOMS.get(work, bom_id)
    shown = bom.model_dump(mode="json", include={"sku", "quantity", "kind", "note", "custom"})
    parts = {name: [one.model_dump(mode="json") for one in getattr(bom, name)] for name in _PARTS}
    given = shown | parts | command.model_dump(mode="json", exclude_unset=True)
    return await create(work, BOM, NewBillOfMaterial.model_validate(given))


async def bom_states(at: Reading, bom_ids: Sequence[UUID]) -> list[BillOfMaterialChanged]:
    """What is published of bills of material, as they are now."""
    boms = await read_all(at, BillOfMaterial, bom_ids)
    await queries.load_parts(at.sql, {bom.id: bom for bom in boms})
    return await _events(at, dict.fromkeys(boms, ()))


async def _events(
    at: Reading, changed: Mapping[BillOfMaterial, Sequence[str]]
) -> list[BillOfMaterialChanged]:
    """What is published of bills and the fields that changed."""
    named = {bom.item_id for bom in changed} | {one.item_id for bom in changed for one in bom.lines}
    named |= {one.item_id for bom in changed for one in bom.by_products}
    skus = await queries.skus_of(at.sql, named)
    return [
        BillOfMaterialChanged.of(
            bom,
            fields,
            sku=skus[bom.item_id],
            lines=[_named(one, skus) for one in bom.lines],
            by_products=[_named(one, skus) for one in bom.by_products],
        )
        for bom, fields in changed.items()
    ]


def _named(part: Component | ByProduct, skus: Mapping[UUID, str]) -> dict[str, Any]:
    """The component or by-product with its SKU."""
    names = [one for one in type(part).__dataclass_fields__ if one not in _RATIO]
    return {name: getattr(part, name) for name in names} | {"sku": skus[part.item_id]}


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [_NEW] * count


async def _lock(work: Work, ids: Collection[UUID]) -> Mapping[UUID, BillOfMaterial]:
    """The bills with all that belongs to them, locked. Raises NotFound."""
    found = await lock_all(work, BillOfMaterial, ids)
    await queries.load_parts(work.sql, found)
    return found


async def _look_up(
    work: Work, changes: Sequence[Change[BillOfMaterial]], _sender: str | None
) -> Sequence[Values]:
    """The values with items by id. Raises MissingReference, OtherUnit, FractionOfUnit."""
    skus = {sku for one in changes if (sku := one.values.get("sku"))}
    for one in changes:
        skus |= {part.sku for name in _PARTS for part in one.values.get(name) or ()}
    made = {one.record.item_id for one in changes if not one.is_new and "quantity" in one.values}
    items = await queries.lock_items(work.sql, skus, made) if skus or made else {}
    return [_ready(one, items) for one in changes]


def _ready(change: Change[BillOfMaterial], items: Mapping[str, CountedItem]) -> Values:
    values = {name: value for name, value in change.values.items() if name != "sku"}
    if "sku" in change.values:
        values["item_id"] = _item(change.values["sku"], items).id
    if values.keys() & {"item_id", "quantity"}:
        _require_made(change, values, items)
    if "lines" in values:
        values["lines"] = [_component(one, items) for one in values["lines"]]
    if "by_products" in values:
        values["by_products"] = [_by_product(one, items) for one in values["by_products"]]
    return values


def _require_made(
    change: Change[BillOfMaterial], values: Values, items: Mapping[str, CountedItem]
) -> None:
    """See to it that what the bill makes is counted as its item is. Raises FractionOfUnit."""
    item_id = values.get("item_id", change.record.item_id)
    quantity = values.get("quantity", change.record.quantity)
    for item in items.values():
        if item.id == item_id:
            _require_counted(quantity, item.unit, item.units[item.unit][2])


def _item(sku: str, items: Mapping[str, CountedItem]) -> CountedItem:
    if sku not in items:
        raise MissingReference(entity="item", reference=sku)
    return items[sku]


def _component(given: NewComponent, items: Mapping[str, CountedItem]) -> Component:
    item = _item(given.sku, items)
    unit = given.unit or item.unit
    if unit not in item.units:
        raise OtherUnit(sku=given.sku, unit=unit)
    numerator, denominator, decimals = item.units[unit]
    _require_counted(given.quantity, unit, decimals)
    return Component(
        item.id,
        given.quantity,
        unit,
        numerator,
        denominator,
        given.scrap,
        given.effective_from,
        given.effective_to,
        given.alternate_group or "",
        given.priority,
        given.phantom,
    )


def _by_product(given: NewByProduct, items: Mapping[str, CountedItem]) -> ByProduct:
    item = _item(given.sku, items)
    _require_counted(given.quantity, item.unit, item.units[item.unit][2])
    return ByProduct(item.id, given.quantity, given.cost_share)


def _require_counted(quantity: Decimal, unit: str, decimals: int) -> None:
    """Raises FractionOfUnit."""
    if not fits(quantity, decimals):
        raise FractionOfUnit(quantity=plain(quantity), unit=unit, decimals=decimals)


async def _check(
    work: Work, changes: Sequence[Change[BillOfMaterial]], _sender: str | None
) -> None:
    """See to it that revisions stand beside each other, and that nothing is made of itself.

    Raises BomFixed, NoComponents, CostSharesTooHigh, DuplicateRevision, OverlappingBom, BomCycle.
    """
    boms = [one.record for one in changes]
    named = {bom.item_id for bom in boms} | {one.item_id for bom in boms for one in bom.lines}
    skus = await queries.skus_of(work.sql, named)
    for one in changes:
        _require_sound(one, skus[one.record.item_id])
    # One act at a time looks at the structure: two could close a cycle that neither of them sees.
    await advisory_lock(work, "bill_of_material")
    for found in await queries.bills_in_the_way(work.sql, boms):
        bom = next(one for one in boms if one.id == found.bom_id)
        problem = OverlappingBom if found.overlaps else DuplicateRevision
        sku = skus[bom.item_id]
        raise problem(sku=sku, label=found.label, existing_id=found.existing_id)
    await _require_no_cycle(
        work, [one.record for one in changes if one.touches("lines", "status", "item_id")]
    )


def _require_sound(change: Change[BillOfMaterial], sku: str) -> None:
    """Raises BomFixed, NoComponents, CostSharesTooHigh."""
    bom = change.record
    was = bom.status if change.is_new else change.before.get("status", bom.status)
    fixed = not change.is_new and was != BomStatus.DRAFT
    if fixed and (CONTENT & change.before.keys() or bom.status == BomStatus.DRAFT):
        raise BomFixed(sku=sku, label=change.before.get("label", bom.label))
    if bom.status == BomStatus.ACTIVE and not bom.lines:
        raise NoComponents(sku=sku, label=bom.label)
    shares = sum((one.cost_share for one in bom.by_products), Decimal(0))
    if shares >= 1:
        raise CostSharesTooHigh(shares=plain(shares))


async def _require_no_cycle(work: Work, boms: Sequence[BillOfMaterial]) -> None:
    """Raises BomCycle, with the SKUs on the way."""
    boms = [bom for bom in boms if bom.status != BomStatus.ARCHIVED]
    if not boms:
        return
    begun = {one.item_id for bom in boms for one in bom.lines} | {bom.item_id for bom in boms}
    components = await queries.components_below(work.sql, begun, without=[bom.id for bom in boms])
    for bom in boms:
        components.setdefault(bom.item_id, set()).update(one.item_id for one in bom.lines)
    way = cycle_through(components, [bom.item_id for bom in boms])
    if way:
        skus = await queries.skus_of(work.sql, way)
        raise BomCycle(path=" > ".join(skus[one] for one in way))


async def _publish(work: Work, changes: Sequence[Change[BillOfMaterial]]) -> None:
    """Store components and by-products, and publish the states."""
    for field in _PARTS:
        held = [one.record for one in changes if field in one.before]
        held += [one.record for one in changes if one.is_new and getattr(one.record, field)]
        await queries.replace_parts(work.sql, field, held)
    fields = {one.record: changed_fields(BillOfMaterialChanged, one) for one in changes}
    await work.record(*await _events(work, fields))


def _shown(name: str) -> Shown:
    """Components or by-products as the view lists them: with SKUs."""

    async def named(at: Reading, kept: Sequence[Any]) -> Sequence[Any]:
        ids = {UUID(one["item_id"]) for parts in kept for one in parts or ()}
        skus = await queries.skus_of(at.sql, ids) if ids else {}
        return [
            None
            if parts is None
            else [
                {key: value for key, value in one.items() if key not in {*_RATIO, "item_id"}}
                | {"sku": skus.get(UUID(one["item_id"]))}
                for one in parts
            ]
            for parts in kept
        ]

    return Shown(name, named)


BOM: RecordType[BillOfMaterial, BillOfMaterialView] = RecordType(
    name="bill_of_material",
    entity=BillOfMaterial,
    reads=queries.BOMS,
    required=("sku", "label"),
    defaults=_defaults,
    lock=_lock,
    look_up=_look_up,
    check=_check,
    publish=_publish,
    shown={name: _shown(name) for name in _PARTS},
)
"""How bills of material are kept. Raises MissingReference (item), OtherUnit, FractionOfUnit,
ReversedEffectivity, BomFixed, NoComponents, CostSharesTooHigh, DuplicateRevision, OverlappingBom,
BomCycle.
"""
