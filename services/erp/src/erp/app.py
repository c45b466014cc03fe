"""The ERP as a service: its modules, the lower ones first."""

from dataclasses import replace
from pathlib import Path

import approvals as approvals_library
import identity
import records
from chassis.service import Module, Service
from erp.approvals import router as approvals
from erp.approvals.module import MODULE as APPROVALS
from erp.calendars.module import MODULE as CALENDARS
from erp.calendars.router import calendar
from erp.catalog.module import MODULE as CATALOG
from erp.catalog.router import category, item, price, price_list
from erp.custom import MODULE as CUSTOM_FIELDS
from erp.demand_forecasts.module import MODULE as DEMAND_FORECASTS
from erp.demand_forecasts.router import demand_forecast
from erp.fulfilment import router as fulfilment
from erp.fulfilment.module import MODULE as FULFILMENT
from erp.inspections.module import MODULE as INSPECTIONS
from erp.inspections.router import inspections
from erp.inspections.router.plans import inspection_plan
from erp.ledger import router as ledger
from erp.ledger.module import MODULE as LEDGER
from erp.ledger.router import account
from erp.parties.module import MODULE as PARTIES
from erp.parties.router import customer, supplier
from erp.payables import router as payables
from erp.payables.module import MODULE as PAYABLES
from erp.persons.module import MODULE as PERSONS
from erp.planning import router as planning
from erp.planning.module import MODULE as PLANNING
from erp.production.module import MODULE as PRODUCTION
from erp.production.router import bill_of_material
from erp.production_orders.module import MODULE as PRODUCTION_ORDERS
from erp.production_orders.router import production_order
from erp.purchasing.module import MODULE as PURCHASING
from erp.purchasing.router import orders, prices, receipts
from erp.purchasing.router.prices import supplier_price
from erp.quality.module import MODULE as QUALITY
from erp.quality.router import cases
from erp.receivables import router as receivables
from erp.receivables.module import MODULE as RECEIVABLES
from erp.repairs import router as repairs
from erp.repairs.module import MODULE as REPAIRS
from erp.routings.module import MODULE as ROUTINGS
from erp.routings.router import routing
from erp.rush_requests import router as rush_requests
from erp.rush_requests.module import MODULE as RUSH_REQUESTS
from erp.scheduling.module import MODULE as SCHEDULING
from erp.scheduling.router import schedules as scheduling
from erp.scheduling.router.masters import changeover, scheduling_profile, shared_resource
from erp.settings import ErpSettings
from erp.settlement import router as settlement
from erp.settlement.module import MODULE as SETTLEMENT
from erp.stock.module import MODULE as STOCK
from erp.stock.router import goods as stock
from erp.stock.router import soft_reservations
from erp.stock.router.lots import lot
from erp.work_centres.module import MODULE as WORK_CENTRES
from erp.work_centres.router import work_centre
from identity.module import MODULE as CALLERS
from records.attachments.module import MODULE as ATTACHMENTS
from records.document_fields.module import MODULE as DOCUMENT_FIELDS
from records.erasure.module import erasure_module
from records.exports.events import EVENTS
from records.exports.module import export_module
from records.imports.module import import_module
from records.links import RESERVED_SYSTEMS
from records.notes.module import MODULE as NOTES
from records.saved_views.module import saved_views_module
from records.search.module import search_module
from records.tags.module import tags_module

__all__ = ["SERVICE", "SHEETS"]

_HERE = Path(__file__).parent

_WHOLE = Module(
    name="erp",
    tags={"reports": "Trial balance, stock valuation, and who owes how much since when."},
    permissions={
        "backdate": "Date an act in the past.",
        "events.read": "Read the event feed.",
        "events.relay": (
            "Continue a process of another service, as a bridge: tell origin, cause, hops."
        ),
        "admin": "Everything, with the administration of users and keys.",
    },
    roles={"accountant": {"backdate"}, "admin": {"admin"}},
)
"""What belongs to no module alone."""

_TAGS = tags_module(
    keepers=("buyer", "planner"),
    readers=("accountant", "seller", "storekeeper"),
)

_LOCALES = (identity.LOCALE, records.LOCALE, approvals_library.LOCALE, _HERE / "locale")
_RECORDS = (
    calendar,
    *(account, customer, supplier, category, item, price_list, price),
    supplier_price,
    *(work_centre, inspection_plan, bill_of_material, lot, routing, production_order),
    planning.parameter,
    *(changeover, shared_resource, scheduling_profile),
    demand_forecast,
)
SHEETS = [one.sheet for one in _RECORDS]
"""Record types that files have, those first that others refer to."""

_LISTS = (
    *(*fulfilment.LISTS, *receivables.LISTS, *settlement.LISTS, *payables.LISTS),
    *(*orders.LISTS, *prices.LISTS, *receipts.LISTS, *stock.LISTS, *ledger.LISTS, *approvals.LISTS),
    *(*inspections.LISTS, *cases.LISTS, *repairs.LISTS, *planning.LISTS, *scheduling.LISTS),
    *rush_requests.LISTS,
    *soft_reservations.LISTS,
    EVENTS,
)
"""Documents, other lists, reports and events: files have them, and nobody brings them so."""

_ROLES = ("accountant", "buyer")
EXPORTS = export_module([*SHEETS, *_LISTS], locales=_LOCALES, roles=_ROLES)
IMPORTS = import_module(SHEETS, locales=_LOCALES, roles=_ROLES)

_OWN = Service(
    name="erp",
    title="Tandem ERP",
    description="Order to cash: customers, items, stock, purchasing, sales orders, ledger.",
    version="0.1.16",
    settings=ErpSettings,
    migrations=_HERE / "migrations",
    fields=_HERE / "fields.toml",
    locale=_HERE / "locale",
    shared_locales=(identity.LOCALE, records.LOCALE, approvals_library.LOCALE),
    modules=(
        CALLERS,
        NOTES,
        ATTACHMENTS,
        erasure_module(),
        CUSTOM_FIELDS,
        DOCUMENT_FIELDS,
        _TAGS,
        PARTIES,
        CATALOG,
        LEDGER,
        STOCK,
        INSPECTIONS,
        PURCHASING,
        APPROVALS,
        FULFILMENT,
        RECEIVABLES,
        PAYABLES,
        SETTLEMENT,
        CALENDARS,
        WORK_CENTRES,
        PRODUCTION,
        ROUTINGS,
        PRODUCTION_ORDERS,
        DEMAND_FORECASTS,
        PLANNING,
        SCHEDULING,
        QUALITY,
        REPAIRS,
        RUSH_REQUESTS,
        PERSONS,
        EXPORTS,
        IMPORTS,
        _WHOLE,
    ),
    reserved_systems=RESERVED_SYSTEMS,
)
SERVICE = replace(
    _OWN,
    modules=(
        *_OWN.modules,
        search_module(_OWN.modules),
        saved_views_module(_OWN.modules, sharing={"accountant"}),
    ),
)
