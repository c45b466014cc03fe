"""What opportunities and pipelines bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm import open_work
from crm.opportunities.events import (
    OpportunityChanged,
    OpportunityLost,
    OpportunityMoved,
    OpportunityReopened,
    OpportunityWon,
)
from crm.opportunities.models import (
    SEARCH,
    ClosingRate,
    Competitor,
    LostReason,
    Opportunity,
    OpportunityCompetitor,
    OpportunityContact,
    OpportunityLine,
    Pipeline,
    Stage,
    StageChange,
)
from crm.opportunities.router import (
    competitor_router,
    lost_reason_router,
    opportunity_router,
    pipeline_router,
    stage_router,
)
from crm.opportunities.service.closing_rates import keep_missing_rates
from crm.opportunities.service.giving import OPEN
from crm.opportunities.service.opportunities import opportunity_states
from crm.rates.events import RateChanged

__all__ = ["MODULE"]

open_work.declare(OPEN)

_READ, _SEE = "opportunities.read", "pipelines.read"
_REPLACED = "select, insert, delete"

MODULE = Module(
    name="opportunities",
    routers=(
        pipeline_router,
        stage_router,
        lost_reason_router,
        competitor_router,
        opportunity_router,
    ),
    tags={
        "opportunities": "What we may sell, how likely, and how far it has come.",
        "pipelines": "Pipelines with their stages, lost reasons and competitors.",
    },
    permissions={
        "opportunities.read": "See opportunities and the board.",
        "opportunities.write": "Open, change, move, win, lose, reopen and archive opportunities.",
        "pipelines.read": "See pipelines, stages, lost reasons and competitors.",
        "pipelines.write": "Govern pipelines, stages, lost reasons and competitors.",
    },
    roles={
        "seller": {_READ, "opportunities.write", _SEE},
        "sales_manager": {_READ, "opportunities.write", _SEE, "pipelines.write"},
        "service_agent": {_READ, _SEE},
        "marketer": {_READ, _SEE},
    },
    tables=(
        Pipeline,
        Stage,
        LostReason,
        Competitor,
        Opportunity,
        OpportunityContact,
        OpportunityCompetitor,
        OpportunityLine,
        StageChange,
        ClosingRate,
        SEARCH,
    ),
    rights={
        "opportunity_contact": f"{_REPLACED}, update (contact_id)",
        "opportunity_competitor": _REPLACED,
        "opportunity_line": _REPLACED,
        "opportunity_stage_change": "select, insert",
        "opportunity_closing_rate": "select, insert, delete",
    },
    events=(
        OpportunityChanged,
        OpportunityMoved,
        OpportunityWon,
        OpportunityLost,
        OpportunityReopened,
    ),
    states={OpportunityChanged: States("opportunity", opportunity_states)},
    handlers={RateChanged: (keep_missing_rates,)},
)
