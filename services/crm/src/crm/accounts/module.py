"""What accounts and contacts bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm import open_work
from crm.accounts.events import AccountChanged, ContactChanged
from crm.accounts.models import SEARCH, Account, AccountDebt, Contact
from crm.accounts.router import account_router, contact_router
from crm.accounts.service.accounts import account_states
from crm.accounts.service.assigning import ASSIGNED, OPEN
from crm.accounts.service.contacts import contact_states
from crm.assignment.service.subjects import declare

__all__ = ["MODULE"]

declare(ASSIGNED)
open_work.declare(OPEN)

MODULE = Module(
    name="accounts",
    routers=(account_router, contact_router),
    tags={
        "accounts": "Firms that are, or may become, customers.",
        "contacts": "People at the accounts, with what they agreed to be sent.",
    },
    permissions={
        "accounts.read": "See accounts and contacts.",
        "accounts.write": "Create, change, archive and link accounts and contacts.",
    },
    roles={
        "seller": {"accounts.read", "accounts.write"},
        "sales_manager": {"accounts.read", "accounts.write"},
        "service_agent": {"accounts.read", "accounts.write"},
        "marketer": {"accounts.read"},
    },
    tables=(Account, Contact, AccountDebt, *SEARCH),
    rights={"account_debt": "select, insert, update, delete"},
    events=(AccountChanged, ContactChanged),
    states={
        AccountChanged: States("account", account_states),
        ContactChanged: States("contact", contact_states),
    },
)
