"""The CRM as a service: its modules, the lower ones first."""

from dataclasses import replace
from pathlib import Path

import approvals as approvals_library
import identity
import records
from chassis.service import Module, Service
from crm.absences.module import MODULE as ABSENCES
from crm.absences.router import absence
from crm.accounts.module import MODULE as ACCOUNTS
from crm.accounts.router import account, contact
from crm.activities.module import MODULE as ACTIVITIES
from crm.activities.router import activity
from crm.activities.service.day import SECTIONS as ACTIVITIES_OF_A_DAY
from crm.approvals import router as approvals
from crm.approvals.module import MODULE as APPROVALS
from crm.approvals.service.day import SECTIONS as APPROVALS_OF_A_DAY
from crm.assignment.module import MODULE as ASSIGNMENT
from crm.assignment.router import assignment_rule
from crm.calendar_feeds.module import MODULE as CALENDAR_FEEDS
from crm.calendars.module import MODULE as CALENDARS
from crm.calendars.router import calendar
from crm.catalog.module import MODULE as CATALOG
from crm.catalog.router import price, price_list, product
from crm.contracts.module import MODULE as CONTRACTS
from crm.contracts.router import contract, contract_template
from crm.costs.module import MODULE as COSTS
from crm.costs.router import cost
from crm.custom import MODULE as CUSTOM_FIELDS
from crm.follow_up_plans.module import MODULE as FOLLOW_UP_PLANS
from crm.follow_up_plans.router import follow_up_plan
from crm.forecasts.module import MODULE as FORECASTS
from crm.forecasts.router import quota
from crm.handovers.module import MODULE as HANDOVERS
from crm.insights.module import MODULE as INSIGHTS
from crm.leads.module import MODULE as LEADS
from crm.leads.router import lead, lead_reason
from crm.leads.service.day import SECTIONS as LEADS_OF_A_DAY
from crm.my_day import my_day_module
from crm.opportunities.module import MODULE as OPPORTUNITIES
from crm.opportunities.router import competitor, lost_reason, opportunity, pipeline
from crm.opportunities.service.day import SECTIONS as DEALS_OF_A_DAY
from crm.orders import router as orders
from crm.orders.module import MODULE as ORDERS
from crm.persons.module import MODULE as PERSONS
from crm.quotes.module import MODULE as QUOTES
from crm.quotes.router import quote
from crm.rates.module import MODULE as RATES
from crm.rates.router import rate
from crm.response_times.module import MODULE as RESPONSE_TIMES
from crm.rush_requests import router as rush_requests
from crm.rush_requests.module import MODULE as RUSH_REQUESTS
from crm.score_rules.module import MODULE as SCORE_RULES
from crm.score_rules.router import score_rule
from crm.settings import CrmSettings
from crm.staff import router as staff
from crm.staff.module import MODULE as STAFF
from crm.staff.router import team
from crm.staff.service.erasing import forget_address, member_data
from identity.module import MODULE as CALLERS
from records.attachments.module import MODULE as ATTACHMENTS
from records.document_fields.module import MODULE as DOCUMENT_FIELDS
from records.erasure.events import PersonErased
from records.erasure.module import erasure_module
from records.exports.events import EVENTS
from records.exports.module import export_module
from records.imports.module import import_module
from records.links import RESERVED_SYSTEMS
from records.merging.module import merging_module
from records.notes.module import MODULE as NOTES
from records.saved_views.module import saved_views_module
from records.search.module import search_module
from records.tags.module import tags_module

__all__ = ["SERVICE", "SHEETS"]

_HERE = Path(__file__).parent

_WHOLE = Module(
    name="crm",
    permissions={
        "backdate": "Date an act in the past.",
        "events.read": "Read the event feed.",
        "events.relay": (
            "Continue a process of another service, as a bridge: tell origin, cause, hops."
        ),
        "admin": "Everything, with the administration of users and keys.",
    },
    roles={"admin": {"admin"}},
)
"""What belongs to no module alone."""

_TAGS = tags_module(
    keepers=("sales_manager",),
    readers=("seller", "service_agent", "marketer"),
)

_LOCALES = (identity.LOCALE, records.LOCALE, approvals_library.LOCALE, _HERE / "locale")
SHEETS = [
    one.sheet
    for one in (
        follow_up_plan,
        score_rule,
        calendar,
        team,
        absence,
        assignment_rule,
        account,
        contact,
        price_list,
        product,
        price,
        cost,
        rate,
        quota,
        pipeline,
        lost_reason,
        competitor,
        opportunity,
        quote,
        contract_template,
        contract,
        lead_reason,
        lead,
        activity,
    )
]
"""Record types that files have, those first that others refer to."""

_ROLES = ("sales_manager",)
EXPORTS = export_module(
    [*SHEETS, *orders.LISTS, *rush_requests.LISTS, *staff.LISTS, *approvals.LISTS, EVENTS],
    locales=_LOCALES,
    roles=_ROLES,
)
IMPORTS = import_module(SHEETS, locales=_LOCALES, roles=_ROLES)

_OWN = Service(
    name="crm",
    title="Tandem CRM",
    description="Staff, accounts with their contacts, products, prices, customers' orders.",
    version="0.1.16",
    settings=CrmSettings,
    migrations=_HERE / "migrations",
    fields=_HERE / "fields.toml",
    locale=_HERE / "locale",
    shared_locales=(identity.LOCALE, records.LOCALE, approvals_library.LOCALE),
    modules=(
        CALLERS,
        NOTES,
        ATTACHMENTS,
        _TAGS,
        erasure_module(profile_of=member_data, handlers={PersonErased: (forget_address,)}),
        CUSTOM_FIELDS,
        DOCUMENT_FIELDS,
        CALENDARS,
        STAFF,
        ABSENCES,
        ASSIGNMENT,
        HANDOVERS,
        ACCOUNTS,
        CATALOG,
        RATES,
        COSTS,
        APPROVALS,
        QUOTES,
        OPPORTUNITIES,
        FORECASTS,
        ACTIVITIES,
        CALENDAR_FEEDS,
        INSIGHTS,
        CONTRACTS,
        my_day_module(
            (*APPROVALS_OF_A_DAY, *ACTIVITIES_OF_A_DAY, *LEADS_OF_A_DAY, *DEALS_OF_A_DAY)
        ),
        ORDERS,
        RUSH_REQUESTS,
        PERSONS,
        EXPORTS,
        IMPORTS,
        LEADS,
        SCORE_RULES,
        RESPONSE_TIMES,
        FOLLOW_UP_PLANS,
        _WHOLE,
    ),
    reserved_systems=RESERVED_SYSTEMS,
)
SERVICE = replace(
    _OWN,
    modules=(
        *_OWN.modules,
        search_module(_OWN.modules),
        merging_module(_OWN.modules, roles=_ROLES),
        saved_views_module(
            _OWN.modules,
            sharing={"sales_manager"},
            team_of="select team_id from staff_member where id = {}",
        ),
    ),
)
