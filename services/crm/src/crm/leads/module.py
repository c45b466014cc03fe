"""What leads bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm import open_work
from crm.assignment.service.subjects import declare
from crm.leads import form_models as forms
from crm.leads.events import LeadChanged, LeadConverted
from crm.leads.form_router import (
    form_page_router,
    lead_consent_router,
    lead_form_router,
    open_form_router,
)
from crm.leads.models import RIGHTS, SEARCH, Lead, LeadDistinct, LeadReason, LeadTouch
from crm.leads.router import lead_person_router, lead_reason_router, lead_router
from crm.leads.service.assigning import ASSIGNED, OPEN
from crm.leads.service.leads import lead_states
from crm.leads.service.robots import FORGET_ROBOTS, SCHEDULE, forget_robots

__all__ = ["MODULE"]

declare(ASSIGNED)
open_work.declare(OPEN)

_SETTINGS = ("lead_settings.read", "lead_settings.write")

MODULE = Module(
    name="leads",
    routers=(
        lead_router,
        lead_person_router,
        lead_reason_router,
        lead_form_router,
        lead_consent_router,
        open_form_router,
        form_page_router,
    ),
    tags={
        "leads": "People who may buy one day, and where they came from.",
        "lead-forms": "Public forms by which leads come in, and what they agreed to.",
    },
    permissions={
        "leads.read": "See leads.",
        "leads.write": "Take down, change, qualify, give up and link leads.",
        "lead_settings.read": "See public forms, and the reasons for which leads are given up.",
        "lead_settings.write": "Keep public forms, and the reasons for which leads are given up.",
    },
    roles={
        "seller": {"leads.read", "leads.write", "lead_settings.read"},
        "sales_manager": {"leads.read", "leads.write", *_SETTINGS},
        "service_agent": {"leads.read", "lead_settings.read"},
        "marketer": {"leads.read", "leads.write", *_SETTINGS},
    },
    tables=(
        Lead,
        LeadReason,
        LeadTouch,
        LeadDistinct,
        SEARCH,
        forms.LeadForm,
        forms.LeadFormPost,
        forms.LeadConsent,
        forms.LeadConfirmation,
    ),
    events=(LeadChanged, LeadConverted),
    states={LeadChanged: States("lead", lead_states)},
    rights=RIGHTS | forms.RIGHTS,
    jobs={FORGET_ROBOTS: forget_robots},
    schedules=(SCHEDULE,),
)
