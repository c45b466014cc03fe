"""What becomes of goods of a case: by the acts of stock, purchasing and inspection there are."""

from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.company_rules import business_day_of
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.inspections.service.reworking import inspect_again
from erp.purchasing.schemas.receipts import ReturnLine, ReturnToSupplier
from erp.purchasing.service.returning import return_goods
from erp.quality.errors import NotInspected, NotReceived
from erp.quality.models.cases import Disposition, Nonconformance
from erp.quality.queries import cases as queries
from erp.quality.schemas.cases import NewDisposition
from erp.quality.service.cases import changed
from erp.quality.states import DispositionKind
from erp.stock.lines import AdjustLine, LotLine
from erp.stock.schemas.lot_lines import LotQuantity
from erp.stock.service.adjusting import post_adjustment
from erp.stock.service.booking import check_quantities
from erp.stock.service.inspecting import use_lot
from erp.stock.service.withholding import release_hold
from erp.stock.states import StockDocumentKind

__all__ = ["dispose"]

_NOTHING = Decimal(0)


async def dispose(work: Work, case_id: UUID, command: NewDisposition) -> None:
    """Dispose of goods of a case, and book it; its cost is what was posted (E64).

    Raises NotFound, CaseNotOpen, MoreThanUndisposed, FractionOfUnit, NotInspected, NotReceived,
    and what scrapping, sending back and releasing raise.
    """
    case = await lock(work, Nonconformance, case_id)
    case.require_open()
    await check_quantities(work.sql, [(case.item_id, command.quantity)])
    day = business_day_of(work, command.effective_on)
    withheld = case.dispose(command.quantity)
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
    }[command.kind]
    await act(work, case, command, disposition, withheld)
    case.cost += disposition.cost
    await queries.add_row(work, disposition)
    await changed(work, case, "disposed", "withheld")


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
    if case.lot_id:
        reason = command.note or f"Used as it is by {case.number}"
        number = f"U{case.number.removeprefix('NC-')}.{case.version}"
        await use_lot(work, case.lot_id, command.quantity, number, reason)


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
    receipt_id, came_in = command.purchase_receipt_id, None
    if case.inspection_id:
        source = await queries.source_of_inspection(work.sql, case.inspection_id)
        receipt_id, came_in = receipt_id or source["receipt_id"], source["lot"]
    line_id = receipt_id and await queries.receipt_line(
        work.sql, receipt_id, case.item_id, command.quantity, command.serials
    )
    lots = await _lots(work, case, command.quantity)
    if receipt_id is None or line_id is None:
        view = await queries.CASES.get(work, case.id)
        raise NotReceived(number=case.number, sku=view.sku)
    await _release(work, case, command, withheld, fill=False)
    line = ReturnLine(
        line_id=line_id,
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
        came_as={one.number: came_in or one.number for one in lots},
    )
    disposition.purchase_return_id = returned.id
    disposition.cost = await queries.cost_of_return(work.sql, returned.id)
