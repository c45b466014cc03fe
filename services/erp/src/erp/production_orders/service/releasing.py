"""Orders made firm, released, cancelled: what they need is kept as it is on that day (E60)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.catalog.states import Tracking
from erp.production.service.costs import unit_costs
from erp.production.service.levels import DirectNeeds, direct_needs
from erp.production_orders.errors import (
    BillMissing,
    ByProductBySerial,
    MaterialShort,
    OrderBegun,
    PhantomItem,
    ReworkHasPieces,
    WrongProductionState,
)
from erp.production_orders.models import (
    OrderByProduct,
    OrderComponent,
    OrderOperation,
    ProductionOrder,
)
from erp.production_orders.queries import orders as queries
from erp.production_orders.queries import snapshots
from erp.production_orders.queries.orders import LockedOrder
from erp.production_orders.rules.quantities import begun_at, minutes_for, rounded_down, worth_of
from erp.production_orders.service.available import missing_of
from erp.production_orders.service.orders import PRODUCTION_ORDER
from erp.production_orders.states import ProductionOrderState
from erp.routings.service import RatedOperation, routings_for
from erp.stock.service.expected_receipts import lock_items
from records.entities import Values
from records.writes import create_all, write
from values.decimals import EXACT, plain, rounded, rounded_up
from values.money import digits_of

__all__ = ["cancel", "firm", "make_firm_orders", "release", "require_state"]

_ZERO = Decimal(0)
_S = ProductionOrderState


def require_state(order: ProductionOrder, *wanted: ProductionOrderState) -> None:
    """Raises WrongProductionState."""
    if order.state not in wanted:
        words = " or ".join(sorted(wanted))
        raise WrongProductionState(number=order.number, state=order.state, wanted=words)


async def firm(work: Work, order_id: UUID) -> None:
    """Let planning leave the order alone; it keeps bill, routing and rates from now on.

    Raises NotFound, WrongProductionState, BillMissing, PhantomItem, ByProductBySerial.
    """
    locked = await queries.lock_orders(work, [order_id])
    require_state(locked[0].order, _S.PLANNED)
    await _keep_content(work, locked)
    await _set_state(work, locked, _S.FIRM)


async def make_firm_orders(work: Work, values: Sequence[Values]) -> list[UUID]:
    """Plan orders of these values and make them firm, all or none; their ids, in that order.

    Raises BillMissing, PhantomItem, and what planning an order is refused for.
    """
    new = [(uuid7(), one) for one in values]
    await create_all(work, PRODUCTION_ORDER, new, links=[None] * len(new))
    await work.flush()
    ids = [order_id for order_id, _ in new]
    locked = await queries.lock_orders(work, ids)
    await _keep_content(work, locked)
    await _set_state(work, locked, _S.FIRM)
    return ids


async def release(work: Work, order_ids: Sequence[UUID], *, require_material: bool = False) -> None:
    """Let work on the orders begin, all or none. Of two who release an order one is refused.

    Raises NotFound, WrongProductionState, BillMissing, PhantomItem, ByProductBySerial,
    MaterialShort.
    """
    locked = await queries.lock_orders(work, order_ids)
    for one in locked:
        require_state(one.order, _S.PLANNED, _S.FIRM)
    planned = [one for one in locked if one.order.state == _S.PLANNED]
    await _keep_content(work, planned)
    if require_material:
        await work.flush()
        # Of two who release orders of the same material the second sees the first one's.
        # Items made are locked with them, because their expected receipts follow.
        items = {part.item_id for one in locked for part in one.components}
        await lock_items(work, items | {one.item.id for one in locked})
        missing = await missing_of(work, [one.order.id for one in locked])
        for one in locked:
            if one.order.id in missing:
                skus = ", ".join(missing[one.order.id])
                raise MaterialShort(number=one.order.number, missing=skus)
    await _set_state(work, locked, _S.RELEASED)


async def cancel(work: Work, order_id: UUID) -> None:
    """Make nothing of the order.

    Raises NotFound, OrderBegun, ReworkHasPieces, WrongProductionState.
    """
    locked = await queries.lock_orders(work, [order_id])
    order = locked[0].order
    if order.steps:
        raise OrderBegun(number=order.number, state=order.state)
    require_state(order, _S.PLANNED, _S.FIRM, _S.RELEASED)
    if order.rework_in:
        value = plain(rounded(order.rework_in, digits_of(work.setting.currency)))
        raise ReworkHasPieces(number=order.number, value=value)
    await _set_state(work, locked, _S.CANCELLED)


async def _set_state(
    work: Work, locked: Sequence[LockedOrder], state: ProductionOrderState
) -> None:
    await write(work, PRODUCTION_ORDER, [one.change(state=state) for one in locked])


async def _keep_content(work: Work, locked: Sequence[LockedOrder]) -> None:
    """Keep what the orders need on the day on which each begins, and what it costs now.

    An order that makes pieces again needs nothing but them. Raises BillMissing, PhantomItem,
    ByProductBySerial.
    """
    making = [one for one in locked if one.order.rework_of_id is None]
    keys = {(one.item.id, one.order.start_on) for one in making}
    needs = await direct_needs(work.sql, keys) if keys else {}
    for one in making:
        found = needs.get((one.item.id, one.order.start_on))
        if found is None:
            raise BillMissing(sku=one.item.sku, on=one.order.start_on)
        if found.phantom:
            raise PhantomItem(sku=one.item.sku)
    routings = await routings_for(work.sql, keys) if keys else {}
    named = {item for one in needs.values() for item in one.components}
    named |= {part.item_id for one in needs.values() for part in one.by_products}
    items = await queries.counted_items(work.sql, ids=named)
    decimals = {one.id: one.decimals for one in items}
    by_serial = {one.id: one.sku for one in items if one.tracking == Tracking.SERIAL}
    _require_countable(making, needs, by_serial)
    costs = await unit_costs(work.sql, named, on=work.today()) if named else {}
    for one in making:
        key = one.item.id, one.order.start_on
        routing_id, operations = routings.get(key, (None, []))
        one.order.routing_id = routing_id
        _keep_operations(one, operations)
        _keep_parts(one, needs[key], decimals, costs)
    for one in locked:
        _plan_cost(one, decimals=digits_of(work.setting.currency))
    await work.flush()
    await snapshots.add_parts(work, making)


def _require_countable(
    making: Sequence[LockedOrder],
    needs: Mapping[tuple[UUID, date], DirectNeeds],
    by_serial: Mapping[UUID, str],
) -> None:
    """Raises ByProductBySerial: a report names no serials of by-products."""
    for one in making:
        for by_product in needs[one.item.id, one.order.start_on].by_products:
            sku = by_serial.get(by_product.item_id)
            if sku is not None:
                raise ByProductBySerial(sku=sku, made=one.item.sku)


def _keep_operations(locked: LockedOrder, operations: Sequence[RatedOperation]) -> None:
    """Keep the operations, and how many begin each so that enough come out good (E59)."""
    order = locked.order
    yields = [rated.operation.yield_part for rated in operations]
    begun = begun_at(order.quantity, yields, decimals=locked.item.decimals)
    order.start_quantity = begun[0] if begun else order.quantity
    for rated, quantity in zip(operations, begun, strict=True):
        planned = minutes_for(rated.operation, quantity, efficiency=rated.efficiency)
        own = {name: getattr(rated.operation, name) for name in rated.operation.__slots__}
        locked.operations.append(
            OrderOperation(
                id=uuid7(),
                production_order_id=order.id,
                **own,
                cost_per_hour=rated.cost_per_hour,
                overhead_per_hour=rated.overhead_per_hour,
                efficiency=rated.efficiency,
                start_quantity=quantity,
                planned_minutes=_ZERO if rated.operation.supplier_id else planned,
                good=_ZERO,
                scrapped=_ZERO,
                reworked=_ZERO,
                minutes=_ZERO,
            )
        )


def _keep_parts(
    locked: LockedOrder,
    needs: DirectNeeds,
    decimals: Mapping[UUID, int],
    costs: Mapping[UUID, Decimal],
) -> None:
    """Keep the components and by-products."""
    order = locked.order
    order.bill_of_material_id = needs.bom_id
    begun = Fraction(order.start_quantity)
    for position, (item_id, per_piece) in enumerate(needs.components.items(), 1):
        locked.components.append(
            OrderComponent(
                id=uuid7(),
                production_order_id=order.id,
                position=position,
                item_id=item_id,
                numerator=Decimal(per_piece.numerator),
                denominator=Decimal(per_piece.denominator),
                required=rounded_up(per_piece * begun, decimals[item_id]),
                issued=_ZERO,
                issued_value=_ZERO,
                unit_cost=rounded(costs.get(item_id, _ZERO), 6),
            )
        )
    by_products: dict[UUID, OrderByProduct] = {}
    for one in needs.by_products:
        part = by_products.setdefault(
            one.item_id,
            OrderByProduct(
                id=uuid7(),
                production_order_id=order.id,
                position=len(by_products) + 1,
                item_id=one.item_id,
                planned=_ZERO,
                cost_share=_ZERO,
                received=_ZERO,
                received_value=_ZERO,
            ),
        )
        planned = one.per_piece * Fraction(order.quantity)
        part.planned += rounded_down(planned, decimals[one.item_id])
        part.cost_share += one.cost_share
    locked.by_products.extend(by_products.values())


def _plan_cost(locked: LockedOrder, *, decimals: int) -> None:
    """Keep what the whole order is to cost: material, labour and overhead, or what is reworked."""
    total = locked.order.rework_in
    for part in locked.components:
        total += rounded(EXACT.multiply(part.required, part.unit_cost), decimals)
    for one in locked.operations:
        total += worth_of(one.planned_minutes, one.cost_per_hour, decimals=decimals)
        total += worth_of(one.planned_minutes, one.overhead_per_hour, decimals=decimals)
    locked.order.planned_cost = total
