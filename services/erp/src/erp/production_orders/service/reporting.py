"""What was made: counted by operation, material taken, goods brought in, work valued."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.catalog.errors import FractionOfUnit
from erp.catalog.states import Tracking
from erp.production_orders.errors import NoOperation, NothingReported, OverReported
from erp.production_orders.models import OrderOperation
from erp.production_orders.queries import orders as queries
from erp.production_orders.queries.orders import LockedOrder
from erp.production_orders.rules.quantities import (
    minutes_for,
    rounded_down,
    share,
    worth_of,
)
from erp.production_orders.rules.reporting import handled_at, most_for
from erp.production_orders.rules.values import credits_of
from erp.production_orders.schemas.acts import (
    ProductionOrderReport,
    Reported,
    ReportProduction,
    ReportProductions,
)
from erp.production_orders.service.booking import Booking, book, new_step
from erp.production_orders.service.finishing import require_enough
from erp.production_orders.service.orders import PRODUCTION_ORDER
from erp.production_orders.service.releasing import require_state
from erp.production_orders.states import OPEN, ProductionOrderState, StepKind
from erp.stock.lines import LotLine, MaterialLine, ReceiptLine
from erp.stock.states import StockDocumentKind
from records.writes import create_all
from values.decimals import EXACT, plain, rounded, rounded_up
from values.money import digits_of
from values.units import fits

__all__ = ["report", "report_all"]

_ZERO = Decimal(0)


async def report(work: Work, order_id: UUID, command: ReportProduction) -> None:
    """Say what was made of an order. Raises as `report_all`."""
    day = business_day_of(work, command.effective_on)
    await _report(work, {order_id: command}, day)


async def report_all(work: Work, command: ReportProductions) -> list[UUID]:
    """Say what was made of many orders, all or none; their ids.

    Raises NotFound, WrongProductionState, NoOperation, NothingReported, OverReported, ShortFinish,
    FractionOfUnit, InvalidInput, TooLittleOnHand (a component is short: nothing is booked, E61),
    and what `convert_goods` raises about serials, days and periods.
    """
    day = business_day_of(work, command.effective_on)
    reports: dict[UUID, ProductionOrderReport] = {}
    for at, one in enumerate(command.reports):
        if one.order_id in reports:
            message = "Each order is reported once in one act."
            error = FieldError(f"/reports/{at}/order_id", "reported_twice", message)
            raise InvalidInput(errors=[error])
        reports[one.order_id] = one
    await _report(work, reports, day)
    return sorted(reports)


async def _report(work: Work, reports: Mapping[UUID, Reported], day: date) -> None:
    locked = await queries.lock_orders(work, reports)
    needed = {part.item_id for one in locked for part in one.components}
    needed |= {part.item_id for one in locked for part in one.by_products}
    items = await queries.counted_items(work.sql, ids=needed)
    decimals = {one.id: one.decimals for one in items}
    by_lot = {one.id for one in items if one.tracking == Tracking.LOT}
    bookings = []
    for one in locked:
        asked = reports[one.order.id]
        require_state(one.order, *OPEN)
        _require_sound(one, asked)
        step = new_step(
            work,
            one,
            StepKind.REPORT,
            on=day,
            sequence=asked.operation,
            good=asked.good,
            scrapped=asked.scrap,
            reworked=asked.rework,
            reason=asked.reason or "",
        )
        booking = Booking(one, step, state=ProductionOrderState.STARTED)
        _count(booking, asked, digits_of(work.setting.currency))
        _take_material(booking, decimals)
        _bring_goods(booking, asked, decimals, digits_of(work.setting.currency), by_lot)
        if asked.finish:
            require_enough(one.order, accept_short=asked.accept_short)
            booking.state = ProductionOrderState.DONE
        bookings.append(booking)
    await _plan_reworks(work, bookings)
    memo = "Production reported"
    if len(locked) == 1:
        memo = f"Reported on {locked[0].order.number}"
    await book(work, bookings, StockDocumentKind.PRODUCTION_REPORT, on=day, memo=memo)


def _require_sound(locked: LockedOrder, asked: Reported) -> None:
    """Raises NothingReported, FractionOfUnit, InvalidInput (reason, minutes, serials)."""
    counts = asked.good, asked.scrap, asked.rework
    if not any(counts) and not asked.minutes:
        raise NothingReported
    for quantity in counts:
        if not fits(quantity, locked.item.decimals):
            raise FractionOfUnit(
                quantity=plain(quantity), unit=locked.item.unit, decimals=locked.item.decimals
            )
    errors = []
    if (asked.scrap or asked.rework) and not asked.reason:
        message = "Say why pieces are lost or made again."
        errors.append(FieldError("/reason", "reason_needed", message))
    if asked.minutes is not None and asked.operation is None and len(locked.operations) != 1:
        message = "Minutes are of one operation: say which."
        errors.append(FieldError("/minutes", "operation_needed", message))
    last = locked.operations[-1].sequence if locked.operations else asked.operation
    if asked.serials and (not asked.good or asked.operation not in {None, last}):
        message = "Serials are of good pieces of the last operation, or of the whole order."
        errors.append(FieldError("/serials", "serials_of_good_ones", message))
    if errors:
        raise InvalidInput(errors=errors)


def _count(booking: Booking, asked: Reported, decimals: int) -> None:
    """Count what was made, and value the work. Raises NoOperation, OverReported."""
    locked, order = booking.locked, booking.locked.order
    at = _place(locked, asked.operation)
    most = EXACT.multiply(order.start_quantity, 1 + order.over_tolerance)
    handled = handled_at(locked.operations, at, asked.good, asked.scrap, asked.rework)
    is_last = at is None or at == len(locked.operations) - 1
    order.scrapped += asked.scrap
    order.reworked += asked.rework
    order.good += asked.good if is_last else _ZERO
    _require_at_most(locked, order.good, EXACT.multiply(order.quantity, 1 + order.over_tolerance))
    _require_at_most(locked, order.handled, most)
    for one in handled:
        operation = locked.operations[one.at]
        before = operation.handled
        operation.good += one.good
        operation.scrapped += one.scrapped
        operation.reworked += one.reworked
        limit = most_for(locked.operations, one.at, most)
        _require_at_most(locked, operation.handled, limit)
        _work(booking, operation, before, asked.minutes, decimals)


def _place(locked: LockedOrder, sequence: int | None) -> int | None:
    """The place of the operation. Raises NoOperation."""
    if sequence is None:
        return None
    for at, one in enumerate(locked.operations):
        if one.sequence == sequence:
            return at
    raise NoOperation(number=locked.order.number, sequence=sequence)


def _require_at_most(locked: LockedOrder, reported: Decimal, most: Decimal) -> None:
    """Raises OverReported."""
    if reported > most:
        number = locked.order.number
        raise OverReported(number=number, reported=plain(reported), most=plain(most))


def _work(
    booking: Booking,
    operation: OrderOperation,
    before: Decimal,
    minutes: Decimal | None,
    decimals: int,
) -> None:
    """Book the time of an operation: as reported, else what the routing says for so many more."""
    if operation.supplier_id:
        return
    if minutes is None:
        until = minutes_for(operation, operation.handled, efficiency=operation.efficiency)
        minutes = until - minutes_for(operation, before, efficiency=operation.efficiency)
    operation.minutes += minutes
    booking.step.minutes += minutes
    order = booking.locked.order
    labour = worth_of(minutes, operation.cost_per_hour, decimals=decimals)
    overhead = worth_of(minutes, operation.overhead_per_hour, decimals=decimals)
    order.labour += labour
    order.overhead += overhead
    _add(booking, "labour_absorption", labour)
    _add(booking, "overhead_absorption", overhead)


def _add(booking: Booking, role: str, amount: Decimal) -> None:
    booking.values[role] = booking.values.get(role, _ZERO) + amount


def _take_material(booking: Booking, decimals: Mapping[UUID, int]) -> None:
    """Take the standard for all that left the order, less what was issued before (E61)."""
    order = booking.locked.order
    if not order.backflush:
        return
    for part in booking.locked.components:
        standard = rounded_up(part.per_piece * Fraction(order.handled), decimals[part.item_id])
        wanted = standard - part.issued
        if wanted > 0:
            line = MaterialLine(part.item_id, wanted, booking.step.id, demand_id=part.id)
            booking.taken.append((part, line))


def _bring_goods(
    booking: Booking,
    asked: Reported,
    decimals: Mapping[UUID, int],
    digits: int,
    by_lot: Collection[UUID],
) -> None:
    """Lay in good ones and by-products at planned cost; let scrap and rework leave (E62, E63)."""
    locked, order, step = booking.locked, booking.locked.order, booking.step
    borne = sum((one.cost_share for one in locked.by_products), _ZERO)
    credited = credits_of(order, borne, decimals=digits)
    order.finished += credited.finished
    order.scrap += credited.scrap
    order.rework_out += credited.rework
    booking.reworked_value = credited.rework
    _add(booking, "scrap", -credited.scrap)
    if asked.good and _is_last(locked, asked.operation):
        line = ReceiptLine(
            locked.item.id,
            asked.good,
            credited.finished,
            expected_id=order.id,
            source_id=step.id,
            serials=tuple(asked.serials),
            lots=_lots(locked, asked),
        )
        booking.brought.append(line)
    for part in locked.by_products:
        due = rounded_down(
            Fraction(part.planned) * Fraction(order.good) / Fraction(order.quantity),
            decimals[part.item_id],
        )
        quantity = due - part.received
        if quantity <= 0 or not part.planned:
            continue
        total = rounded(EXACT.multiply(order.planned_cost, part.cost_share), digits)
        value = share(total, due, part.planned, decimals=digits) - part.received_value
        part.received += quantity
        part.received_value += value
        order.by_product_value += value
        line = ReceiptLine(part.item_id, quantity, value, source_id=step.id)
        if part.item_id in by_lot:
            line = line._replace(lots=(LotLine(order.number, quantity),))
        booking.brought.append(line)


def _lots(locked: LockedOrder, asked: Reported) -> Sequence[LotLine]:
    """The lots of the good ones: those named, else one with the number of the order."""
    if locked.item.tracking == Tracking.LOT and not asked.lots:
        return (LotLine(locked.order.number, asked.good),)
    return [one.line() for one in asked.lots]


def _is_last(locked: LockedOrder, sequence: int | None) -> bool:
    return sequence is None or sequence == locked.operations[-1].sequence


async def _plan_reworks(work: Work, bookings: Sequence[Booking]) -> None:
    """Plan an order for the pieces that are made again; it takes along what they are worth."""
    again = [one for one in bookings if one.step.reworked]
    if not again:
        return
    new = []
    for one in again:
        one.step.rework_order_id = uuid7()
        new.append((one.step.rework_order_id, _rework_of(one)))
    await create_all(work, PRODUCTION_ORDER, new, links=[None] * len(new))


def _rework_of(booking: Booking) -> dict[str, object]:
    order, step = booking.locked.order, booking.step
    return {
        "item_id": order.item_id,
        "quantity": step.reworked,
        "start_on": step.effective_on,
        "due_on": max(step.effective_on, order.due_on),
        "rework_of_id": order.id,
        "rework_in": booking.reworked_value,
        "note": step.reason,
    }
