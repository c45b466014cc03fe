"""The ERP as a service: its paths, permissions, events, and who acts on which event."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from chassis.events.event import Event
from chassis.service import Handler, Service
from erp.base import Base
from erp.catalog.events import ItemChanged, PriceChanged
from erp.catalog.router import (
    category_router,
    item_router,
    price_list_router,
    price_router,
    unit_router,
)
from erp.ledger.router import (
    account_router,
    entry_router,
    ledger_report_router,
    period_router,
    year_router,
)
from erp.parties.events import CustomerChanged
from erp.parties.router import customer_router, supplier_router
from erp.permissions import PERMISSIONS, ROLES
from erp.settings import ErpSettings
from erp.stock.events import AvailabilityChanged
from erp.stock.handlers import open_new_item
from erp.stock.router import (
    adjustment_router,
    availability_router,
    level_router,
    move_router,
    opening_router,
    receipt_router,
    valuation_router,
    warehouse_router,
)

__all__ = ["HANDLERS", "SERVICE"]

_HERE = Path(__file__).parent

HANDLERS: Mapping[type[Event], Sequence[Handler]] = {
    ItemChanged: (open_new_item,),
}
"""Event -> who acts on it, in this order, in the same transaction. One that refuses ends all."""

SERVICE = Service(
    name="erp",
    title="Tandem ERP",
    description="Customers, suppliers, items and prices; ledger and stock stand on them.",
    version="0.1.0",
    settings=ErpSettings,
    metadata=Base.metadata,
    migrations=_HERE / "migrations",
    locale=_HERE / "locale",
    routers=(
        customer_router,
        supplier_router,
        unit_router,
        category_router,
        item_router,
        price_list_router,
        price_router,
        account_router,
        year_router,
        period_router,
        entry_router,
        ledger_report_router,
        warehouse_router,
        level_router,
        move_router,
        receipt_router,
        opening_router,
        adjustment_router,
        availability_router,
        valuation_router,
    ),
    permissions=PERMISSIONS,
    roles=ROLES,
    events=(AvailabilityChanged, CustomerChanged, ItemChanged, PriceChanged),
    handlers=HANDLERS,
)
