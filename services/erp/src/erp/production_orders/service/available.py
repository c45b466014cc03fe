"""Whether the material of orders is there when they begin, with the reason of each component."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from erp.production_orders.queries import availability
from erp.production_orders.queries.orders import ORDERS
from erp.production_orders.rules.available import check_component
from erp.production_orders.schemas.acts import ComponentAvailability, MaterialAvailability
from erp.production_orders.schemas.orders import ProductionOrderView

__all__ = ["availability_of", "missing_of"]


async def availability_of(at: Reading, order_id: UUID) -> MaterialAvailability:
    """Each component that the order still needs, and whether it is there. Raises NotFound."""
    order = await ORDERS.get(at, order_id)
    [components] = (await _checked(at, [order])).values()
    return MaterialAvailability(
        order_id=order.id,
        number=order.number,
        start_on=order.start_on,
        available=all(not one.missing for one in components),
        components=components,
    )


async def missing_of(at: Reading, order_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[str]]:
    """SKUs of what is missing, of the orders that lack something."""
    orders = await ORDERS.get_all(at, order_ids)
    found = await _checked(at, orders)
    missing = {one: [part.sku for part in parts if part.missing] for one, parts in found.items()}
    return {one: skus for one, skus in missing.items() if skus}


async def _checked(
    at: Reading, orders: Sequence[ProductionOrderView]
) -> dict[UUID, list[ComponentAvailability]]:
    begins = {one.id: one.start_on for one in orders}
    found: dict[UUID, list[ComponentAvailability]] = {one.id: [] for one in orders}
    for item in await availability.available_items(at.sql, list(begins)):
        check = check_component(
            item.required,
            on_hand=item.on_hand,
            free=item.free + item.earlier_reserved,
            earlier=item.earlier,
            due=item.due,
            on=begins[item.order_id],
            today=at.today(),
        )
        found[item.order_id].append(
            ComponentAvailability(
                item_id=item.item_id,
                sku=item.sku,
                required=item.required,
                on_hand=item.on_hand,
                free=item.free,
                needed_by_earlier=item.earlier,
                expected=sum((quantity for _, quantity in item.due), Decimal(0)),
                missing=check.missing,
                reason=check.reason,
                available_on=check.available_on,
            )
        )
    return found
