"""Whether the material of orders is there when they begin, with the reason of each component."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from erp.production_orders.queries import availability
from erp.production_orders.queries.availability import AvailableItem
from erp.production_orders.queries.orders import ORDERS
from erp.production_orders.rules.available import ComponentCheck, check_component
from erp.production_orders.schemas.acts import ComponentAvailability, MaterialAvailability

__all__ = ["availability_of", "missing_of", "ready_on"]


async def availability_of(at: Reading, order_id: UUID) -> MaterialAvailability:
    """Each component that the order still needs, and whether it is there. Raises NotFound."""
    order = await ORDERS.get(at, order_id)
    components = [_shown(*one) for one in await _checked(at, [order.id])]
    return MaterialAvailability(
        order_id=order.id,
        number=order.number,
        start_on=order.start_on,
        available=all(not one.missing for one in components),
        components=components,
    )


async def missing_of(at: Reading, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
    """SKUs of what is missing, of the orders that lack something."""
    missing: dict[UUID, list[str]] = {}
    for item, check in await _checked(at, order_ids):
        if check.missing:
            missing.setdefault(item.order_id, []).append(item.sku)
    return missing


async def ready_on(at: Reading, order_ids: Sequence[UUID]) -> Mapping[UUID, date | None]:
    """The first day at whose beginning all material of an order is there; None: nothing brings it.

    Orders that need nothing more are left out.
    """
    found: dict[UUID, list[date | None]] = {}
    for item, check in await _checked(at, order_ids):
        found.setdefault(item.order_id, []).append(check.ready_on)
    return {order_id: _last(days) for order_id, days in found.items()}


def _last(days: Sequence[date | None]) -> date | None:
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None


async def _checked(
    at: Reading, order_ids: Sequence[UUID]
) -> list[tuple[AvailableItem, ComponentCheck]]:
    today = at.today()
    return [
        (
            item,
            check_component(
                item.required,
                on_hand=item.on_hand,
                free=item.free + item.earlier_reserved,
                earlier=item.earlier,
                due=item.due,
                on=item.start_on,
                today=today,
            ),
        )
        for item in await availability.available_items(at.sql, order_ids)
    ]


def _shown(item: AvailableItem, check: ComponentCheck) -> ComponentAvailability:
    return ComponentAvailability(
        item_id=item.item_id,
        sku=item.sku,
        required=item.required,
        on_hand=item.on_hand,
        free=item.free,
        needed_by_earlier=item.earlier,
        expected=sum((quantity for _, quantity, _ in item.due), Decimal(0)),
        missing=check.missing,
        reason=check.reason,
        available_on=check.available_on,
    )
