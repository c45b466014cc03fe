"""Taking a mistaken shipment, or return, back: as if its goods had never moved."""

from collections.abc import Sequence
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.fulfilment import queries
from erp.fulfilment.errors import GoodsCameBack
from erp.fulfilment.models import OrderLine, Shipment, ShipmentLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.schemas import ReverseShipment, ShipmentView
from erp.fulfilment.service.changing import locked
from erp.fulfilment.service.orders import see_shipment
from erp.fulfilment.service.telling import tell
from erp.stock import service as stock

__all__ = ["reverse_shipment"]


async def reverse_shipment(work: Work, shipment_id: UUID, command: ReverseShipment) -> ShipmentView:
    """Take a shipment, or a return, back whole, as if its goods had never moved (E7, E47).

    Raises NotFound, ShipmentReversed, InvalidInput (before it), Forbidden (a past day), and of a
    shipment ShipmentInvoiced, GoodsCameBack and as `stock.unship`; of a return as `stock.unreturn`.
    """
    day = business_day_of(work, command.effective_on)
    order_id = await queries.order_of_shipment(work.sql, shipment_id)
    if order_id is None:
        raise NotFound(entity="shipment", id=shipment_id)
    hand = await locked(work, order_id)
    shipment = await queries.shipment_for_update(work, shipment_id)
    gone = await queries.lines_gone(work, order_id) if shipment.kind == "delivery" else []
    shipment.reverse(on=day, reason=command.reason, at=work.now)
    if shipment.kind == "delivery":
        await _unship(work, hand, shipment, gone)
    else:
        await _unreturn(work, hand, shipment)
    hand.order.settle_state(hand.lines, hand.charges)
    await queries.save(work, hand, edited=False)
    await tell(work, [order_id], ["lines", "shipments", "state"])
    return await see_shipment(work.sql, shipment_id)


async def _unship(
    work: Work, hand: OrderAtHand, shipment: Shipment, gone: Sequence[ShipmentLine]
) -> None:
    """Goods come in at the cost they left at, the posting is reversed, the lines are open again."""
    if await queries.came_back_after(work.sql, shipment.id):
        raise GoodsCameBack(number=shipment.number)
    for line in hand.lines:
        _take_back(line, shipment, [one for one in gone if one.order_line_id == line.id])
    await work.flush()
    await stock.unship(
        work,
        shipment.id,
        reversal_id=uuid7(),
        effective_on=shipment.reversed_on or work.today(),
        memo=shipment.reversal_reason,
    )


async def _unreturn(work: Work, hand: OrderAtHand, shipment: Shipment) -> None:
    """Goods leave again at what they came back at; credited ones may be invoiced anew."""
    back = {one.order_line_id: one for one in await queries.lines_of_shipment(work, shipment.id)}
    for line in hand.lines:
        if line.id in back:
            line.never_come_back(back[line.id].quantity, waived=back[line.id].waived)
    await work.flush()
    await stock.unreturn(
        work,
        shipment.id,
        reversal_id=uuid7(),
        effective_on=shipment.reversed_on or work.today(),
        memo=f"{shipment.number} {shipment.reversal_reason}",
    )


def _take_back(line: OrderLine, shipment: Shipment, gone: Sequence[ShipmentLine]) -> None:
    """Open the line again; what it was prepaid goes to the shipments that stay."""
    for own in (one for one in gone if one.shipment_id == shipment.id):
        left = line.never_leave(own.quantity, prepaid=own.prepaid, number=shipment.number)
        for other in (one for one in gone if one.shipment_id != shipment.id):
            part = min(left, other.quantity - other.prepaid)
            other.prepaid += part
            left -= part
