"""What is booked on repairs: parts used, brought back and taken out, and hours of labour.

All of it costs us, whoever pays: parts what they were worth in stock, hours at the rates of the
work centre. A warranty changes the price alone (E66).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.company_rules import business_day_of
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import post
from erp.repairs.errors import MoreThanUsed
from erp.repairs.models import RepairLine, RepairOrder, RepairStep
from erp.repairs.queries import orders as queries
from erp.repairs.rules.charging import charged
from erp.repairs.schemas.orders import BookHours, PartQuantity, RecoverParts, UseParts
from erp.repairs.service.orders import changed, line_at, lines_of
from erp.repairs.states import PARTS_WANTED, RepairLineKind, RepairState, RepairStepKind
from erp.stock.lines import MaterialLine, ReceiptLine
from erp.stock.service.booking import item_ids_by_sku
from erp.stock.service.converting import convert_goods
from erp.stock.service.demand import want_again
from erp.stock.states import StockDocumentKind
from values.decimals import EXACT, plain, rounded
from values.money import digits_of

__all__ = ["book_hours", "recover_parts", "return_parts", "use_parts"]

COST = "repair_cost"
_ZERO = Decimal(0)


async def use_parts(work: Work, order_id: UUID, command: UseParts) -> None:
    """Take parts from stock into the piece: what is reserved for the line first, then free ones.

    Raises NotFound, WrongRepairState, NoSuchRepairLine, MoreThanPlanned, and what `convert_goods`
    raises about stock, serials, lots, days and periods.
    """
    day = business_day_of(work, command.effective_on)
    order, lines = await _in_work(work, order_id)
    _require_once(command.lines)
    taken, steps = [], []
    for asked in command.lines:
        line = line_at(order, lines, asked.position, RepairLineKind.PART)
        line.use(asked.quantity, number=order.number)
        step = _step(work, order, line, RepairStepKind.USE, asked.quantity, on=day)
        steps.append((line, step))
        assert line.item_id is not None  # noqa: S101 - a part has an item
        taken.append(
            MaterialLine(
                line.item_id,
                asked.quantity,
                step.id,
                serials=tuple(asked.serials),
                lots=[one.line() for one in asked.lots],
                demand_id=line.id,
            )
        )
    converted = await convert_goods(
        work,
        taken,
        [],
        source_type=StockDocumentKind.REPAIR_ISSUE,
        effective_on=day,
        memo=f"Used for {order.number}",
        counterpart=COST,
    )
    for (line, step), cost in zip(steps, converted.costs, strict=True):
        step.cost = cost
        line.cost += cost
    await _store(work, order, lines, [step for _, step in steps])


def _require_once(lines: Sequence[PartQuantity]) -> None:
    """Each line of the order is named once in one act. Raises InvalidInput."""
    named: set[int] = set()
    for at, one in enumerate(lines):
        if one.position in named:
            message = "Name each line of the order once in one act."
            error = FieldError(f"/lines/{at}/position", "named_twice", message)
            raise InvalidInput(errors=[error])
        named.add(one.position)


async def return_parts(work: Work, order_id: UUID, command: UseParts) -> None:
    """Bring parts back into stock at what the line's share of them cost; they are needed again.

    Raises NotFound, WrongRepairState, NoSuchRepairLine, MoreThanUsed, and what `convert_goods`
    raises.
    """
    day = business_day_of(work, command.effective_on)
    order, lines = await _in_work(work, order_id)
    _require_once(command.lines)
    brought, steps, left = [], [], {}
    for asked in command.lines:
        line = line_at(order, lines, asked.position, RepairLineKind.PART)
        await _require_used(work, order, line, asked)
        value = _share(line, asked.quantity, decimals=digits_of(work.setting.currency))
        line.bring_back(asked.quantity, number=order.number)
        line.cost -= value
        step = _step(work, order, line, RepairStepKind.RETURN, asked.quantity, on=day)
        step.cost = -value
        steps.append(step)
        left[line.id] = line.used
        assert line.item_id is not None  # noqa: S101 - a part has an item
        brought.append(
            ReceiptLine(
                line.item_id,
                asked.quantity,
                value,
                source_id=step.id,
                serials=tuple(asked.serials),
                lots=[one.line() for one in asked.lots],
            )
        )
    await convert_goods(
        work,
        [],
        brought,
        source_type=StockDocumentKind.REPAIR_RETURN,
        effective_on=day,
        memo=f"Brought back from {order.number}",
        counterpart=COST,
    )
    await want_again(work, left)
    await _store(work, order, lines, steps)


async def _require_used(
    work: Work, order: RepairOrder, line: RepairLine, asked: PartQuantity
) -> None:
    """Only what went into this line comes back of it. Raises MoreThanUsed."""
    facts: dict[str, Any] = {"number": order.number, "position": line.position}
    if asked.quantity > line.used:
        raise MoreThanUsed(**facts, wanted=plain(asked.quantity), used=plain(line.used))
    if not asked.serials and not asked.lots:
        return
    moved = await queries.moved_of_line(work.sql, line.id)
    named: list[tuple[tuple[str | None, str | None], Decimal]]
    named = [((serial, None), Decimal(1)) for serial in asked.serials]
    named += [((None, lot.number), lot.quantity) for lot in asked.lots]
    for key, quantity in named:
        used = moved.get(key, _ZERO)
        if quantity > used:
            raise MoreThanUsed(**facts, wanted=plain(quantity), used=plain(used))


def _share(line: RepairLine, quantity: Decimal, *, decimals: int) -> Decimal:
    """What so many of what the line used cost; all of it is all of the cost."""
    if quantity >= line.used:
        return line.cost
    return rounded(line.cost * quantity / line.used, decimals)


async def recover_parts(work: Work, order_id: UUID, command: RecoverParts) -> None:
    """Lay parts that were taken out of the piece into stock, at no value.

    Raises NotFound, WrongRepairState, MissingReference, NotStocked, FractionOfUnit, and what
    `convert_goods` raises.
    """
    day = business_day_of(work, command.effective_on)
    order, lines = await _in_work(work, order_id)
    ids = await item_ids_by_sku(work.sql, command.lines)
    brought, steps = [], []
    for asked in command.lines:
        step = _step(work, order, None, RepairStepKind.RECOVERY, asked.quantity, on=day)
        steps.append(step)
        brought.append(
            ReceiptLine(
                ids[asked.sku],
                asked.quantity,
                _ZERO,
                source_id=step.id,
                serials=tuple(asked.serials),
                lots=[one.line() for one in asked.lots],
            )
        )
    await convert_goods(
        work,
        [],
        brought,
        source_type=StockDocumentKind.REPAIR_RECOVERY,
        effective_on=day,
        memo=f"Taken out for {order.number}",
        counterpart=COST,
    )
    await _store(work, order, lines, steps)


async def book_hours(work: Work, order_id: UUID, command: BookHours) -> None:
    """Book hours at the rates that the work centre has now.

    Raises NotFound, WrongRepairState, NoSuchRepairLine, MoreThanPlanned, NoPeriod, PeriodClosed.
    """
    day = business_day_of(work, command.effective_on)
    order, lines = await _in_work(work, order_id)
    line = line_at(order, lines, command.position, RepairLineKind.LABOUR)
    line.use(command.hours, number=order.number)
    assert line.work_centre_id is not None  # noqa: S101 - labour has a work centre
    rates = await queries.rates_of(work.sql, line.work_centre_id)
    decimals = digits_of(work.setting.currency)
    labour, overhead = (rounded(EXACT.multiply(command.hours, rate), decimals) for rate in rates)
    step = _step(work, order, line, RepairStepKind.LABOUR, command.hours, on=day)
    step.cost = labour + overhead
    line.cost += step.cost
    posting = Posting(
        id=uuid7(),
        effective_on=day,
        source_type="repair_labour",
        source_id=step.id,
        memo=f"Labour on {order.number}",
        lines=(
            debit(COST, step.cost),
            credit("labour_absorption", labour),
            credit("overhead_absorption", overhead),
        ),
    )
    await post(work, [posting])
    await _store(work, order, lines, [step])


async def _in_work(work: Work, order_id: UUID) -> tuple[RepairOrder, Sequence[RepairLine]]:
    """The locked order with its lines. Raises NotFound, WrongRepairState."""
    order = await lock(work, RepairOrder, order_id)
    order.require(PARTS_WANTED)
    return order, await lines_of(work, order_id)


def _step(
    work: Work,
    order: RepairOrder,
    line: RepairLine | None,
    kind: RepairStepKind,
    quantity: Decimal,
    *,
    on: date,
) -> RepairStep:
    return RepairStep(
        id=uuid7(),
        repair_order_id=order.id,
        line_id=line.id if line else None,
        kind=kind,
        quantity=quantity,
        cost=_ZERO,
        effective_on=on,
        recorded_at=work.now,
        actor=work.actor.reference,
    )


async def _store(
    work: Work, order: RepairOrder, lines: Sequence[RepairLine], steps: Sequence[RepairStep]
) -> None:
    """Store the steps; the order is in repair, and has the cost and price of its lines."""
    order.steps += len(steps)
    order.state = RepairState.IN_REPAIR
    order.cost = sum((one.cost for one in lines), _ZERO)
    decimals = digits_of(work.setting.currency)
    order.charged = charged(lines, warranty=order.warranty, decimals=decimals)
    await queries.add_rows(work, *steps)
    await changed(work, order, "state", "cost", "charged")
