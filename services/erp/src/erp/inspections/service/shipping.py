"""Goods that are inspected before they leave: opened by hand, and asked for by shipments (E64)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.inspections.errors import InspectionNeeded, MoreThanToShip, NoPlan, PieceNotAccepted
from erp.inspections.models.inspections import Inspection
from erp.inspections.queries import inspections as queries
from erp.inspections.queries import shipping
from erp.inspections.queries.inspections import Goods
from erp.inspections.queries.shipping import AcceptedLot
from erp.inspections.schemas.inspections import NewInspection
from erp.inspections.service.opening import new_inspection
from erp.inspections.states import InspectionSource, InspectionStage
from erp.stock.errors import UnknownLot
from erp.stock.lines import LotLine
from erp.stock.service.booking import check_quantities
from erp.stock.service.inspecting import own_lot_ids
from values.decimals import plain

__all__ = ["LeavingLine", "cancel_inspection", "inspect_line", "require_accepted"]

_NOTHING = Decimal(0)


async def inspect_line(work: Work, command: NewInspection) -> UUID:
    """Inspect goods of an order's line before they leave; the id of the inspection.

    Raises MissingReference, NoPlan, UnknownLot, FractionOfUnit, MoreThanToShip, InvalidInput (lot
    and serials).
    """
    line = await shipping.line_to_inspect(work.sql, command.order_line_id)
    if line is None:
        raise MissingReference(entity="sales_order_line", reference=command.order_line_id)
    item_id, tracking = line["item_id"], line["tracking"]
    await check_quantities(work.sql, [(item_id, command.quantity)])
    _require_named(command, tracking)
    goods = [Goods(item_id, customer_id=line["customer_id"])]
    matched = await queries.matching_plans(work.sql, InspectionStage.SHIPMENT, goods, work.today())
    if 0 not in matched:
        raise NoPlan(sku=line["sku"])
    left = max(line["left_to_inspect"], _NOTHING)
    if command.quantity > left:
        raise MoreThanToShip(
            sku=line["sku"],
            quantity=plain(command.quantity),
            left=plain(left),
            line=command.order_line_id,
        )
    lot_id = None
    if command.lot:
        lot_id = (await own_lot_ids(work, [(item_id, command.lot)])).get((item_id, command.lot))
        if lot_id is None:
            raise UnknownLot(sku=line["sku"], lot=command.lot)
    [number] = await queries.next_numbers(work.sql, 1)
    inspection = new_inspection(
        work,
        matched[0],
        command.quantity,
        id=uuid7(),
        number=number,
        stage=InspectionStage.SHIPMENT,
        item_id=item_id,
        lot_id=lot_id,
        serials=list(command.serials),
        customer_id=line["customer_id"],
        order_line_id=command.order_line_id,
        source_type=InspectionSource.SALES_ORDER,
        source_id=line["order_id"],
        effective_on=work.today(),
    )
    await queries.add_inspections(work, [inspection])
    return inspection.id


def _require_named(command: NewInspection, tracking: str) -> None:
    """Raises InvalidInput."""
    if (command.lot is not None) != (tracking == "lot"):
        message = "Name the lot of an item that is tracked by lot, of others none."
        raise InvalidInput(errors=[FieldError("/lot", "lot_of_lots", message)])
    pieces = command.quantity if tracking == "serial" else 0
    if len(set(command.serials)) != pieces or len(command.serials) != pieces:
        message = "Name one serial for each piece of an item that has serials, of others none."
        raise InvalidInput(errors=[FieldError("/serials", "serials_of_pieces", message)])


class LeavingLine(NamedTuple):
    """What is to leave of an order's line, and the pieces and lots that are named."""

    line_id: UUID
    item_id: UUID
    quantity: Decimal
    serials: Sequence[str] = ()
    lots: Sequence[LotLine] = ()


async def require_accepted(
    work: Work, customer_id: UUID, lines: Sequence[LeavingLine], *, on: date
) -> dict[UUID, LeavingLine]:
    """See that goods which a plan has inspected before they leave were accepted, and use that up.

    By line, what leaves: pieces and lots that were accepted, also where none are named. One
    statement where no plan counts. Raises InspectionNeeded, PieceNotAccepted.
    """
    if not lines:
        return {}
    goods = [Goods(one.item_id, customer_id=customer_id) for one in lines]
    matched = await queries.matching_plans(work.sql, InspectionStage.SHIPMENT, goods, on)
    if not matched:
        return {}
    line_ids = [lines[at].line_id for at in matched]
    accepted = await shipping.accepted_of_lines(work.sql, line_ids)
    serials = [lines[at].line_id for at, plan in matched.items() if plan.tracking == "serial"]
    pieces = await shipping.accepted_pieces(work.sql, serials) if serials else {}
    leaving, used = {}, []
    for at, plan in matched.items():
        line = lines[at]
        found = accepted.get(line.line_id, [])
        if plan.tracking == "serial":
            line = _of_pieces(line, plan.sku, pieces.get(line.line_id, {}))
        if plan.tracking == "lot":
            line = _of_lots(line, plan.sku, found)
        free = sum((one.free for one in found), _NOTHING)
        if line.quantity > free:
            raise _needed(line, plan.sku, free)
        lots = {one.lot: one.lot_id for one in found}
        parts = [(lots[lot.number], lot.quantity) for lot in line.lots] or [(None, line.quantity)]
        used += [(line.line_id, lot_id, many) for lot_id, many in parts]
        leaving[line.line_id] = line
    await shipping.use_accepted(work, used)
    return leaving


def _needed(line: LeavingLine, sku: str, accepted: Decimal) -> InspectionNeeded:
    return InspectionNeeded(
        sku=sku, quantity=plain(line.quantity), accepted=plain(accepted), line=line.line_id
    )


def _of_pieces(line: LeavingLine, sku: str, accepted: Mapping[str, bool]) -> LeavingLine:
    """The pieces that leave, the first that were accepted. Raises as `require_accepted`."""
    for serial in line.serials:
        if serial not in accepted:
            raise PieceNotAccepted(piece=serial, sku=sku, line=line.line_id)
    if line.serials:
        return line
    here = [serial for serial, lies in accepted.items() if lies]
    if len(here) < line.quantity:
        raise _needed(line, sku, Decimal(len(here)))
    return line._replace(serials=here[: int(line.quantity)])


def _of_lots(line: LeavingLine, sku: str, accepted: Sequence[AcceptedLot]) -> LeavingLine:
    """The lots that leave, the first that were accepted. Raises as `require_accepted`."""
    free = {one.lot or "": one.free for one in accepted}
    if line.lots:
        named: dict[str, Decimal] = {}
        for lot in line.lots:
            named[lot.number] = named.get(lot.number, _NOTHING) + lot.quantity
        for number, quantity in named.items():
            if quantity > free.get(number, _NOTHING):
                raise PieceNotAccepted(piece=number, sku=sku, line=line.line_id)
        return line._replace(lots=[LotLine(*one) for one in named.items()])
    left, lots = line.quantity, []
    for one in accepted:
        if many := min(left, one.free, one.lies):
            lots.append(LotLine(one.lot or "", many))
            left -= many
    if left:
        raise _needed(line, sku, line.quantity - left)
    return line._replace(lots=lots)


async def cancel_inspection(work: Work, inspection_id: UUID) -> None:
    """End an inspection before shipment: what is pending is not decided about.

    Raises NotFound, NothingPending, NotBeforeShipment.
    """
    inspection = await lock(work, Inspection, inspection_id)
    inspection.cancel()
    inspection.updated_at = work.now
    await work.flush()
