"""What customers and suppliers bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.parties.events import CustomerChanged
from erp.parties.models import SEARCH, Customer, Supplier
from erp.parties.router import customer_router, supplier_router
from erp.parties.service.customers import customer_states

__all__ = ["MODULE"]

MODULE = Module(
    name="parties",
    routers=(customer_router, supplier_router),
    tags={
        "customers": "Firms and people that buy: addresses, terms, credit limit.",
        "suppliers": "Firms that goods and services are bought from.",
    },
    permissions={
        "parties.read": "See customers and suppliers.",
        "parties.write": "Create, change, archive and link customers and suppliers.",
        "parties.terms": "Set credit limits, payment terms and dunning blocks.",
    },
    roles={
        "accountant": {"parties.read", "parties.write", "parties.terms"},
        "buyer": {"parties.read", "parties.write"},
        "planner": {"parties.read"},
        "seller": {"parties.read", "parties.write"},
        "storekeeper": {"parties.read"},
    },
    tables=(Customer, Supplier, *SEARCH),
    events=(CustomerChanged,),
    states={
        CustomerChanged: States("customer", customer_states),
    },
)
