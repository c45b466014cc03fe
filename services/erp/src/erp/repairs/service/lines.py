"""Lines of repair orders: parts and work centres looked up by what names them."""

from collections.abc import Sequence
from decimal import Decimal

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.company_rules import require_supported_currency
from chassis.work.unit_of_work import Work
from erp.receivables.service.building import tax_rates_of
from erp.repairs.models import RepairLine, RepairOrder
from erp.repairs.queries import orders as queries
from erp.repairs.schemas.orders import NewRepairLine
from erp.repairs.states import RepairLineKind
from erp.stock.service.booking import check_quantities

__all__ = ["build_lines"]

_NOTHING = Decimal(0)


async def build_lines(
    work: Work, order: RepairOrder, lines: Sequence[NewRepairLine], *, after: int
) -> list[RepairLine]:
    """New lines behind a position.

    Raises MissingReference (part, work centre, tax code), CurrencyNotSupported, FractionOfUnit.
    """
    if not lines:
        return []
    require_supported_currency(work, *(one.unit_price.currency for one in lines if one.unit_price))
    parts = await queries.goods(work.sql, {one.sku for one in lines if one.sku})
    centres = await queries.work_centres(
        work.sql, {one.work_centre for one in lines if one.work_centre}
    )
    for one in lines:
        if one.sku and one.sku not in parts:
            raise MissingReference(entity="item", reference=one.sku)
        if one.work_centre and one.work_centre not in centres:
            raise MissingReference(entity="work_centre", reference=one.work_centre)
    await tax_rates_of(work, sorted({one.tax_code for one in lines}))
    counted = [(parts[one.sku]["id"], one.quantity) for one in lines if one.sku]
    await check_quantities(work.sql, counted)
    new = []
    for position, one in enumerate(lines, after + 1):
        named = parts[one.sku] if one.sku else centres[one.work_centre or ""]
        new.append(
            RepairLine(
                id=uuid7(),
                repair_order_id=order.id,
                position=position,
                kind=RepairLineKind.PART if one.sku else RepairLineKind.LABOUR,
                item_id=named["id"] if one.sku else None,
                work_centre_id=None if one.sku else named["id"],
                description=one.description or named["name"],
                quantity=one.quantity,
                used=_NOTHING,
                unit_price=one.unit_price.amount if one.unit_price else _NOTHING,
                covered=one.covered,
                tax_code=one.tax_code,
                cost=_NOTHING,
            )
        )
    return new
