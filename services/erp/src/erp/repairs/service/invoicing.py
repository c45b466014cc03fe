"""Invoices of repairs: what was used at its price, once; what a warranty covers is free (E66)."""

from uuid import UUID

from chassis.work.company_rules import business_day_of
from chassis.work.locking import lock
from chassis.work.unit_of_work import Work
from erp.receivables.service.building import IssueInvoice, IssueLine
from erp.receivables.service.issuing import issue
from erp.repairs.errors import NothingCharged
from erp.repairs.models import RepairLine, RepairOrder
from erp.repairs.queries import orders as queries
from erp.repairs.rules.charging import charge_of
from erp.repairs.schemas.orders import RepairDay
from erp.repairs.service.orders import changed, lines_of
from erp.repairs.states import RepairState
from values.money import digits_of

__all__ = ["invoice"]


async def invoice(work: Work, order_id: UUID, command: RepairDay) -> None:
    """Invoice what the customer pays, exactly once.

    Raises NotFound, WrongRepairState, AlreadyInvoiced, NothingCharged, NoPeriod, PeriodClosed,
    InvoiceDateOrder.
    """
    day = business_day_of(work, command.effective_on)
    order = await lock(work, RepairOrder, order_id)
    order.require({RepairState.DONE, RepairState.CLOSED})
    order.require_not_invoiced()
    if order.customer_id is None or not order.charged:
        raise NothingCharged(number=order.number)
    terms = await queries.customer_terms(work.sql, order.customer_id)
    decimals = digits_of(work.setting.currency)
    lines = [
        _line(one, order, decimals=decimals) for one in await lines_of(work, order_id) if one.used
    ]
    head = await issue(
        work,
        IssueInvoice(
            customer_id=order.customer_id,
            order_id=None,
            effective_on=day,
            payment_terms_days=terms["payment_terms_days"],
            lines=[one for one in lines if one.net],
        ),
    )
    order.invoice_id = head.id
    await changed(work, order, "invoice_id")


def _line(line: RepairLine, order: RepairOrder, *, decimals: int) -> IssueLine:
    return IssueLine(
        order_line_id=None,
        item_id=None,
        description=line.description,
        quantity=line.used,
        unit_price=line.unit_price,
        net=charge_of(line, line.used, warranty=order.warranty, decimals=decimals),
        tax_code=line.tax_code,
    )
