"""Cases: opened, given a cause and actions, closed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.storage.reading import Reading
from chassis.work.locking import lock, read_all
from chassis.work.unit_of_work import Work
from erp.inspections.events import GoodsRejected
from erp.inspections.service.returning import require_lots_decided
from erp.production_orders.service.orders import PRODUCTION_ORDER
from erp.quality.errors import (
    ActionDone,
    ActionsOpen,
    CaseNotOpen,
    CaseTouched,
    QuantityUndisposed,
)
from erp.quality.events import NonconformanceChanged
from erp.quality.models.cases import CorrectiveAction, Nonconformance
from erp.quality.queries import cases as queries
from erp.quality.schemas.cases import FinishAction, NewAction, NewNonconformance, SetCause
from erp.quality.states import CaseSource, CaseState
from erp.stock.errors import UnknownLot
from erp.stock.events import ItemsShort
from erp.stock.service.expected_receipts import lock_items
from erp.stock.service.inspecting import own_lot_ids, reject_lot, use_lot
from erp.stock.service.withholding import release_hold, withhold
from values.decimals import plain

__all__ = [
    "add_action",
    "add_case",
    "cancel_case",
    "case_states",
    "changed",
    "close_case",
    "finish_action",
    "open_case",
    "open_rejected",
    "reopen_case",
    "set_cause",
]

_NOTHING = Decimal(0)
_UNSET = (
    *("lot_id", "inspection_id", "supplier_id", "customer_id", "order_id"),
    *("production_order_id", "system", "external_id"),
)


async def add_case(work: Work, **facts: Any) -> Nonconformance:
    """Store a new case, and publish it."""
    [number] = await queries.next_numbers(work.sql, 1)
    own = dict.fromkeys(_UNSET) | {"serials": [], "links": [], "cause_code": "", "cause": ""}
    own |= {"disposed": _NOTHING, "withheld": _NOTHING, "cost": _NOTHING}
    case = Nonconformance(
        created_at=work.now,
        updated_at=work.now,
        version=1,
        number=number,
        state=CaseState.OPEN,
        actor=work.actor.reference,
        **(own | facts),
    )
    await queries.add_row(work, case)
    await work.record(NonconformanceChanged.of(case, sorted(NonconformanceChanged.model_fields)))
    return case


async def open_rejected(work: Work, event: GoodsRejected) -> None:
    """Open the case of goods that an inspection rejected, in the same act (E64)."""
    await add_case(
        work,
        id=event.case_id,
        source=CaseSource.INSPECTION,
        item_id=event.item_id,
        lot_id=event.lot_id,
        serials=event.serials,
        quantity=event.quantity,
        withheld=event.withheld,
        description=event.reason,
        inspection_id=event.inspection_id,
        supplier_id=event.supplier_id,
        customer_id=event.customer_id,
    )
    await _look_anew(work, event.item_id)


async def open_case(work: Work, command: NewNonconformance) -> UUID:
    """Open a case of goods that lie here, and withhold them; its id.

    Raises MissingReference, InvalidInput (lot), UnknownLot, InspectionPending (of the lot), and
    what `withhold` or `reject_lot` raises.
    """
    item = await queries.item_of_sku(work.sql, command.sku)
    if item is None:
        raise MissingReference(entity="item", reference=command.sku)
    item_id, case_id = item["id"], uuid7()
    if (command.lot is not None) != (item["tracking"] == "lot"):
        message = "Name the lot of an item that is tracked by lot, of others none."
        raise InvalidInput(errors=[FieldError("/lot", "lot_of_lots", message)])
    if command.production_order_id:
        await PRODUCTION_ORDER.reads.get(work, command.production_order_id)
    lot_id, withheld = None, _NOTHING
    if command.lot:
        lots = await own_lot_ids(work, [(item_id, command.lot)])
        if not lots:
            raise UnknownLot(sku=command.sku, lot=command.lot)
        number = f"N{case_id.hex[-6:]}"
        lot_id = lots[item_id, command.lot]
        await require_lots_decided(work, [lot_id])
        lot_id = await reject_lot(work, lot_id, command.quantity, number, command.description)
    else:
        withheld = command.quantity
        await withhold(work, item_id, withheld, command.serials, source_id=case_id)
    await add_case(
        work,
        id=case_id,
        source=CaseSource.PRODUCTION if command.production_order_id else CaseSource.MANUAL,
        item_id=item_id,
        lot_id=lot_id,
        serials=list(command.serials),
        quantity=command.quantity,
        withheld=withheld,
        description=command.description,
        cause_code=command.cause_code or "",
        cause=command.cause or "",
        production_order_id=command.production_order_id,
    )
    await _look_anew(work, item_id)
    return case_id


async def _look_anew(work: Work, item_id: UUID) -> None:
    """What is set apart waits for no verdict: it covers no shortage any more (E41)."""
    await lock_items(work, [item_id])
    await work.record(ItemsShort(item_ids=[item_id]))


async def changed(work: Work, case: Nonconformance, *fields: str) -> None:
    """Count one more version of the case, store and publish it."""
    case.version += 1
    case.updated_at = work.now
    await work.flush()
    await work.record(NonconformanceChanged.of(case, fields))


async def set_cause(work: Work, case_id: UUID, command: SetCause) -> None:
    """Say why it is so. Raises NotFound, CaseNotOpen."""
    case = await lock(work, Nonconformance, case_id)
    case.require_open()
    case.cause_code, case.cause = command.cause_code or "", command.cause
    await changed(work, case, "cause_code")


async def add_action(work: Work, case_id: UUID, command: NewAction) -> None:
    """Have somebody see to it that it does not happen again. Raises NotFound, CaseNotOpen."""
    case = await lock(work, Nonconformance, case_id)
    case.require_open()
    actions = await _actions(work, case_id)
    action = CorrectiveAction(
        id=uuid7(),
        nonconformance_id=case_id,
        position=len(actions) + 1,
        description=command.description,
        owner=command.owner,
        due_on=command.due_on,
        result="",
        recorded_at=work.now,
        actor=work.actor.reference,
    )
    await queries.add_row(work, action)
    await changed(work, case)


async def finish_action(work: Work, case_id: UUID, command: FinishAction) -> None:
    """Say that an action is done. Raises NotFound, CaseNotOpen, MissingReference, ActionDone."""
    case = await lock(work, Nonconformance, case_id)
    case.require_open()
    actions = {one.position: one for one in await _actions(work, case_id)}
    action = actions.get(command.position)
    if action is None:
        raise MissingReference(entity="corrective_action", reference=command.position)
    if action.done_on:
        raise ActionDone(number=case.number, position=action.position, done_on=action.done_on)
    action.done_on, action.result = command.done_on or work.today(), command.result or ""
    await changed(work, case)


async def _actions(work: Work, case_id: UUID) -> Sequence[CorrectiveAction]:
    """The actions of a locked case."""
    return await read_all(work, CorrectiveAction, await queries.actions_of(work.sql, case_id))


async def close_case(work: Work, case_id: UUID) -> None:
    """Close a case of which all is disposed and done.

    Raises NotFound, CaseNotOpen, QuantityUndisposed, ActionsOpen.
    """
    case = await lock(work, Nonconformance, case_id)
    case.require_open()
    if case.left:
        raise QuantityUndisposed(
            number=case.number, left=plain(case.left), quantity=plain(case.quantity)
        )
    if actions := await queries.open_actions(work.sql, case_id):
        raise ActionsOpen(number=case.number, actions=actions)
    case.state = CaseState.CLOSED
    await changed(work, case, "state")


async def reopen_case(work: Work, case_id: UUID) -> None:
    """Work on a closed case again. Raises NotFound, CaseNotOpen (it was cancelled).

    One that is open stays so.
    """
    case = await lock(work, Nonconformance, case_id)
    if case.state == CaseState.CANCELLED:
        raise CaseNotOpen(number=case.number, state=case.state)
    if case.state == CaseState.CLOSED:
        case.state = CaseState.OPEN
        await changed(work, case, "state")


async def cancel_case(work: Work, case_id: UUID) -> None:
    """It was none: what it withheld, or set apart of a lot, may be used.

    What an inspection rejected is used by a disposition. Raises NotFound, CaseNotOpen, CaseTouched,
    TooLittleInLot, DuplicateLotNumber, LotNotFollowing, InspectionPending, PeriodClosed, NoPeriod.
    """
    case = await lock(work, Nonconformance, case_id)
    case.require_open()
    if case.disposed or case.source == CaseSource.INSPECTION:
        raise CaseTouched(number=case.number)
    withheld, case.withheld, case.state = case.withheld, _NOTHING, CaseState.CANCELLED
    await changed(work, case, "state", "withheld")
    if withheld:
        await release_hold(work, case.item_id, withheld, case.serials, source_id=case.id, fill=True)
    if case.lot_id and case.source != CaseSource.COMPLAINT:
        await _release_lot(work, case, case.lot_id)


async def _release_lot(work: Work, case: Nonconformance, lot_id: UUID) -> None:
    """Let what the case set apart of a lot be used, unless another case is of it."""
    if not await queries.has_open_case(work.sql, lot_id, beside=case.id):
        number = f"U{case.number.removeprefix('NC-')}"
        await use_lot(work, lot_id, case.quantity, number, f"{case.number} was cancelled")


async def case_states(at: Reading, case_ids: Sequence[UUID]) -> list[NonconformanceChanged]:
    """What is published of cases, as they are now."""
    return [
        NonconformanceChanged.of(one, ()) for one in await read_all(at, Nonconformance, case_ids)
    ]
