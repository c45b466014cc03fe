"""Production orders: what is particular about writing them."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from erp.catalog.errors import FractionOfUnit
from erp.production_orders.errors import OrderFixed
from erp.production_orders.events import ProductionOrderChanged
from erp.production_orders.models import ProductionOrder
from erp.production_orders.queries import orders as queries
from erp.production_orders.queries.orders import CountedItem
from erp.production_orders.schemas.acts import ProductionCosts
from erp.production_orders.schemas.orders import ProductionOrderView, ProductionSteps
from erp.production_orders.service.expecting import expect_goods, items_expected
from erp.production_orders.service.reserving import items_reserved, reserve_material
from erp.production_orders.states import ProductionOrderState
from erp.stock.errors import NotStocked
from erp.stock.service.expected_receipts import lock_items
from records.entities import Values
from records.types import Change, RecordType, changed_fields
from records.writes import write
from values.decimals import plain
from values.units import fits

__all__ = [
    "PRODUCTION_ORDER",
    "change_scheduling",
    "costs_of",
    "lock_production_orders",
    "production_order_states",
    "steps_of",
]

_CONTENT = frozenset(
    {"item_id", "quantity", "start_on", "over_tolerance", "under_tolerance", "backflush"}
)
"""What of an order stays once it is firm."""
_PIECES = frozenset({"item_id", "quantity"})
"""What of an order that makes pieces again stays: they are given with it."""
_STATES_THAT_END = frozenset({ProductionOrderState.CLOSED, ProductionOrderState.CANCELLED})


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    numbers = await queries.next_numbers(work.sql, count)
    return [{"number": number, "state": ProductionOrderState.PLANNED} for number in numbers]


async def _look_up(
    work: Work, changes: Sequence[Change[ProductionOrder]], _sender: str | None
) -> Sequence[Values]:
    """The values with the item by id. Raises MissingReference."""
    skus = {sku for one in changes if (sku := one.values.get("sku"))}
    found = await queries.counted_items(work.sql, skus=skus) if skus else []
    ids = {one.sku: one.id for one in found}
    return [_ready(one, ids) for one in changes]


def _ready(change: Change[ProductionOrder], ids: Mapping[str, UUID]) -> Values:
    values = {name: value for name, value in change.values.items() if name != "sku"}
    if "sku" in change.values:
        if change.values["sku"] not in ids:
            raise MissingReference(entity="item", reference=change.values["sku"])
        values["item_id"] = ids[change.values["sku"]]
    if "quantity" in values and "start_quantity" not in values:
        values["start_quantity"] = values["quantity"]
    return values


async def _check(
    work: Work, changes: Sequence[Change[ProductionOrder]], _sender: str | None
) -> None:
    """Raises OrderFixed, NotStocked, FractionOfUnit, InvalidInput (due before it begins)."""
    touched = [one.record for one in changes if one.touches("item_id", "quantity")]
    items = await queries.counted_items(work.sql, ids={one.item_id for one in touched})
    by_id = {one.id: one for one in items}
    for one in changes:
        _require_open(one)
        if one.record.due_on < one.record.start_on:
            message = "The order is due before it begins."
            raise InvalidInput(errors=[FieldError("/due_on", "due_before_start", message)])
    for order in touched:
        _require_made(order, by_id[order.item_id])


def _require_open(change: Change[ProductionOrder]) -> None:
    """Raises OrderFixed: what was asked for stays once it is firm, and all of what has ended."""
    if change.is_new:
        return
    order = change.record
    was = change.before.get("state", order.state)
    pieces = _PIECES & change.before.keys()
    if order.rework_of_id and pieces:
        raise OrderFixed(number=order.number, state=was, fields=", ".join(sorted(pieces)))
    fields = set(change.before) if was in _STATES_THAT_END else _CONTENT & change.before.keys()
    if fields and was != ProductionOrderState.PLANNED:
        raise OrderFixed(number=order.number, state=was, fields=", ".join(sorted(fields)))


def _require_made(order: ProductionOrder, item: CountedItem) -> None:
    """Raises NotStocked (a service), FractionOfUnit."""
    if item.kind != "goods":
        raise NotStocked(item=item.sku)
    if not fits(order.quantity, item.decimals):
        raise FractionOfUnit(quantity=plain(order.quantity), unit=item.unit, decimals=item.decimals)


async def _events(
    at: Reading, changed: Sequence[tuple[ProductionOrder, list[str]]]
) -> list[ProductionOrderChanged]:
    items = await queries.counted_items(at.sql, ids={order.item_id for order, _ in changed})
    skus = {one.id: one.sku for one in items}
    return [
        ProductionOrderChanged.of(order, fields, sku=skus[order.item_id])
        for order, fields in changed
    ]


async def production_order_states(at: Reading, ids: Sequence[UUID]) -> list[ProductionOrderChanged]:
    """What is published of production orders, as they are now."""
    return await _events(at, [(one, []) for one in await read_all(at, ProductionOrder, ids)])


async def _publish(work: Work, changes: Sequence[Change[ProductionOrder]]) -> None:
    changed = [(one.record, changed_fields(ProductionOrderChanged, one)) for one in changes]
    await work.record(*await _events(work, changed))
    items = await items_reserved(work, changes) | items_expected(changes)
    if items:
        await lock_items(work, items)  # all in one order, before each is dealt with
    await reserve_material(work, changes)
    await expect_goods(work, changes)


async def steps_of(at: Reading, order_id: UUID) -> ProductionSteps:
    """What was booked on the order, the first one first. Raises NotFound."""
    await queries.ORDERS.get(at, order_id)
    return ProductionSteps(order_id=order_id, steps=await queries.steps_of(at.sql, order_id))


async def costs_of(at: Reading, order_id: UUID) -> ProductionCosts:
    """What went into the order and what came out. Raises NotFound."""
    for order in await read_all(at, ProductionOrder, [order_id]):
        names = ProductionCosts.model_fields.keys() - {"order_id", "currency", "by_products"}
        own = {name: getattr(order, name) for name in names}
        own["by_products"] = order.by_product_value
        return ProductionCosts(order_id=order.id, currency=at.setting.currency, **own)
    raise NotFound(entity="production_order", id=order_id)


PRODUCTION_ORDER: RecordType[ProductionOrder, ProductionOrderView] = RecordType(
    name="production_order",
    entity=ProductionOrder,
    reads=queries.ORDERS,
    required=("sku", "quantity", "start_on", "due_on"),
    defaults=_defaults,
    look_up=_look_up,
    check=_check,
    publish=_publish,
)
"""How production orders are kept. Raises MissingReference (item), NotStocked, FractionOfUnit,
InvalidInput (due before it begins), OrderFixed.
"""


async def lock_production_orders(work: Work, order_ids: Collection[UUID]) -> None:
    """Let nobody else change the orders until the act ends. Raises NotFound."""
    await queries.lock_orders(work, order_ids)


async def change_scheduling(work: Work, values: Mapping[UUID, Values]) -> None:
    """Change due days, priorities and rush of orders, all or none.

    Raises NotFound, OrderFixed, InvalidInput (due before it begins).
    """
    if values:
        locked = await queries.lock_orders(work, values)
        changes = [one.change(**values[one.order.id]) for one in locked]
        await write(work, PRODUCTION_ORDER, changes)
