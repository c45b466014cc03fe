"""Whether the material of orders is there when they begin, with the reason of each component."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from erp.production_orders.queries import availability
from erp.production_orders.queries.orders import ORDERS
from erp.production_orders.rules.available import check_component
from erp.production_orders.schemas.acts import ComponentAvailability, MaterialAvailability
from erp.production_orders.schemas.orders import ProductionOrderView

__all__ = ["availability_of", "available_on", "missing_of"]


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


async def available_on(at: Reading, order_ids: Sequence[UUID]) -> Mapping[UUID, date | None]:
    """The day from which all material of an order is there; None: nothing brings some of it.

    Orders that need nothing more are left out.
    """
    found = await _checked(at, await ORDERS.get_all(at, order_ids))
    lacking = {one.item_id for parts in found.values() for one in parts if one.available_on is None}
    made = await availability.made_items(at.sql, lacking) if lacking else {}
    return {
        order_id: _last([one.available_on or _made_on(one, made) for one in parts])
        for order_id, parts in found.items()
        if parts
    }


def _last(days: Sequence[date | None]) -> date | None:
    known = [day for day in days if day is not None]
    return max(known) if len(known) == len(days) else None


def _made_on(
    part: ComponentAvailability, made: Mapping[UUID, Sequence[tuple[date, Decimal]]]
) -> date | None:
    """The day by which orders that make the component are due to have made what is missing."""
    total = Decimal(0)
    for day, quantity in made.get(part.item_id, ()):
        total += quantity
        if total >= part.missing:
            return day
    return None


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
