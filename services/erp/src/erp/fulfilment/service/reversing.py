"""Taking a mistaken shipment back: its goods are in stock, its lines open again."""

from collections.abc import Sequence
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.days import business_day_of
from erp.fulfilment import queries
from erp.fulfilment.errors import GoodsCameBack
from erp.fulfilment.models import OrderLine, Shipment, ShipmentLine
from erp.fulfilment.schemas import ReverseShipment, ShipmentView
from erp.fulfilment.service.changing import locked
from erp.fulfilment.service.orders import see_shipment
from erp.fulfilment.service.telling import tell
from erp.stock import service as stock

__all__ = ["reverse_shipment"]


async def reverse_shipment(work: Work, shipment_id: UUID, command: ReverseShipment) -> ShipmentView:
    """Take a shipment back whole, as if it had never left (E7, E47).

    Goods come in at the cost they left at, the posting is reversed, and the lines are to be shipped
    again. Raises NotFound, NotADelivery, ShipmentReversed, InvalidInput (before it left),
    ShipmentInvoiced, GoodsCameBack, Forbidden (a past day), and as `stock.unship`.
    """
    day = business_day_of(work, command.effective_on)
    order_id = await queries.order_of_shipment(work.sql, shipment_id)
    if order_id is None:
        raise NotFound(entity="shipment", id=shipment_id)
    hand = await locked(work, order_id)
    shipment = await queries.shipment_for_update(work, shipment_id)
    gone = await queries.lines_gone(work, order_id)
    shipment.reverse(on=day, reason=command.reason, at=work.now)
    if await queries.came_back_after(work.sql, shipment_id):
        raise GoodsCameBack(number=shipment.number)
    for line in hand.lines:
        _take_back(line, shipment, [one for one in gone if one.order_line_id == line.id])
    await work.flush()
    await stock.unship(
        work, shipment_id, reversal_id=uuid7(), effective_on=day, memo=command.reason
    )
    hand.order.settle_state(hand.lines, hand.charges)
    await queries.save(work, hand, edited=False)
    await tell(work, [order_id], ["lines", "shipments", "state"])
    return await see_shipment(work.sql, shipment_id)


def _take_back(line: OrderLine, shipment: Shipment, gone: Sequence[ShipmentLine]) -> None:
    """Open the line again; what it was prepaid goes to the shipments that stay."""
    for own in (one for one in gone if one.shipment_id == shipment.id):
        left = line.never_leave(own.quantity, prepaid=own.prepaid, number=shipment.number)
        for other in (one for one in gone if one.shipment_id != shipment.id):
            part = min(left, other.quantity - other.prepaid)
            other.prepaid += part
            left -= part
