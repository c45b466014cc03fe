"""Results of samples, and verdicts by quantity: accepted, rejected, the rest pending (E64)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.inspections.errors import (
    NoSuchSample,
    NothingPending,
    ResultsMissing,
    SampleFailed,
)
from erp.inspections.events import GoodsRejected
from erp.inspections.models.inspections import Inspection, InspectionResult, InspectionVerdict
from erp.inspections.queries import inspections as queries
from erp.inspections.schemas.inspections import EnterResults, NewResult, NewVerdict
from erp.inspections.states import CharacteristicKind, InspectionStage
from erp.stock.service.booking import check_quantities
from erp.stock.service.inspecting import reject_lot, release_inspected
from erp.stock.service.withholding import give_over_hold, release_hold, withhold

__all__ = ["decide", "enter_results"]

_NOTHING = Decimal(0)


async def enter_results(work: Work, inspection_id: UUID, command: EnterResults) -> None:
    """Keep what was found, in place of what was found before of the same.

    Raises NotFound, NothingPending, NoSuchSample, InvalidInput (one twice).
    """
    inspection = await lock(work, Inspection, inspection_id)
    if not inspection.pending:
        raise NothingPending(number=inspection.number)
    if len({(one.sample, one.number) for one in command.results}) < len(command.results):
        message = "Give each piece and characteristic once."
        raise InvalidInput(errors=[FieldError("/results", "result_twice", message)])
    looked_at = {one["number"]: one for one in inspection.characteristics}
    results = [_result(inspection, one, looked_at.get(one.number)) for one in command.results]
    await queries.replace_results(work, results)
    inspection.updated_at = work.now
    await work.flush()


def _result(
    inspection: Inspection, given: NewResult, characteristic: dict[str, Any] | None
) -> InspectionResult:
    """What was found, and whether it is good. Raises NoSuchSample."""
    kind = characteristic["kind"] if characteristic else ""
    measured = kind == CharacteristicKind.MEASURED
    fits = (given.value is not None, given.answer is not None) == (measured, not measured)
    if characteristic is None or given.sample > inspection.sample_size or not fits:
        raise NoSuchSample(
            number=inspection.number, sample=given.sample, characteristic=given.number
        )
    good = bool(given.answer) if given.value is None else _within(given.value, characteristic)
    return InspectionResult(
        id=uuid7(),
        inspection_id=inspection.id,
        sample=given.sample,
        number=given.number,
        value=given.value,
        answer=given.answer,
        good=good,
        note=given.note,
    )


def _within(value: Decimal, characteristic: dict[str, Any]) -> bool:
    lower, upper = characteristic["lower_limit"], characteristic["upper_limit"]
    return (lower is None or Decimal(lower) <= value) and (upper is None or value <= Decimal(upper))


async def decide(work: Work, inspection_id: UUID, command: NewVerdict) -> None:
    """Accept and reject so many; what is accepted is used at once, what is not is set apart.

    Of two inspectors the second one decides about what is left. Raises NotFound, InvalidInput
    (nothing, no reason, serials), FractionOfUnit, PendingChanged, MoreThanPending,
    SerialNotPending, ResultsMissing, SampleFailed, TooLittleInLot, GoodsGone, TooLittleOnHand,
    PeriodClosed, NoPeriod.
    """
    inspection = await lock(work, Inspection, inspection_id)
    _require_sound(inspection, command)
    quantities = [(inspection.item_id, one) for one in (command.accepted, command.rejected) if one]
    await check_quantities(work.sql, quantities)
    decided = await queries.decided_serials(work.sql, inspection.id)
    waiting = [one for one in inspection.serials if one not in decided]
    rejected = list(command.rejected_serials)
    accepted = list(command.accepted_serials)
    if inspection.serials and not accepted:
        accepted = [one for one in waiting if one not in rejected]
    inspection.decide(
        command.accepted,
        command.rejected,
        [*accepted, *rejected] if command.accepted else rejected,
        seen=command.pending,
        waiting=waiting,
    )
    if command.accepted:
        await _require_results(work, inspection, command.concession or "")
    if inspection.serials:
        _require_pieces(command, accepted if command.accepted else [], rejected)
    inspection.updated_at = work.now
    work.session.add(_verdict(work, inspection, command, accepted, rejected))
    await work.flush()
    if command.rejected:
        await _reject(work, inspection, command, rejected)
    if command.accepted:
        await _accept(work, inspection, command.accepted, accepted)
    elif inspection.lot_id and not inspection.pending:
        await _release_lot(work, inspection)


def _require_sound(inspection: Inspection, command: NewVerdict) -> None:
    """Raises InvalidInput."""
    errors = []
    if not command.accepted and not command.rejected:
        message = "Say how many are accepted or rejected."
        errors.append(FieldError("/accepted", "nothing_decided", message))
    if command.rejected and not command.reason:
        message = "Say why goods are rejected."
        errors.append(FieldError("/reason", "reason_needed", message))
    named = [*command.accepted_serials, *command.rejected_serials]
    if (named and not inspection.serials) or len(set(named)) < len(named):
        message = "Name each piece once, of an item that has serials."
        errors.append(FieldError("/rejected_serials", "serials_of_pieces", message))
    if errors:
        raise InvalidInput(errors=errors)


def _require_pieces(command: NewVerdict, accepted: Sequence[str], rejected: Sequence[str]) -> None:
    """One serial for each piece. Raises InvalidInput."""
    if (Decimal(len(accepted)), Decimal(len(rejected))) != (command.accepted, command.rejected):
        message = "Name as many serials as pieces are accepted and rejected."
        error = FieldError("/accepted_serials", "serials_needed", message)
        raise InvalidInput(errors=[error])


async def _require_results(work: Work, inspection: Inspection, concession: str) -> None:
    """Raises ResultsMissing, SampleFailed."""
    found, failed = await queries.results_of(work.sql, inspection.id)
    needed = inspection.sample_size * len(inspection.characteristics)
    if found < needed:
        raise ResultsMissing(number=inspection.number, found=found, needed=needed)
    # Where each piece is looked at, those that failed are rejected and the others accepted.
    is_sample = inspection.sample_size < inspection.quantity
    allowed = inspection.acceptance_number if is_sample else 0
    good = inspection.quantity - failed
    passed = failed <= allowed if is_sample else inspection.accepted <= good
    if not passed and not concession:
        raise SampleFailed(number=inspection.number, failed=failed, allowed=allowed)


def _verdict(
    work: Work,
    inspection: Inspection,
    command: NewVerdict,
    accepted: Sequence[str],
    rejected: Sequence[str],
) -> InspectionVerdict:
    return InspectionVerdict(
        id=uuid7(),
        inspection_id=inspection.id,
        accepted=command.accepted,
        rejected=command.rejected,
        accepted_serials=list(accepted) if command.accepted else [],
        rejected_serials=list(rejected),
        reason=command.reason,
        concession=command.concession,
        recorded_at=work.now,
        actor=work.actor.reference,
    )


async def _accept(
    work: Work, inspection: Inspection, quantity: Decimal, serials: Sequence[str]
) -> None:
    """Let accepted goods be used; a lot once nothing of it is pending."""
    if inspection.stage == InspectionStage.SHIPMENT:
        return
    if inspection.lot_id:
        await _release_lot(work, inspection)
        return
    await release_hold(
        work, inspection.item_id, quantity, serials, source_id=inspection.id, fill=True
    )


async def _release_lot(work: Work, inspection: Inspection) -> None:
    lot_id = inspection.lot_id
    assert lot_id is not None  # noqa: S101 - asked for of inspections of lots only
    if inspection.stage == InspectionStage.SHIPMENT or not inspection.accepted:
        return
    if not await queries.pending_of_lots(work.sql, [lot_id]):
        await release_inspected(work, lot_id, f"Accepted by {inspection.number}")


async def _reject(
    work: Work, inspection: Inspection, command: NewVerdict, serials: Sequence[str]
) -> None:
    """Set rejected goods apart, and have a case opened for them in the same act."""
    case_id, lot_id = uuid7(), None
    quantity, withheld = command.rejected, _NOTHING
    if inspection.lot_id:
        number = f"R{inspection.number.removeprefix('QI-')}.{inspection.verdicts}"
        lot_id = await reject_lot(work, inspection.lot_id, quantity, number, command.reason or "")
    elif inspection.stage == InspectionStage.SHIPMENT:
        await withhold(work, inspection.item_id, quantity, serials, source_id=case_id)
        withheld = quantity
    else:
        ends = {"from_id": inspection.id, "to_id": case_id}
        await give_over_hold(work, inspection.item_id, quantity, serials, **ends)
        withheld = quantity
    rejected = GoodsRejected(
        case_id=case_id,
        inspection_id=inspection.id,
        item_id=inspection.item_id,
        quantity=quantity,
        withheld=withheld,
        lot_id=lot_id,
        serials=list(serials),
        supplier_id=inspection.supplier_id,
        customer_id=inspection.customer_id,
        reason=command.reason or "",
    )
    await work.record(rejected)
