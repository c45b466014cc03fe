"""Shipping what is reserved, and taking goods back."""

from collections.abc import Container, Mapping, Sequence
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.fulfilment.errors import NothingToShip, NotReservedYet
from erp.fulfilment.models import OrderLine, Shipment, ShipmentLine
from erp.fulfilment.queries import reading, writing
from erp.fulfilment.queries.shipments import SHIPMENT_FIELDS
from erp.fulfilment.queries.writing import LockedOrder
from erp.fulfilment.schemas import ReturnGoods, ShipOrder, Shipped, ShipQuantity
from erp.fulfilment.service.billing import credit_return, selected_lines
from erp.fulfilment.service.changing import lock_order
from erp.fulfilment.service.publishing import publish_changes
from erp.fulfilment.states import ShipmentKind
from erp.inspections.service.shipping import LeavingLine, require_accepted
from erp.stock.errors import LotsNotKept, SerialsNotKept
from erp.stock.lines import LotLine, ReturnLine, ShipLine
from erp.stock.service.backorders import reservation_start
from erp.stock.service.expected_receipts import demand_of_orders
from erp.stock.service.goods import receive_return, ship_goods
from erp.stock.states import StockDocumentKind
from records.document_fields.service import keep_fields_of_new

__all__ = ["return_goods", "ship_order"]

LineQuantities = Sequence[tuple[OrderLine, Decimal]]


async def ship_order(work: Work, order_id: UUID, command: ShipOrder) -> Shipped:
    """Ship what is reserved, or the quantities named; the rest stays as an exact backorder (E47).

    Services need nothing of stock: they are rendered with it. Lines that are named may go before
    the day from which they are reserved. Raises NotFound, OrderNotConfirmed, NothingToShip,
    NotReservedYet, UnknownLine, NotReserved, InspectionNeeded, PieceNotAccepted, ShortOnDay,
    NoCostOnDay, PeriodClosed, and what `stock.ship_goods` raises about serials and lots.
    """
    day = business_day_of(work, command.effective_on)
    order = await lock_order(work, order_id)
    order.header.require_confirmed()
    reserved, pieces = await _reserved(work, order), _pieces(command.lines)
    going = (
        selected_lines(order, command.lines) if command.lines else _shippable(work, order, reserved)
    )
    shipment = await _shipment(work, order, ShipmentKind.DELIVERY)
    shipment.shipped_on = day
    shipment.carrier, shipment.tracking_number = command.carrier, command.tracking_number
    leaving = [
        LeavingLine(line.id, line.item_id, many, *pieces.get(line.id, ()))
        for line, many in going
        if line.id in reserved
    ]
    accepted = await require_accepted(work, order.header.customer_id, leaving, on=day)
    pieces |= {one.line_id: _Pieces([*one.serials], [*one.lots]) for one in accepted.values()}
    await ship_goods(
        work,
        [ShipLine(*one) for one in _goods(going, reserved, pieces)],
        source_type=StockDocumentKind.SHIPMENT,
        source_id=shipment.id,
        effective_on=day,
    )
    prepaid = {line.id: line.ship(quantity) for line, quantity in going}
    await _store(work, shipment, going, prepaid=prepaid)
    await keep_fields_of_new(work, SHIPMENT_FIELDS, {shipment.id: command.custom})
    return await _finish(work, order, shipment, ["lines", "shipments", "state"])


async def _reserved(work: Work, order: LockedOrder) -> dict[UUID, Decimal]:
    """What each line of goods has reserved; a line of services is not among them."""
    states = await demand_of_orders(work.sql, [order.header.id])
    return {state.order_line_id: state.reserved for state in states}


def _shippable(work: Work, order: LockedOrder, reserved: Mapping[UUID, Decimal]) -> LineQuantities:
    """All that is reserved, and every service that is left.

    Raises NothingToShip, or NotReservedYet where all that is left waits for its day.
    """
    ready = [(line, reserved.get(line.id, line.to_ship)) for line in order.lines]
    going = [(line, quantity) for line, quantity in ready if quantity > 0]
    if not going:
        raise _nothing_to_ship(work, order)
    return going


def _nothing_to_ship(work: Work, order: LockedOrder) -> NothingToShip | NotReservedYet:
    """Why nothing is ready to go."""
    day = reservation_start(work, order.header.wanted_on)
    if day is None or not any(line.to_ship > 0 for line in order.lines):
        return NothingToShip(number=order.header.number)
    return NotReservedYet(number=order.header.number, day=day)


class _Pieces(NamedTuple):
    """The serials and lots that are named of a line."""

    serials: list[str]
    lots: list[LotLine]


