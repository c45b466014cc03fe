"""What becomes of goods of a case: by the acts of stock, purchasing and inspection there are."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.work.company_rules import business_day_of
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.inspections.service.reworking import inspect_again
from erp.purchasing.schemas.receipts import ReturnLine, ReturnToSupplier
from erp.purchasing.service.returning import lock_order_of_receipt, return_goods
from erp.quality.errors import (
    GoodsNotBack,
    NotAComplaint,
    NotInspected,
    NotReceived,
    SerialNotInCase,
)
from erp.quality.models.cases import Disposition, Nonconformance
from erp.quality.queries import cases as queries
from erp.quality.schemas.cases import NewDisposition
from erp.quality.service.cases import changed
from erp.quality.states import CaseSource, DispositionKind
from erp.stock.lines import AdjustLine, LotLine
from erp.stock.schemas.lot_lines import LotQuantity
from erp.stock.service.adjusting import post_adjustment
from erp.stock.service.booking import check_quantities
from erp.stock.service.inspecting import use_lot
from erp.stock.service.withholding import release_hold
from erp.stock.states import StockDocumentKind
from values.decimals import plain

__all__ = ["dispose"]

_NOTHING = Decimal(0)
_MOVED = {DispositionKind.SCRAP, DispositionKind.REWORK, DispositionKind.RETURN_TO_SUPPLIER}


async def dispose(work: Work, case_id: UUID, command: NewDisposition) -> None:
    """Dispose of goods of a case, and book it; its cost is what was posted (E64).

    Raises NotFound, CaseNotOpen, MoreThanUndisposed, FractionOfUnit, InvalidInput (serials),
    SerialNotInCase, NotInspected, NotReceived, GoodsNotBack, NotAComplaint, and what scrapping,
    sending back and releasing raise.
    """
    case = await lock(work, Nonconformance, case_id)
    case.require_open()
    await check_quantities(work.sql, [(case.item_id, command.quantity)])
    day = business_day_of(work, command.effective_on)
    await _require_own(work, case, command)
    withheld = case.dispose(command.quantity)
    await work.flush()
    disposition = Disposition(
        id=uuid7(),
        nonconformance_id=case.id,
        kind=command.kind,
        quantity=command.quantity,
        serials=list(command.serials),
        cost=_NOTHING,
        note=command.note or "",
        effective_on=day,
        recorded_at=work.now,
        actor=work.actor.reference,
    )
    act = {
        DispositionKind.USE_AS_IS: _use,
        DispositionKind.REWORK: _rework,
        DispositionKind.SCRAP: _scrap,
        DispositionKind.RETURN_TO_SUPPLIER: _return,
        DispositionKind.LEFT_WITH_CUSTOMER: _leave,
    }[command.kind]
    await act(work, case, command, disposition, withheld)
    case.cost += disposition.cost
    await queries.add_row(work, disposition)
    await changed(work, case, "disposed", "withheld")


async def _require_own(work: Work, case: Nonconformance, command: NewDisposition) -> None:
    """See that the goods are those of the case, and lie here where they are moved.

    Raises InvalidInput (serials), SerialNotInCase, GoodsNotBack, NotAComplaint.
    """
    if case.serials:
        disposed = await queries.disposed_serials(work.sql, case.id)
        for serial in command.serials:
            if serial not in case.serials or serial in disposed:
                raise SerialNotInCase(number=case.number, serial=serial)
        if len(command.serials) != command.quantity or len(set(command.serials)) != len(
            command.serials
        ):
            message = "Name one serial for each piece, each once."
            raise InvalidInput(errors=[FieldError("/serials", "serials_needed", message)])
    is_complaint = case.source == CaseSource.COMPLAINT
    if command.kind == DispositionKind.LEFT_WITH_CUSTOMER and not is_complaint:
        raise NotAComplaint(number=case.number)
    if is_complaint and case.order_id and command.kind in _MOVED:
        returned = await queries.returned_undisposed(work.sql, case.order_id, case.item_id)
        if command.quantity > returned:
            raise GoodsNotBack(quantity=plain(command.quantity), returned=plain(returned))


async def _release(
    work: Work, case: Nonconformance, command: NewDisposition, withheld: Decimal, *, fill: bool
) -> None:
    """Let what the case withholds of them be moved."""
    if withheld:
        await release_hold(
            work, case.item_id, withheld, command.serials, source_id=case.id, fill=fill
        )


async def _lots(work: Work, case: Nonconformance, quantity: Decimal) -> list[LotLine]:
    """So many of the lot of the case."""
    if case.lot_id is None:
        return []
    view = await queries.CASES.get(work, case.id)
    return [LotLine(view.lot or "", quantity)]


async def _use(
    work: Work,
    case: Nonconformance,
    command: NewDisposition,
    _disposition: Disposition,
    withheld: Decimal,
) -> None:
    await _release(work, case, command, withheld, fill=True)
    if case.lot_id and case.source != CaseSource.COMPLAINT:
        reason = command.note or f"Used as it is by {case.number}"
        number = f"U{case.number.removeprefix('NC-')}.{case.version}"
        await use_lot(work, case.lot_id, command.quantity, number, reason)


async def _leave(
    _work: Work,
    _case: Nonconformance,
    _command: NewDisposition,
    _disposition: Disposition,
    _withheld: Decimal,
) -> None:
    """Nothing is moved: what it costs is said by a credit note of the order."""


async def _rework(
    work: Work,
    case: Nonconformance,
    command: NewDisposition,
    disposition: Disposition,
    withheld: Decimal,
) -> None:
    """What is worked on again is inspected again; nobody uses it before. Raises NotInspected."""
    held = case.lot_id is not None or withheld == command.quantity
    if case.inspection_id is None or not held:
        raise NotInspected(number=case.number)
    disposition.inspection_id = await inspect_again(
        work,
        case.inspection_id,
        command.quantity,
        command.serials,
        lot_id=case.lot_id,
        source_id=case.id,
    )


async def _scrap(
    work: Work,
    case: Nonconformance,
    command: NewDisposition,
    disposition: Disposition,
    withheld: Decimal,
) -> None:
    """Write the goods off, at what they are worth in stock."""
    await _release(work, case, command, withheld, fill=False)
    line = AdjustLine(
        case.item_id,
        -command.quantity,
        None,
        command.serials,
        await _lots(work, case, command.quantity),
    )
    await post_adjustment(
        work,
        [line],
        source_type=StockDocumentKind.STOCK_ADJUSTMENT,
        source_id=disposition.id,
        effective_on=disposition.effective_on,
        memo=f"Scrap {case.number}",
    )
    disposition.cost = await queries.cost_of_moves(work.sql, disposition.id)


async def _return(
    work: Work,
    case: Nonconformance,
    command: NewDisposition,
    disposition: Disposition,
    withheld: Decimal,
) -> None:
    """Send the goods back with the receipt that brought them. Raises NotReceived."""
    receipt_id = command.purchase_receipt_id
    if receipt_id is None and case.inspection_id:
        receipt_id = await queries.receipt_of_inspection(work.sql, case.inspection_id)
    came: Any = receipt_id and await queries.receipt_line(
        *(work.sql, receipt_id, (case.item_id, case.lot_id), command.quantity, command.serials)
    )
    lots = await _lots(work, case, command.quantity)
    if receipt_id is None or came is None:
        view = await queries.CASES.get(work, case.id)
        raise NotReceived(number=case.number, sku=view.sku)
    # As whoever receives or sends back: the order before the item's level.
    await lock_order_of_receipt(work, receipt_id)
    await _release(work, case, command, withheld, fill=False)
    line = ReturnLine(
        line_id=came["line_id"],
        quantity=command.quantity,
        serials=command.serials,
        lots=[LotQuantity(number=one.number, quantity=one.quantity) for one in lots],
    )
    returned = await return_goods(
        work,
        receipt_id,
        ReturnToSupplier(
            reason=command.note or case.description,
            expect_again=command.expect_again,
            effective_on=command.effective_on,
            lines=[line],
        ),
        came_as={one.number: came["lot"] for one in lots},
    )
    disposition.purchase_return_id = returned.id
    disposition.cost = await queries.cost_of_return(work.sql, returned.id)
