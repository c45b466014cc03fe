"""Material issued to an order by hand, and brought back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.catalog.errors import FractionOfUnit
from erp.production_orders.errors import NotIssued, SerialNotIssued
from erp.production_orders.models import OrderComponent
from erp.production_orders.queries import orders as queries
from erp.production_orders.queries.orders import CountedItem, LockedOrder
from erp.production_orders.rules.quantities import share
from erp.production_orders.schemas.acts import IssueMaterial, MaterialQuantity
from erp.production_orders.service.booking import Booking, book, new_step
from erp.production_orders.service.releasing import require_state
from erp.production_orders.service.reserving import reserve_returned
from erp.production_orders.states import OPEN, ProductionOrderState, StepKind
from erp.stock.lines import MaterialLine, ReceiptLine
from erp.stock.service.converting import lots_in_production
from erp.stock.states import StockDocumentKind
from values.decimals import plain
from values.money import digits_of
from values.units import fits

__all__ = ["issue_material", "return_material"]

_ZERO = Decimal(0)


async def issue_material(work: Work, order_id: UUID, command: IssueMaterial) -> None:
    """Take material from stock for an order, also such as was not planned.

    Raises NotFound, WrongProductionState, MissingReference, FractionOfUnit, TooLittleOnHand, and
    what `convert_goods` raises about serials, days and periods.
    """
    day = business_day_of(work, command.effective_on)
    [locked] = await queries.lock_orders(work, [order_id])
    require_state(locked.order, *OPEN)
    items = await _items(work, command.lines)
    booking = Booking(locked, new_step(work, locked, StepKind.ISSUE, on=day))
    booking.state = ProductionOrderState.STARTED
    for line in command.lines:
        part = _component(booking, items[line.sku])
        material = MaterialLine(
            part.item_id,
            line.quantity,
            booking.step.id,
            serials=tuple(line.serials),
            lots=[one.line() for one in line.lots],
            demand_id=part.id,
        )
        booking.taken.append((part, material))
    memo = f"Issued to {locked.order.number}"
    await book(work, [booking], StockDocumentKind.PRODUCTION_ISSUE, on=day, memo=memo)


async def return_material(work: Work, order_id: UUID, command: IssueMaterial) -> None:
    """Bring material back into stock at what the order's share of it cost.

    Raises NotFound, WrongProductionState, MissingReference, FractionOfUnit, NotIssued,
    SerialNotIssued, and what `convert_goods` raises about serials and periods.
    """
    day = business_day_of(work, command.effective_on)
    [locked] = await queries.lock_orders(work, [order_id])
    require_state(locked.order, *OPEN)
    items = await _items(work, command.lines)
    booking = Booking(locked, new_step(work, locked, StepKind.RETURN, on=day))
    parts = {part.item_id: part for part in locked.components}
    await _require_of_order(work, locked, command.lines, items)
    await _require_issued(work, locked, items, command.lines)
    for line in command.lines:
        value = _give_back(
            line, parts.get(items[line.sku].id), decimals=digits_of(work.setting.currency)
        )
        locked.order.material -= value
        brought = ReceiptLine(
            items[line.sku].id,
            line.quantity,
            value,
            source_id=booking.step.id,
            serials=tuple(line.serials),
            lots=[one.line() for one in line.lots],
        )
        booking.brought.append(brought)
    memo = f"Returned from {locked.order.number}"
    await book(work, [booking], StockDocumentKind.PRODUCTION_RETURN, on=day, memo=memo)
    returned = [parts[items[line.sku].id] for line in command.lines]
    await reserve_returned(work, {part.id: part.issued for part in returned})


async def _require_of_order(
    work: Work,
    locked: LockedOrder,
    lines: Sequence[MaterialQuantity],
    items: Mapping[str, CountedItem],
) -> None:
    """Raises NotIssued: so many of a lot did not go into the order."""
    if not any(line.lots for line in lines):
        return
    steps = await queries.steps_of(work.sql, locked.order.id)
    issued = dict(await lots_in_production(work, [one.id for one in steps]))
    for line in lines:
        for lot in line.lots:
            key = items[line.sku].id, lot.number
            left = issued.get(key, _ZERO)
            if lot.quantity > left:
                name = f"{line.sku} ({lot.number})"
                raise NotIssued(sku=name, wanted=plain(lot.quantity), issued=plain(left))
            issued[key] = left - lot.quantity


async def _require_issued(
    work: Work,
    locked: LockedOrder,
    items: Mapping[str, CountedItem],
    lines: Sequence[MaterialQuantity],
) -> None:
    """Raises SerialNotIssued: each piece that comes back was issued to this order."""
    named = [(items[line.sku].id, serial) for line in lines for serial in line.serials]
    if not named:
        return
    issued = await queries.taken_serials(work.sql, locked.order.id, named)
    for line in lines:
        for serial in line.serials:
            if (items[line.sku].id, serial) not in issued:
                raise SerialNotIssued(sku=line.sku, serial=serial, number=locked.order.number)


def _give_back(line: MaterialQuantity, part: OrderComponent | None, *, decimals: int) -> Decimal:
    """Take so much off what was issued; what it cost. Raises NotIssued."""
    issued = part.issued if part else _ZERO
    if part is None or line.quantity > issued:
        raise NotIssued(sku=line.sku, wanted=plain(line.quantity), issued=plain(issued))
    value = share(part.issued_value, line.quantity, issued, decimals=decimals)
    part.issued -= line.quantity
    part.issued_value -= value
    return value


async def _items(work: Work, lines: Sequence[MaterialQuantity]) -> Mapping[str, CountedItem]:
    """The items of the lines by SKU. Raises MissingReference, FractionOfUnit."""
    found = await queries.counted_items(work.sql, skus={line.sku for line in lines})
    items = {one.sku: one for one in found}
    for line in lines:
        if line.sku not in items:
            raise MissingReference(entity="item", reference=line.sku)
        item = items[line.sku]
        if not fits(line.quantity, item.decimals):
            raise FractionOfUnit(
                quantity=plain(line.quantity), unit=item.unit, decimals=item.decimals
            )
    return items


def _component(booking: Booking, item: CountedItem) -> OrderComponent:
    """The order's component of the item; one that was not planned is added."""
    locked: LockedOrder = booking.locked
    for part in locked.components:
        if part.item_id == item.id:
            return part
    part = OrderComponent(
        id=uuid7(),
        production_order_id=locked.order.id,
        position=len(locked.components) + 1,
        item_id=item.id,
        numerator=_ZERO,
        denominator=Decimal(1),
        required=_ZERO,
        issued=_ZERO,
        issued_value=_ZERO,
        unit_cost=_ZERO,
    )
    locked.components.append(part)
    booking.added.append(part)
    return part
