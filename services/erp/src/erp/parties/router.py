"""Paths of customers and suppliers."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.http.batch import BatchReply
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import reply_with
from chassis.http.linking import AskedIds, LinksReply, LinksView, ProblemViews
from chassis.http.paging import Page, PageAsked
from chassis.http.problems import (
    CurrencyNotSupported,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    NotFound,
    RevisionRequired,
    StaleRevision,
)
from chassis.http.routing import house_router
from chassis.identity.actor import Actor
from chassis.storage.external import AlreadyLinked
from chassis.storage.reading import Reading
from erp.links import ExternalRef, LinkExternal, LinkRecords, ManagedByCrm
from erp.parties import queries
from erp.parties.errors import DuplicateTaxId
from erp.parties.schemas import (
    ChangeCustomer,
    ChangeSupplier,
    CustomerMatchReply,
    CustomerView,
    MatchCustomers,
    NewCustomer,
    NewSupplier,
    PartyQuery,
    SupplierView,
    UpsertCustomer,
    UpsertCustomers,
    UpsertSupplier,
    UpsertSuppliers,
)
from erp.parties.service import customers, matches, suppliers
from erp.senders import FromSystem, InBatch
from erp.upserts import UPSERT_PROBLEMS, UPSERTED, reply_outcome, upsert_each
from values.external import ExternalId

__all__ = ["customer_router", "supplier_router"]

Clerk = Annotated[Actor, Needs("parties.write")]
Reader = Annotated[Actor, Needs("parties.read")]
Wanted = Annotated[PartyQuery, Query()]

_PROBLEMS = (
    *UPSERT_PROBLEMS,
    NotFound,
    AlreadyLinked,
    DuplicateTaxId,
    StaleRevision,
    RevisionRequired,
    CurrencyNotSupported,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    IdempotencyInFlight,
)

customer_router = house_router(
    prefix="/v1/customers", tag="customers", problems=(*_PROBLEMS, ManagedByCrm)
)
supplier_router = house_router(prefix="/v1/suppliers", tag="suppliers", problems=_PROBLEMS)


async def _customer(
    response: Response, at: Reading, customer_id: UUID, *, new: bool = False
) -> CustomerView:
    """The customer as the reply shows it, with its ETag."""
    seen = await customers.see_customer(at.sql, customer_id)
    reply_with(response, seen, location=f"/v1/customers/{seen.id}" if new else None)
    return seen


async def _supplier(
    response: Response, at: Reading, supplier_id: UUID, *, new: bool = False
) -> SupplierView:
    """The supplier as the reply shows it, with its ETag."""
    seen = await suppliers.see_supplier(at.sql, supplier_id)
    reply_with(response, seen, location=f"/v1/suppliers/{seen.id}" if new else None)
    return seen


@customer_router.get("")
async def customer_list(
    _by: Reader, wanted: Wanted, asked: PageAsked, at: InReading
) -> Page[CustomerView]:
    """Customers, the newest first; `sort` by created_at, updated_at or name."""
    return await queries.customer_page(at.sql, wanted, asked)


@customer_router.post("", status_code=status.HTTP_201_CREATED)
async def customer_create(
    command: NewCustomer, _by: Clerk, _once: OnlyOnce, work: InWork, response: Response
) -> CustomerView:
    """Take on a customer."""
    customer_id = await customers.register_customer(work, command)
    return await _customer(response, work, customer_id, new=True)


@customer_router.post("/by-external/{system}/batch")
async def customer_upsert_batch(
    asked: InBatch, command: UpsertCustomers, _by: Clerk, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over customers as another system knows them; each is judged alone."""
    sent, in_bulk = command.items, customers.IN_BULK
    return await upsert_each(
        work, asked, customers.KIND, sent, customers.upsert_customer, in_bulk=in_bulk
    )


@customer_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def customer_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertCustomer,
    _by: Clerk,
    work: InWork,
    response: Response,
) -> CustomerView:
    """Take over a customer as another system knows it; only a newer version changes it."""
    done = await customers.upsert_customer(work, system, external_id, command)
    reply_outcome(response, done)
    return await _customer(response, work, done.id, new=done.outcome == "created")


@customer_router.get("/external-refs")
async def customer_link_list(ids: AskedIds, _by: Reader, at: InReading) -> LinksView:
    """Which records of other systems the customers are."""
    return await customers.links_of_customers(at, ids)


@customer_router.post("/external-refs/batch")
async def customer_link_batch(
    command: LinkRecords, view_of: ProblemViews, _by: Clerk, _once: OnlyOnce, work: InWork
) -> LinksReply:
    """Say of many customers which record of another system each is; each is judged alone."""
    return await customers.link_customers(work, command, view_of=view_of)


@customer_router.post("/matches")
async def customer_match(command: MatchCustomers, _by: Reader, at: InReading) -> CustomerMatchReply:
    """Look for customers that are, or may be, the same firms. Nothing changes."""
    return await matches.match_customers(at.sql, command)


