"""What every step of an order ends with: moves, entries, the step itself, and its event."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.inspections.service.opening import ComingGoods, open_inspections
from erp.inspections.states import InspectionSource, InspectionStage
from erp.ledger.posting import Posting, PostingLine, credit, debit
from erp.ledger.service.entries import post
from erp.production_orders.models import OrderComponent, ProductionStep
from erp.production_orders.queries import orders as queries
from erp.production_orders.queries.orders import LockedOrder
from erp.production_orders.rules.quantities import percent
from erp.production_orders.service.orders import PRODUCTION_ORDER
from erp.production_orders.states import ProductionOrderState, StepKind
from erp.stock.lines import MaterialLine, ReceiptLine
from erp.stock.service.converting import StepOfOrder, convert_goods, keep_genealogy
from erp.stock.service.expected_receipts import lock_items
from erp.stock.states import StockDocumentKind
from records.writes import write

__all__ = ["Booking", "book", "new_step"]

_ZERO = Decimal(0)
WIP = "work_in_progress"


@dataclass
class Booking:
    """What a step takes and brings, and what else it posts; amounts go from or into the order.

    taken       material, each with the component that it is issued for
    brought     goods into stock, at their value
    values      role of an account -> what work in progress gets (negative: gives) against it
    """

    locked: LockedOrder
    step: ProductionStep
    taken: list[tuple[OrderComponent, MaterialLine]] = field(default_factory=list)
    brought: list[ReceiptLine] = field(default_factory=list)
    added: list[OrderComponent] = field(default_factory=list)
    values: dict[str, Decimal] = field(default_factory=dict)
    state: ProductionOrderState | None = None
    reworked_value: Decimal = _ZERO

    @property
    def makes(self) -> bool:
        """Whether what it brings was made, and not: is material that comes back."""
        return self.step.kind == StepKind.REPORT

    @property
    def ends(self) -> bool:
        """Whether no more is reported of the order afterwards."""
        return self.state == ProductionOrderState.DONE

    @property
    def expects_less(self) -> bool:
        """Whether less is expected of the order than what it brings takes off."""
        return self.ends or bool(self.step.scrapped or self.step.reworked)


def new_step(
    work: Work, locked: LockedOrder, kind: StepKind, *, on: date, **facts: object
) -> ProductionStep:
    """A step of the order on the day."""
    return ProductionStep.of(
        locked.order.id,
        kind,
        id=uuid7(),
        effective_on=on,
        recorded_at=work.now,
        actor=work.actor.reference,
        **facts,
    )


async def book(
    work: Work, bookings: Sequence[Booking], kind: StockDocumentKind, *, on: date, memo: str
) -> None:
    """Move the goods, post, and store the steps, all or none; each order is published.

    Raises what `convert_goods` raises, NoPeriod, PeriodClosed.
    """
    taken = [(one, part, line) for one in bookings for part, line in one.taken]
    followed = {one.locked.item.id for one in bookings if one.expects_less}
    if followed:
        # What is no longer expected or reserved is locked with what they move, in one order.
        moved = {line.item_id for _, _, line in taken}
        moved |= {line.item_id for one in bookings for line in one.brought}
        parts = {part.item_id for one in bookings if one.ends for part in one.locked.components}
        await lock_items(work, moved | parts | followed)
    opened = await open_inspections(
        work,
        InspectionStage.PRODUCTION,
        [_coming(one, line) for one in bookings for line in one.brought if one.makes],
        source_type=InspectionSource.PRODUCTION_STEP,
        on=on,
        item_ids=[line.item_id for _, _, line in taken],
    )
    others = [line for one in bookings for line in one.brought if not one.makes]
    converted = await convert_goods(
        work,
        [line for _, _, line in taken],
        [*opened.lines, *others],
        source_type=kind,
        effective_on=on,
        memo=memo,
    )
    for (one, part, line), cost in zip(taken, converted.costs, strict=True):
        part.issued += line.quantity
        part.issued_value += cost
        one.locked.order.material += cost
    await opened.store(work)
    await post(work, [_posting(one, kind, memo) for one in bookings])
    await _store(work, bookings)
    if converted.by_lot:
        steps = await queries.steps_that_made(work.sql, [one.locked.order.id for one in bookings])
        await keep_genealogy(work, [StepOfOrder(*one) for one in steps], on=on)


def _coming(booking: Booking, line: ReceiptLine) -> ComingGoods:
    """What comes out of the last operation of the order."""
    last = booking.locked.operations[-1] if booking.locked.operations else None
    return ComingGoods(
        line,
        booking.step.id,
        work_centre_id=last.work_centre_id if last else None,
        operation=last.name if last else "",
    )


def _posting(booking: Booking, kind: str, memo: str) -> Posting:
    """What goes into work in progress and out of it beside goods."""
    item_id = booking.locked.item.id
    lines: list[PostingLine] = []
    for role, amount in booking.values.items():
        lines += [debit(WIP, amount, item_id=item_id), credit(role, amount, item_id=item_id)]
    return Posting(
        id=uuid7(),
        effective_on=booking.step.effective_on,
        source_type=kind,
        source_id=booking.step.id,
        memo=memo,
        lines=tuple(lines),
    )


async def _store(work: Work, bookings: Sequence[Booking]) -> None:
    changes = []
    for one in bookings:
        order = one.locked.order
        state = one.state or order.state
        progress = _progress(one.locked, state)
        change = one.locked.change(steps=order.steps + 1, state=state, progress_percent=progress)
        changes.append(change)
    await write(work, PRODUCTION_ORDER, changes)
    await queries.save_parts(
        work,
        [one.locked for one in bookings],
        [one.step for one in bookings],
        [part for one in bookings for part in one.added],
    )


def _progress(locked: LockedOrder, state: str) -> Decimal:
    """How far the order is: what was worked on of what is to be, over all operations."""
    if state in {ProductionOrderState.DONE, ProductionOrderState.CLOSED}:
        return Decimal(100)
    order = locked.order
    if not locked.operations:
        return percent(order.handled, order.start_quantity)
    parts: Iterable[Decimal] = (min(one.handled, one.start_quantity) for one in locked.operations)
    return percent(sum(parts, _ZERO), sum((one.start_quantity for one in locked.operations), _ZERO))
