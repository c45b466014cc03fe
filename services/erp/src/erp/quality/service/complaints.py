"""Complaints: taken up once as cases, traced to what left and what that came of (E64, E65)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.locking import advisory_lock, lock
from chassis.work.unit_of_work import Work
from erp.quality.errors import ComplaintDiffers, NotShippedToCustomer
from erp.quality.models.cases import Nonconformance
from erp.quality.queries import cases, tracing
from erp.quality.schemas.complaints import NewComplaint
from erp.quality.service.cases import add_case, changed
from erp.quality.states import CaseSource, LinkKind
from erp.stock.service.booking import check_quantities
from values.decimals import plain

__all__ = ["take_up"]

_NOTHING = Decimal(0)


async def take_up(work: Work, command: NewComplaint) -> tuple[UUID, bool]:
    """Open the case of a complaint, with what it is traced to; its id, and whether it is new.

    Sent again, also at the same time, it is the same case; only the text may be another one.
    Raises InvalidInput (neither order nor shipment), MissingReference, FractionOfUnit,
    NotShippedToCustomer, ComplaintDiffers.
    """
    item = await cases.item_of_sku(work.sql, command.sku)
    if item is None:
        raise MissingReference(entity="item", reference=command.sku)
    item_id = item["id"]
    await check_quantities(work.sql, [(item_id, command.quantity)])
    order_id, shipment_id = await _order(work, command)
    await advisory_lock(work, f"complaint:{command.system}:{command.external_id}")
    known = await tracing.case_of_complaint(work.sql, command.system, command.external_id)
    if known is not None:
        await _say_again(work, known, command, (item_id, order_id))
        return known["id"], False
    named = (shipment_id, command.lot, command.serials)
    left = await tracing.shipped_goods(work.sql, order_id, item_id, named)
    shipped = sum((row["quantity"] for row in left), _NOTHING)
    if command.quantity > shipped:
        raise NotShippedToCustomer(
            sku=command.sku, quantity=plain(command.quantity), shipped=plain(shipped)
        )
    lots = sorted({row["lot_id"] for row in left if row["lot_id"]})
    links, suppliers = await _traced(work, item_id, left, lots)
    case = await add_case(
        work,
        id=uuid7(),
        source=CaseSource.COMPLAINT,
        item_id=item_id,
        lot_id=lots[0] if len(lots) == 1 else None,
        serials=list(command.serials),
        quantity=command.quantity,
        description=command.text,
        supplier_id=suppliers[0] if len(suppliers) == 1 else None,
        customer_id=left[0]["customer_id"],
        order_id=order_id,
        system=command.system,
        external_id=command.external_id,
        links=links,
    )
    return case.id, True


async def _order(work: Work, command: NewComplaint) -> tuple[UUID, UUID | None]:
    """The order, and the shipment where it is named. Raises InvalidInput, MissingReference."""
    if command.shipment_number:
        found = await tracing.shipment_of_number(work.sql, command.shipment_number)
        if found is None:
            raise MissingReference(entity="shipment", reference=command.shipment_number)
        return found["order_id"], found["id"]
    if command.order_number is None:
        message = "Name the order or the shipment."
        raise InvalidInput(errors=[FieldError("/order_number", "order_or_shipment", message)])
    order_id = await tracing.order_of_number(work.sql, command.order_number)
    if order_id is None:
        raise MissingReference(entity="sales_order", reference=command.order_number)
    return order_id, None


async def _say_again(
    work: Work, known: Any, command: NewComplaint, goods: tuple[UUID, UUID]
) -> None:
    """Take over the text of a complaint that is known. Raises ComplaintDiffers."""
    if (known["item_id"], known["order_id"], known["quantity"]) != (*goods, command.quantity):
        raise ComplaintDiffers(external_id=command.external_id, number=known["number"])
    case = await lock(work, Nonconformance, known["id"])
    if case.description != command.text:
        case.description = command.text
        await changed(work, case)


async def _traced(
    work: Work, item_id: UUID, left: Sequence[Any], lots: Sequence[UUID]
) -> tuple[list[dict[str, str]], list[UUID]]:
    """What left, what it came of, and the suppliers of that."""
    serials = sorted({row["serial"] for row in left if row["serial"]})
    links = {(LinkKind.SHIPMENT, str(row["source_id"]), row["shipment"]): None for row in left}
    links |= {(LinkKind.LOT, str(row["lot_id"]), row["lot"]): None for row in left if row["lot_id"]}
    sources: list[Any] = []
    if lots:
        sources += await tracing.sources_of_lots(work.sql, lots)
    if serials:
        sources += await tracing.sources_of_serials(work.sql, item_id, serials)
        links |= {(LinkKind.SERIAL, str(item_id), one): None for one in serials}
    links |= {(LinkKind(row["kind"]), str(row["id"]), row["number"]): None for row in sources}
    receipts = [row["id"] for row in sources if row["kind"] == LinkKind.PURCHASE_RECEIPT]
    suppliers = await tracing.suppliers_of_receipts(work.sql, receipts) if receipts else []
    return [{"kind": kind, "id": one, "number": number} for kind, one, number in links], suppliers
