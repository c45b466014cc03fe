"""Taking a mistaken shipment, or return, back: as if its goods had never moved."""

from collections.abc import Sequence
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.fulfilment.errors import GoodsCameBack
from erp.fulfilment.models import OrderLine, Shipment, ShipmentLine
from erp.fulfilment.queries import shipments, writing
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.schemas import ReverseShipment, ShipmentView
from erp.fulfilment.service.changing import lock_order
from erp.fulfilment.service.publishing import publish_changes
from erp.fulfilment.states import ShipmentKind
from erp.stock.service.reversing import reverse_return
from erp.stock.service.reversing import reverse_shipment as stock_reverse_shipment

__all__ = ["reverse_shipment"]


async def reverse_shipment(work: Work, shipment_id: UUID, command: ReverseShipment) -> ShipmentView:
    """Take a shipment, or a return, back whole, as if its goods had never moved (E7, E47).

    Raises NotFound, ShipmentReversed, InvalidInput (before it), Forbidden (a past day), and of a
    shipment ShipmentInvoiced, GoodsCameBack and as stock's; of a return `reverse_return`'s.
    """
    day = business_day_of(work, command.effective_on)
    order_id = await shipments.order_of_shipment(work.sql, shipment_id)
    if order_id is None:
        raise NotFound(entity="shipment", id=shipment_id)
    order = await lock_order(work, order_id)
    shipment = await shipments.shipment_for_update(work, shipment_id)
    gone = (
        await shipments.shipped_lines(work, order_id)
        if shipment.kind == ShipmentKind.DELIVERY
        else []
    )
    shipment.reverse(on=day, reason=command.reason, at=work.now)
    if shipment.kind == ShipmentKind.DELIVERY:
        await _reverse_delivery(work, order, shipment, gone)
    else:
        await _reverse_return(work, order, shipment)
    order.header.update_state(order.lines, order.charges)
    await writing.save(work, order, edited=False)
    await publish_changes(work, [order_id], ["lines", "shipments", "state"])
    return await shipments.SHIPMENTS.get(work, shipment_id)


async def _reverse_delivery(
    work: Work, order: LockedOrder, shipment: Shipment, gone: Sequence[ShipmentLine]
) -> None:
    """Goods come in at the cost they left at, the posting is reversed, the lines are open again."""
    if await shipments.has_later_return(work.sql, shipment.id):
        raise GoodsCameBack(number=shipment.number)
    for line in order.lines:
        _reopen_line(line, shipment, [one for one in gone if one.order_line_id == line.id])
    await work.flush()
    await stock_reverse_shipment(
        work,
        shipment.id,
        reversal_id=uuid7(),
        effective_on=shipment.reversed_on or work.today(),
        memo=shipment.reversal_reason,
    )


async def _reverse_return(work: Work, order: LockedOrder, shipment: Shipment) -> None:
    """Goods leave again at what they came back at; credited ones may be invoiced anew."""
    back = {one.order_line_id: one for one in await shipments.lines_of_shipment(work, shipment.id)}
    for line in order.lines:
        if line.id in back:
            line.reverse_return(back[line.id].quantity, waived=back[line.id].waived)
    await work.flush()
    await reverse_return(
        work,
        shipment.id,
        reversal_id=uuid7(),
        effective_on=shipment.reversed_on or work.today(),
        memo=f"{shipment.number} {shipment.reversal_reason}",
    )


def _reopen_line(line: OrderLine, shipment: Shipment, gone: Sequence[ShipmentLine]) -> None:
    """Open the line again; what it was prepaid goes to the shipments that stay."""
    for own in (one for one in gone if one.shipment_id == shipment.id):
        left = line.reverse_shipment(own.quantity, prepaid=own.prepaid, number=shipment.number)
        for other in (one for one in gone if one.shipment_id != shipment.id):
            part = min(left, other.quantity - other.prepaid)
            other.prepaid += part
            left -= part