def _pieces(named: Sequence[ShipQuantity] | None) -> dict[UUID, _Pieces]:
    """The serials and lots that are named, by line."""
    pieces: dict[UUID, _Pieces] = {}
    for one in named or ():
        of_line = pieces.setdefault(one.order_line_id, _Pieces([], []))
        of_line.serials.extend(one.serials)
        of_line.lots.extend(lot.line() for lot in one.lots)
    return pieces


def _goods(
    going: LineQuantities, goods: Container[UUID], pieces: Mapping[UUID, _Pieces]
) -> list[tuple[UUID, Decimal, Sequence[str], Sequence[LotLine]]]:
    """What stock moves of it: line, quantity, serials, lots.

    Raises SerialsNotKept, LotsNotKept (a service's).
    """
    for line, _ in going:
        named = pieces.get(line.id)
        if named and line.id not in goods and any(named):
            raise (SerialsNotKept if named.serials else LotsNotKept)(sku=line.description)
    nothing = _Pieces([], [])
    return [
        (line.id, quantity, *pieces.get(line.id, nothing))
        for line, quantity in going
        if line.id in goods
    ]


async def return_goods(work: Work, order_id: UUID, command: ReturnGoods) -> Shipped:
    """Take goods back at the cost they left, and credit what of them was invoiced and is not yet.

    Raises NotFound, OrderNotConfirmed, UnknownLine, InvalidInput (before the shipment),
    NotShipped, PeriodClosed, and what `stock.receive_return` raises about serials and lots.
    """
    day = business_day_of(work, command.effective_on)
    order = await lock_order(work, order_id)
    order.header.require_confirmed()
    coming, pieces = selected_lines(order, command.lines), _pieces(command.lines)
    goods = await _reserved(work, order)
    shipment = await _shipment(work, order, ShipmentKind.RETURN)
    shipment.shipped_on = day
    await receive_return(
        work,
        [ReturnLine(*one) for one in _goods(coming, goods, pieces)],
        source_type=StockDocumentKind.RETURN,
        source_id=shipment.id,
        effective_on=day,
    )
    if day < work.today():
        await _require_shipped_before(work, order_id, [line.id for line, _ in coming], day)
    waived = {line.id: line.waived for line, _ in coming}
    await credit_return(work, order, coming, effective_on=day, credit=command.credit)
    given = {line.id: waived[line.id] - line.waived for line, _ in coming}
    await _store(work, shipment, coming, waived=given)
    return await _finish(work, order, shipment, ["lines", "open_amount", "shipments", "state"])


async def _require_shipped_before(
    work: Work, order_id: UUID, line_ids: Sequence[UUID], day: date
) -> None:
    """Nothing comes back before it left. Raises InvalidInput."""
    if any(left > day for left in await reading.first_shipped_on(work.sql, order_id, line_ids)):
        wrong = FieldError("/effective_on", "before_shipment", "It was not shipped on this day.")
        raise InvalidInput(errors=[wrong])


async def _shipment(work: Work, order: LockedOrder, kind: ShipmentKind) -> Shipment:
    prefix = "SH" if kind == ShipmentKind.DELIVERY else "RT"
    [number] = await writing.next_numbers(work.sql, "shipment_number_seq", prefix, 1)
    return Shipment(
        id=uuid7(),
        created_at=work.now,
        updated_at=work.now,
        number=number,
        order_id=order.header.id,
        kind=kind,
        carrier="",
        tracking_number="",
        reversal_reason="",
    )


async def _store(
    work: Work,
    shipment: Shipment,
    lines: LineQuantities,
    *,
    prepaid: Mapping[UUID, Decimal] = MappingProxyType({}),
    waived: Mapping[UUID, Decimal] = MappingProxyType({}),
) -> None:
    rows = [
        ShipmentLine(
            id=uuid7(),
            shipment_id=shipment.id,
            order_line_id=line.id,
            quantity=quantity,
            prepaid=prepaid.get(line.id, Decimal(0)),
            waived=waived.get(line.id, Decimal(0)),
        )
        for line, quantity in lines
    ]
    await writing.add_shipment(work, shipment, rows)


async def _finish(
    work: Work, order: LockedOrder, shipment: Shipment, changed: Sequence[str]
) -> Shipped:
    order.header.update_state(order.lines, order.charges)
    await writing.save(work, order, edited=False)
    [state] = await publish_changes(work, [order.header.id], changed)
    shipped = next(one for one in state["shipments"] if one.id == shipment.id)
    return Shipped(
        shipment_id=shipment.id,
        number=shipment.number,
        order_version=order.header.etag_version,
        order_revision=order.header.version,
        serials=shipped.serials,
        lots=shipped.lots,
    )
