"""Shipping what is reserved, and taking goods back."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.days import business_day_of
from erp.fulfilment import queries
from erp.fulfilment.errors import NothingToShip, UnknownLine
from erp.fulfilment.models import OrderLine, Shipment, ShipmentLine
from erp.fulfilment.queries import OrderAtHand
from erp.fulfilment.schemas import ReturnGoods, ShipOrder, Shipped, ShipQuantity
from erp.fulfilment.service.billing import credit_returned
from erp.fulfilment.service.changing import locked
from erp.fulfilment.service.telling import tell
from erp.stock import service as stock

__all__ = ["return_goods", "ship_order"]

Going = Sequence[tuple[OrderLine, Decimal]]


async def ship_order(work: Work, order_id: UUID, command: ShipOrder) -> Shipped:
    """Ship what is reserved, or the quantities named; the rest stays as an exact backorder (E47).

    Raises NotFound, OrderNotConfirmed, NothingToShip, UnknownLine, NotReserved, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    hand = await locked(work, order_id)
    hand.order.must_be_confirmed()
    going = await _going(work, hand, command.lines)
    shipment = await _shipment(work, hand, "delivery")
    shipment.shipped_on = day
    shipment.carrier, shipment.tracking_number = command.carrier, command.tracking_number
    await stock.ship(
        work,
        [stock.ShipLine(line.id, quantity) for line, quantity in going],
        source_type="shipment",
        source_id=shipment.id,
        effective_on=day,
    )
    for line, quantity in going:
        line.shipped += quantity
    await _store(work, shipment, going)
    return await _told(work, hand, shipment, ["lines", "shipments", "state"])


async def _going(work: Work, hand: OrderAtHand, named: Sequence[ShipQuantity] | None) -> Going:
    if named:
        return _named(hand, named)
    states = await stock.demand_of(work.sql, [hand.order.id])
    reserved = {state.order_line_id: state.reserved for state in states if state.reserved > 0}
    going = [(line, reserved[line.id]) for line in hand.lines if line.id in reserved]
    if not going:
        raise NothingToShip(number=hand.order.number)
    return going


def _named(hand: OrderAtHand, named: Sequence[ShipQuantity]) -> Going:
    """The lines that are named, each once. Raises UnknownLine."""
    going: dict[UUID, tuple[OrderLine, Decimal]] = {}
    for one in named:
        line = hand.line(one.order_line_id)
        if line is None or line.id in going:
            raise UnknownLine(line=one.order_line_id, number=hand.order.number)
        going[line.id] = (line, one.quantity)
    return list(going.values())


async def return_goods(work: Work, order_id: UUID, command: ReturnGoods) -> Shipped:
    """Take goods back at the cost they left, and credit what of them was invoiced.

    Raises NotFound, OrderNotConfirmed, UnknownLine, NotShipped, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    hand = await locked(work, order_id)
    hand.order.must_be_confirmed()
    coming = _named(hand, command.lines)
    shipment = await _shipment(work, hand, "return")
    shipment.shipped_on = day
    await stock.take_back(
        work,
        [stock.ReturnLine(line.id, quantity) for line, quantity in coming],
        source_type="return",
        source_id=shipment.id,
        effective_on=day,
    )
    await _store(work, shipment, coming)
    await credit_returned(work, hand, coming, effective_on=day)
    return await _told(work, hand, shipment, ["lines", "shipments", "state"])


async def _shipment(work: Work, hand: OrderAtHand, kind: str) -> Shipment:
    prefix = "SH" if kind == "delivery" else "RT"
    [number] = await queries.next_numbers(work.sql, "shipment_number_seq", prefix, 1)
    return Shipment(
        id=uuid7(),
        created_at=work.now,
        updated_at=work.now,
        number=number,
        order_id=hand.order.id,
        kind=kind,
        carrier="",
        tracking_number="",
    )


async def _store(work: Work, shipment: Shipment, lines: Going) -> None:
    rows = [
        ShipmentLine(id=uuid7(), shipment_id=shipment.id, order_line_id=line.id, quantity=quantity)
        for line, quantity in lines
    ]
    await queries.add_shipment(work, shipment, rows)


async def _told(
    work: Work, hand: OrderAtHand, shipment: Shipment, changed: Sequence[str]
) -> Shipped:
    hand.order.settle_state(hand.lines, hand.charges)
    await queries.save(work, hand)
    await tell(work, [hand.order.id], changed)
    return Shipped(
        shipment_id=shipment.id, number=shipment.number, order_version=hand.order.version
    )