@customer_router.get("/{customer_id}")
async def customer_get(
    customer_id: UUID, _by: Reader, at: InReading, response: Response
) -> CustomerView:
    """The customer."""
    return await _customer(response, at, customer_id)


@customer_router.patch("/{customer_id}")
async def customer_update(
    customer_id: UUID,
    command: ChangeCustomer,
    revision: IfMatch,
    _by: Clerk,
    work: InWork,
    response: Response,
) -> CustomerView:
    """Change the fields given; the others stay. A linked CRM leads in name and ways to reach it."""
    await customers.change_customer(work, customer_id, command, revision=revision)
    return await _customer(response, work, customer_id)


@customer_router.post("/{customer_id}/archive")
async def customer_archive(
    customer_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork, response: Response
) -> CustomerView:
    """Stop doing business with the customer; its history stays."""
    await customers.archive_customer(work, customer_id)
    return await _customer(response, work, customer_id)


@customer_router.post("/{customer_id}/restore")
async def customer_restore(
    customer_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork, response: Response
) -> CustomerView:
    """Do business with the customer again."""
    await customers.restore_customer(work, customer_id)
    return await _customer(response, work, customer_id)


@customer_router.post("/{customer_id}/external-refs")
async def customer_link(
    customer_id: UUID,
    command: LinkExternal,
    _by: Clerk,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> CustomerView:
    """Say which record of another system the customer is."""
    await customers.link_customer(work, customer_id, command)
    return await _customer(response, work, customer_id)


@customer_router.delete("/{customer_id}/external-refs/{system}/{external_id}")
async def customer_unlink(
    customer_id: UUID,
    system: FromSystem,
    external_id: ExternalId,
    _by: Clerk,
    work: InWork,
    response: Response,
) -> CustomerView:
    """Forget that the customer is that record of another system, which leads in nothing then."""
    gone = ExternalRef(system=system, external_id=external_id)
    await customers.unlink_customer(work, customer_id, gone)
    return await _customer(response, work, customer_id)


@supplier_router.get("")
async def supplier_list(
    _by: Reader, wanted: Wanted, asked: PageAsked, at: InReading
) -> Page[SupplierView]:
    """Suppliers, the newest first; `sort` by created_at, updated_at or name."""
    return await queries.supplier_page(at.sql, wanted, asked)


@supplier_router.post("", status_code=status.HTTP_201_CREATED)
async def supplier_create(
    command: NewSupplier, _by: Clerk, _once: OnlyOnce, work: InWork, response: Response
) -> SupplierView:
    """Take on a supplier."""
    supplier_id = await suppliers.register_supplier(work, command)
    return await _supplier(response, work, supplier_id, new=True)


@supplier_router.post("/by-external/{system}/batch")
async def supplier_upsert_batch(
    asked: InBatch, command: UpsertSuppliers, _by: Clerk, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over suppliers as another system knows them; each is judged alone."""
    sent, in_bulk = command.items, suppliers.IN_BULK
    return await upsert_each(
        work, asked, suppliers.KIND, sent, suppliers.upsert_supplier, in_bulk=in_bulk
    )


@supplier_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def supplier_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertSupplier,
    _by: Clerk,
    work: InWork,
    response: Response,
) -> SupplierView:
    """Take over a supplier as another system knows it; only a newer version changes it."""
    done = await suppliers.upsert_supplier(work, system, external_id, command)
    reply_outcome(response, done)
    return await _supplier(response, work, done.id, new=done.outcome == "created")


@supplier_router.get("/{supplier_id}")
async def supplier_get(
    supplier_id: UUID, _by: Reader, at: InReading, response: Response
) -> SupplierView:
    """The supplier."""
    return await _supplier(response, at, supplier_id)


@supplier_router.patch("/{supplier_id}")
async def supplier_update(
    supplier_id: UUID,
    command: ChangeSupplier,
    revision: IfMatch,
    _by: Clerk,
    work: InWork,
    response: Response,
) -> SupplierView:
    """Change the fields given; the others stay."""
    await suppliers.change_supplier(work, supplier_id, command, revision=revision)
    return await _supplier(response, work, supplier_id)


@supplier_router.post("/{supplier_id}/archive")
async def supplier_archive(
    supplier_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork, response: Response
) -> SupplierView:
    """Stop doing business with the supplier; its history stays."""
    await suppliers.archive_supplier(work, supplier_id)
    return await _supplier(response, work, supplier_id)


@supplier_router.post("/{supplier_id}/restore")
async def supplier_restore(
    supplier_id: UUID, _by: Clerk, _once: OnlyOnce, work: InWork, response: Response
) -> SupplierView:
    """Do business with the supplier again."""
    await suppliers.restore_supplier(work, supplier_id)
    return await _supplier(response, work, supplier_id)


@supplier_router.post("/{supplier_id}/external-refs")
async def supplier_link(
    supplier_id: UUID,
    command: LinkExternal,
    _by: Clerk,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> SupplierView:
    """Say which record of another system the supplier is."""
    await suppliers.link_supplier(work, supplier_id, command)
    return await _supplier(response, work, supplier_id)
