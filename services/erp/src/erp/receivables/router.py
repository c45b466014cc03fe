"""Paths of invoices."""

from typing import Annotated
from uuid import UUID

from chassis.http.dependencies import InReading, Needs
from chassis.http.paging import Filter, Page, PageAsked
from chassis.http.problems import NotFound
from chassis.http.routing import house_router
from chassis.identity.actor import Actor
from erp.receivables import queries, service
from erp.receivables.schemas import InvoiceView

__all__ = ["invoice_router"]

Reader = Annotated[Actor, Needs("receivables.read")]

invoice_router = house_router(prefix="/v1/invoices", tag="invoices", problems=(NotFound,))


@invoice_router.get("")
async def list_invoices(
    _by: Reader,
    asked: PageAsked,
    at: InReading,
    customer_id: UUID | None = None,
    order_id: UUID | None = None,
) -> Page[InvoiceView]:
    """Invoices and credit notes, the newest first."""
    filters = [
        Filter("invoice.customer_id = {}", customer_id),
        Filter("invoice.order_id = {}", order_id),
    ]
    return await queries.invoice_page(at.sql, asked, filters=filters)


@invoice_router.get("/{invoice_id}")
async def see_invoice(invoice_id: UUID, _by: Reader, at: InReading) -> InvoiceView:
    """The invoice."""
    return await service.see_invoice(at.sql, invoice_id)
