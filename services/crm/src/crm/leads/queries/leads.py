"""Named reads of leads and of the reasons why they are given up."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from crm import reach, searched
from crm.accounts.schemas import AccountView, ContactView
from crm.leads.models import Lead, LeadReason
from crm.leads.schemas.leads import LeadQuery, LeadView
from crm.leads.schemas.reasons import LeadReasonQuery, LeadReasonView
from crm.opportunities.schemas.deals import OpportunityView
from crm.reached_filters import reachable
from crm.sql import Sql
from crm.staff.schemas import MemberView, TeamView
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = ["LEADS", "LEAD_REASONS", "reason_status", "reasons_with_codes"]

_TOUCH = """(select jsonb_build_object('source', t.source, 'campaign', t.campaign,
    'medium', t.medium, 'referrer', t.referrer, 'at', t.touched_at)
  from lead_touch t where t.lead_id = lead.id {})"""
_COMPUTED = {
    "phone": "case when phone_e164 <> '' then phone_e164 else phone_raw end",
    "consent": "jsonb_build_object('email', consent_email, 'phone', consent_phone)",
    "first_touch": _TOUCH.format("and t.is_first"),
    "last_touch": _TOUCH.format("order by t.touched_at desc, t.id desc limit 1"),
}


def _filters(at: Reading, query: LeadQuery) -> Sequence[Filter]:
    return [
        *reachable(searched.LEAD, at, query),
        Filter("owner_id = {}", query.owner_id),
        Filter("team_id = {}", query.team_id),
        Filter("source = {}", query.source),
        Filter("campaign = {}", query.campaign),
        Filter("reason = {}", query.reason),
        Filter("account_id = {}", query.account_id),
        Filter("contact_id = {}", query.contact_id),
        Filter("opportunity_id = {}", query.opportunity_id),
        Filter("score >= {}", query.score_from),
        Filter("score <= {}", query.score_to),
    ]


def _reason_filters(_at: Reading, query: LeadReasonQuery) -> Sequence[Filter]:
    return record_filters("lead_reason", query)


def _reach(at: Reading) -> Sequence[Filter]:
    """The leads that the actor may see."""
    return reach.of_lead(at, "read")


def _change_reach(at: Reading) -> Sequence[Filter]:
    return reach.of_lead(at, "write")


LEADS = Reads(
    name="lead",
    view=LeadView,
    columns=columns_of(LeadView, Lead.__table__, **_COMPUTED),
    source="lead",
    visible=_reach,
    changeable=_change_reach,
    change_scope=reach.CHANGE_ALL,
    query=LeadQuery,
    filters=_filters,
    searched=searched.LEADS,
    includes={
        "owner": Include(MemberView, "owner_id"),
        "team": Include(TeamView, "team_id"),
        "account": Include(AccountView, "account_id"),
        "contact": Include(ContactView, "contact_id"),
        "opportunity": Include(OpportunityView, "opportunity_id"),
    },
    sorts={**BY_NAME, "score": Sort("score", "numeric")},
)
LEAD_REASONS = Reads(
    name="lead_reason",
    view=LeadReasonView,
    columns=columns_of(LeadReasonView, LeadReason.__table__),
    source="lead_reason",
    visible=everybody,
    query=LeadReasonQuery,
    filters=_reason_filters,
    searched=searched.LEAD_REASONS,
    sorts=BY_NAME,
)


async def reasons_with_codes(sql: Sql, codes: Collection[str]) -> dict[str, UUID]:
    """The reasons that have these codes, by code."""
    rows = await sql.fetch(
        "select code, id from lead_reason where code = any($1::text[])", list(codes)
    )
    return {row["code"]: row["id"] for row in rows}


async def reason_status(sql: Sql, code: str) -> str | None:
    """Whether the reason is in use, until the act ends; None: there is none of the code."""
    status: str | None = await sql.fetchval(
        "select status from lead_reason where code = $1 for key share", code
    )
    return status
