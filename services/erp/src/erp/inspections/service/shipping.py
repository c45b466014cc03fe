"""Goods that are inspected before they leave: opened by hand, and asked for by shipments (E64)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.unit_of_work import Work
from erp.inspections.errors import InspectionNeeded, NoPlan
from erp.inspections.queries import inspections as queries
from erp.inspections.queries.inspections import Goods
from erp.inspections.schemas.inspections import NewInspection
from erp.inspections.service.opening import new_inspection
from erp.inspections.states import InspectionSource, InspectionStage
from erp.stock.errors import UnknownLot
from erp.stock.service.booking import check_quantities
from erp.stock.service.inspecting import own_lot_ids
from erp.stock.withheld import InspectionPending
from values.decimals import plain

__all__ = ["inspect_line", "require_accepted", "require_none_pending"]


async def inspect_line(work: Work, command: NewInspection) -> UUID:
    """Inspect goods of an order's line before they leave; the id of the inspection.

    Raises MissingReference, NoPlan, UnknownLot, FractionOfUnit, InvalidInput (lot and serials).
    """
    line = await queries.line_of_order(work.sql, command.order_line_id)
    if line is None:
        raise MissingReference(entity="sales_order_line", reference=command.order_line_id)
    item_id, tracking = line["item_id"], line["tracking"]
    await check_quantities(work.sql, [(item_id, command.quantity)])
    _require_named(command, tracking)
    goods = [Goods(item_id, customer_id=line["customer_id"])]
    matched = await queries.matching_plans(work.sql, InspectionStage.SHIPMENT, goods, work.today())
    if 0 not in matched:
        raise NoPlan(sku=line["sku"])
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


async def require_accepted(
    work: Work, customer_id: UUID, lines: Sequence[tuple[UUID, UUID, Decimal]], *, on: date
) -> None:
    """See that goods which a plan has inspected before they leave were accepted, and use that up.

    `lines`: order line, item, quantity. One statement where no plan counts. Raises
    InspectionNeeded.
    """
    if not lines:
        return
    goods = [Goods(item_id, customer_id=customer_id) for _, item_id, _ in lines]
    matched = await queries.matching_plans(work.sql, InspectionStage.SHIPMENT, goods, on)
    if not matched:
        return
    wanted = [(lines[at][0], lines[at][2]) for at in matched]
    accepted = await queries.accepted_of_lines(work.sql, [line_id for line_id, _ in wanted])
    for at, plan in matched.items():
        line_id, _, quantity = lines[at]
        free = accepted.get(line_id, Decimal(0))
        if quantity > free:
            raise InspectionNeeded(
                sku=plan.sku, quantity=plain(quantity), accepted=plain(free), line=line_id
            )
    await queries.use_accepted(work, wanted)


async def require_none_pending(
    work: Work, source_id: UUID, lots: Sequence[str] | None = None
) -> None:
    """See that nothing that came with a document is pending, of these lots if they are given.

    Raises InspectionPending.
    """
    for number, pending in await queries.pending_of_sources(work.sql, source_id, lots):
        raise InspectionPending(number=number, pending=plain(pending))
