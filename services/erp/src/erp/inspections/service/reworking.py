"""Goods that were worked on again are inspected again, by the plan of their inspection."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from chassis.ids import uuid7
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.inspections.models.inspections import Inspection
from erp.inspections.queries import inspections as queries
from erp.inspections.queries.inspections import Matched
from erp.inspections.service.opening import new_inspection
from erp.inspections.states import InspectionSource, InspectionStage
from erp.stock.service.inspecting import inspect_lot_again
from erp.stock.service.withholding import give_over_hold

__all__ = ["inspect_again"]


async def inspect_again(
    work: Work,
    inspection_id: UUID,
    quantity: Decimal,
    serials: Sequence[str],
    *,
    lot_id: UUID | None,
    source_id: UUID,
) -> UUID:
    """Inspect rejected goods again; they stay withheld. The id of the new inspection.

    `lot_id` is the lot that was set apart, `source_id` the case that withholds goods without lots.
    Raises NotFound, TooLittleInLot.
    """
    first = await lock(work, Inspection, inspection_id)
    plan = await queries.plan_of(work.sql, first.plan_id)
    [number] = await queries.next_numbers(work.sql, 1)
    new_id = uuid7()
    if lot_id:
        lot_number = f"I{number.removeprefix('QI-')}"
        lot_id = await inspect_lot_again(work, lot_id, quantity, lot_number, f"Rework {number}")
    is_shipment = first.stage == InspectionStage.SHIPMENT
    inspection = new_inspection(
        work,
        Matched(**(plan | {"characteristics": first.characteristics})),
        quantity,
        id=new_id,
        number=number,
        stage=InspectionStage.PRODUCTION if is_shipment else first.stage,
        item_id=first.item_id,
        lot_id=lot_id,
        serials=list(serials),
        supplier_id=first.supplier_id,
        source_type=InspectionSource.REWORK,
        source_id=source_id,
        effective_on=work.today(),
    )
    await queries.add_inspections(work, [inspection])
    if lot_id is None:
        ends = {"from_id": source_id, "to_id": new_id}
        await give_over_hold(work, first.item_id, quantity, serials, **ends)
    return new_id
