"""Paths of customers and suppliers."""

from typing import Annotated

from chassis.actor import Actor
from chassis.http.dependencies import InReading, Needs
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference
from erp.parties.errors import DuplicateTaxId, ManagedByCrm
from erp.parties.schemas import (
    ChangeCustomer,
    ChangeSupplier,
    CustomerMatchReply,
    MatchCustomers,
    NewCustomer,
    NewSupplier,
    UpsertCustomer,
    UpsertSupplier,
)
from erp.parties.service import matches
from erp.parties.service.customers import CUSTOMER
from erp.parties.service.suppliers import SUPPLIER
from records.annotations import annotate
from records.erasure.errors import PersonIsErased, PersonSuppressed
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["customer_router", "supplier_router"]

READ, WRITE = "parties.read", "parties.write"
ERASED = (PersonIsErased, PersonSuppressed)
Reader = Annotated[Actor, Needs(READ)]

customer_router = api_router(prefix="/v1/customers", tag="customers")
customer = RecordRoutes(
    customer_router,
    CUSTOMER,
    one="customer",
    many="customers",
    read=READ,
    write=WRITE,
    refuses=(DuplicateTaxId, CurrencyNotSupported, MissingReference, *ERASED),
)
customer.list("Customers, the newest first; `sort` by created_at, updated_at or name.")
customer.create(NewCustomer, "Take on a customer.")
customer.upsert(UpsertCustomer, refuses=(ManagedByCrm,))
customer.links()
customer.csv(
    key="number",
    references={"price_list": Reference("price_list", codes=("code",), take="code")},
)


@customer_router.post("/matches")
async def customer_match(command: MatchCustomers, _by: Reader, at: InReading) -> CustomerMatchReply:
    """Look for customers that are, or may be, the same firms. Nothing changes."""
    return await matches.match_customers(at.sql, command)


customer.get()
customer.history()
customer.change(
    ChangeCustomer,
    "Change the fields given; the others stay. A linked CRM leads in name and ways to reach it.",
    refuses=(ManagedByCrm,),
)
customer.archive(
    "Stop doing business with the customer; its history stays.",
    "Do business with the customer again.",
    refuses=(DuplicateTaxId, PersonIsErased),
)
customer.link()
customer.unlink()
annotate(customer.paths)

supplier_router = api_router(prefix="/v1/suppliers", tag="suppliers")
supplier = RecordRoutes(
    supplier_router,
    SUPPLIER,
    one="supplier",
    many="suppliers",
    read=READ,
    write=WRITE,
    refuses=(DuplicateTaxId, CurrencyNotSupported, *ERASED),
)
supplier.list("Suppliers, the newest first; `sort` by created_at, updated_at or name.")
supplier.create(NewSupplier, "Take on a supplier.")
supplier.upsert(UpsertSupplier)
supplier.csv(key="number")
supplier.get()
supplier.history()
supplier.change(ChangeSupplier)
supplier.archive(
    "Stop doing business with the supplier; its history stays.",
    "Do business with the supplier again.",
    refuses=(DuplicateTaxId, PersonIsErased),
)
supplier.link()
supplier.unlink()
annotate(supplier.paths)
