"""The CRM as a service: its paths, permissions, events, and who acts on which event."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import records
from chassis.events.event import Event
from chassis.service import Service
from chassis.work.states import States
from chassis.work.unit_of_work import Handler
from crm.accounts.events import AccountChanged
from crm.accounts.router import account_router, contact_router
from crm.accounts.service.accounts import account_states
from crm.base import Base
from crm.catalog.router import price_list_router, price_router, product_router
from crm.orders.events import OrderChanged
from crm.orders.handlers import refuse_prospect_who_ordered
from crm.orders.router import erp_copy_router, order_router
from crm.orders.service.orders import order_states
from crm.permissions import PERMISSIONS, ROLES
from crm.settings import CrmSettings
from crm.staff.router import team_router, user_router
from crm.tags import TAGS
from records.links import RESERVED_SYSTEMS

__all__ = ["HANDLERS", "SERVICE"]

_HERE = Path(__file__).parent

HANDLERS: Mapping[type[Event], Sequence[Handler]] = {AccountChanged: (refuse_prospect_who_ordered,)}
"""Event -> who acts on it, in this order, in the same transaction. One that refuses ends all."""

STATES: Mapping[type[Event], States] = {
    AccountChanged: States("account", account_states),
    OrderChanged: States("customer_order", order_states),
}
"""Event -> where the present states of its records are read."""

SERVICE = Service(
    name="crm",
    title="Tandem CRM",
    description="Staff, accounts with their contacts, products, prices, customers' orders.",
    version="0.1.4",
    settings=CrmSettings,
    metadata=Base.metadata,
    migrations=_HERE / "migrations",
    locale=_HERE / "locale",
    shared_locales=(records.LOCALE,),
    routers=(
        user_router,
        team_router,
        account_router,
        contact_router,
        product_router,
        price_list_router,
        price_router,
        order_router,
        erp_copy_router,
    ),
    tags=TAGS,
    permissions=PERMISSIONS,
    roles=ROLES,
    reserved_systems=RESERVED_SYSTEMS,
    events=(AccountChanged, OrderChanged),
    states=STATES,
    handlers=HANDLERS,
)
