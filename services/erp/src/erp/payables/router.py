"""Paths of bills."""

from typing import Annotated
from uuid import UUID

from chassis.http.dependencies import InReading, Needs
from chassis.http.paging import Filter, Page, PageAsked
from chassis.http.problems import NotFound
from chassis.http.routing import house_router
from chassis.identity.actor import Actor
from erp.payables import queries, service
from erp.payables.schemas import BillView

__all__ = ["bill_router"]

Reader = Annotated[Actor, Needs("payables.read")]

bill_router = house_router(prefix="/v1/bills", tag="bills", problems=(NotFound,))


@bill_router.get("")
async def list_bills(
    _by: Reader,
    asked: PageAsked,
    at: InReading,
    supplier_id: UUID | None = None,
    purchase_order_id: UUID | None = None,
) -> Page[BillView]:
    """Suppliers' bills, the newest first."""
    filters = [
        Filter("bill.supplier_id = {}", supplier_id),
        Filter("bill.purchase_order_id = {}", purchase_order_id),
    ]
    return await queries.bill_page(at.sql, asked, filters=filters)


@bill_router.get("/{bill_id}")
async def see_bill(bill_id: UUID, _by: Reader, at: InReading) -> BillView:
    """The bill."""
    return await service.see_bill(at.sql, bill_id)
