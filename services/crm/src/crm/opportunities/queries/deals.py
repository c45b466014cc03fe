"""Reads of opportunities, and the set-based writes of what belongs to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from crm import reach, searched
from crm.accounts.schemas import AccountView
from crm.opportunities.models import (
    DealContact,
    DealLine,
    Opportunity,
    OpportunityCompetitor,
    OpportunityContact,
    OpportunityLine,
    StageChange,
)
from crm.opportunities.schemas.deals import OpportunityQuery, OpportunityView
from crm.opportunities.schemas.pipelines import LostReasonView, PipelineView
from crm.opportunities.states import TouchDirection
from crm.orders.schemas import OrderView
from crm.sql import Sql
from crm.staff.schemas import MemberView, TeamView
from records.filters import among, between
from records.includes import Include
from records.reads import Reads, columns_of, record_filters, sorts_of
from values.money import digits_in_sql

__all__ = [
    "OPPORTUNITIES",
    "PLACE",
    "WEIGHTED",
    "add_stage_changes",
    "last_open_stage",
    "load_parts",
    "replace_parts",
]

WEIGHTED = f"""round(case opportunity.state when 'won' then opportunity.amount when 'lost' then 0
    else opportunity.amount * opportunity.probability / 100 end,
    {digits_in_sql("opportunity.currency")})"""
"""What a deal counts in a forecast (C21), rounded half-up as its currency is paid."""

PLACE = "case {0}.kind when 'won' then 32768 when 'open' then {0}.position end"
"""How far a stage is in its pipeline; null: nowhere, deals are lost there."""

_REACHED = f"""exists (select from pipeline_stage wanted
      join opportunity_stage_figure f on f.opportunity_id = opportunity.id
      join pipeline_stage s on s.id = any(f.stage_ids) and s.pipeline_id = wanted.pipeline_id
    where wanted.id = {{}} and wanted.pipeline_id = opportunity.pipeline_id
      and {PLACE.format("s")} >= {PLACE.format("wanted")})"""
_LEFT = """exists (select from opportunity_stage_figure f
      cross join unnest(f.stage_ids, f.microseconds) as u(stage_id, microseconds)
    where f.opportunity_id = opportunity.id and u.stage_id = {} and u.microseconds is not null)"""
TOUCH_DAYS = 14
_OLD_ENOUGH = "opportunity.closes_on - opportunity.opened_on > {}::integer"
_TOUCHED = """(select n >= coalesce((asked.of ->> 'at_least')::integer, 0)
        and n <= coalesce((asked.of ->> 'at_most')::integer, n)
    from (select {}::jsonb) as asked(of) cross join lateral (
      select count(*) as n from opportunity_touch t
      where t.opportunity_id = opportunity.id
        and t.touched_at >= opportunity.opened_on::timestamp at time zone (asked.of ->> 'zone')
        and t.touched_at < opportunity.opened_on::timestamp at time zone (asked.of ->> 'zone')
          + make_interval(days => (asked.of ->> 'days')::integer)
        and t.channel = coalesce(asked.of ->> 'channel', t.channel)
        and t.outbound = coalesce((asked.of ->> 'outbound')::boolean, t.outbound)) counted)"""
_AMOUNT = """case when opportunity.amount is not null then jsonb_build_object(
    'amount', opportunity.amount::text, 'currency', opportunity.currency) end"""
_STALE = """(select opportunity.stage_since + make_interval(days => s.stale_after_days)
    from pipeline_stage s where s.id = opportunity.stage_id and opportunity.state = 'open')"""
_CONTACTS = """(select coalesce(jsonb_agg(jsonb_build_object('contact_id', c.contact_id,
      'role', c.role) order by c.position), '[]') from opportunity_contact c
    where c.opportunity_id = opportunity.id)"""
_ORDER = """(select jsonb_build_object('id', o.id, 'number', o.number, 'state', o.state)
    from customer_order o where o.id = opportunity.order_id)"""
_COMPETITORS = """array(select c.competitor_id from opportunity_competitor c
    where c.opportunity_id = opportunity.id order by c.position)"""
_NO_ORDER = """case when opportunity.state = 'won' and opportunity.order_id is null
    then coalesce(opportunity.no_order_reason, 'history') end"""
_LINES = """(select coalesce(jsonb_agg(jsonb_build_object('product_id', l.product_id,
      'quantity', l.quantity::text, 'unit_price', l.unit_price::text,
      'discount', l.discount::text, 'net', l.net::text) order by l.position), '[]')
    from opportunity_line l where l.opportunity_id = opportunity.id)"""
_LAST_OPEN = """select s.id
  from opportunity_stage_change c join pipeline_stage s on s.id = c.from_stage_id
  where c.opportunity_id = $1 and s.pipeline_id = $2 and s.kind = 'open' and s.status = 'active'
  order by c.revision desc limit 1"""


def _with(table: str, column: str) -> str:
    return (
        f"exists (select from opportunity_{table} t"
        f" where t.opportunity_id = opportunity.id and t.{column} = {{}})"
    )


def _filters(at: Reading, query: OpportunityQuery) -> Sequence[Filter]:
    own = ("pipeline_id", "stage_id", "account_id", "owner_id", "team_id", "lost_reason_id")
    return [
        *record_filters("opportunity", query),
        *(Filter(f"opportunity.{one} = {{}}", getattr(query, one)) for one in own),
        among("opportunity.state", query.state),
        among("opportunity.forecast_category", query.forecast_category),
        *between("opportunity.closes_on", query.closes_on_gte, query.closes_on_lte),
        *between("opportunity.opened_on", query.opened_on_gte, query.opened_on_lte),
        Filter(_REACHED, query.reached_stage_id),
        Filter(_LEFT, query.left_stage_id),
        Filter(_OLD_ENOUGH, _touch_days(query)),
        Filter(_TOUCHED, _touches(at, query)),
        Filter(_with("contact", "contact_id"), query.contact_id),
        Filter(_with("competitor", "competitor_id"), query.competitor_id),
        Filter(_with("line", "product_id"), query.product_id),
        _staleness(at, query.stale),
        Filter("opportunity.currency = {}", query.currency),
        Filter("opportunity.source = {}", query.source),
        Filter("(opportunity.owner_id is not null) = {}", query.owned),
        Filter("(opportunity.team_id is not null) = {}", query.in_team),
    ]


def _touch_days(query: OpportunityQuery) -> int | None:
    """Within how many days touches are counted; None: nobody asks."""
    names = ("touch_channel", "touch_direction", "touches_gte", "touches_lte")
    asked = any(getattr(query, one) is not None for one in names)
    return query.touch_days or (TOUCH_DAYS if asked else None)


def _touches(at: Reading, query: OpportunityQuery) -> str | None:
    """Which touches are counted, and how many of them are wanted; None: nobody asks."""
    days = _touch_days(query)
    if days is None:
        return None
    outbound = query.touch_direction and query.touch_direction == TouchDirection.OUTBOUND
    asked = {
        "zone": str(at.setting.zone),
        "days": days,
        "channel": query.touch_channel,
        "outbound": outbound,
        "at_least": query.touches_gte,
        "at_most": query.touches_lte,
    }
    return orjson.dumps(asked).decode()


def _staleness(at: Reading, stale: bool | None) -> Filter:  # noqa: FBT001 - three answers
    if stale is None:
        return Filter("", None)
    return Filter(f"coalesce({_STALE} <= {{}}, false) {'' if stale else 'is false'}", at.now)


def _visible(at: Reading) -> Sequence[Filter]:
    return reach.of_owner_and_team(at, "read", table="opportunity")


def _changeable(at: Reading) -> Sequence[Filter]:
    return reach.of_owner_and_team(at, "write", table="opportunity")


def _code_of(table: str, column: str) -> str:
    return f"(select s.code from {table} s where s.id = opportunity.{column})"


OPPORTUNITIES = Reads(
    name="opportunity",
    view=OpportunityView,
    columns=columns_of(
        OpportunityView,
        Opportunity.__table__,
        pipeline_code=_code_of("pipeline", "pipeline_id"),
        stage_code=_code_of("pipeline_stage", "stage_id"),
        lost_reason_code=_code_of("lost_reason", "lost_reason_id"),
        stale_at=_STALE,
        order=_ORDER,
        no_order_reason=_NO_ORDER,
        amount=_AMOUNT,
        weighted=WEIGHTED,
        contacts=_CONTACTS,
        competitor_ids=_COMPETITORS,
        lines=_LINES,
    ),
    source="opportunity",
    visible=_visible,
    changeable=_changeable,
    change_scope=reach.CHANGE_ALL,
    query=OpportunityQuery,
    filters=_filters,
    searched=searched.OPPORTUNITIES,
    includes={
        "account": Include(AccountView, "account_id"),
        "owner": Include(MemberView, "owner_id"),
        "team": Include(TeamView, "team_id"),
        "pipeline": Include(PipelineView, "pipeline_id"),
        "lost_reason": Include(LostReasonView, "lost_reason_id"),
        "order": Include(OrderView, "order_id"),
    },
    sorts={
        **sorts_of("opportunity"),
        "closes_on": Sort("coalesce(opportunity.closes_on, 'infinity')", "date"),
        "amount": Sort("coalesce(opportunity.amount, 0)", "numeric"),
    },
    key="opportunity.id",
)


async def load_parts(sql: Sql, deals: Mapping[UUID, Opportunity]) -> None:
    """Give the opportunities their people, competitors and products, of all at once."""
    rows = await sql.fetch(_PARTS, list(deals))
    for row in rows:
        deal = deals[row["id"]]
        deal.contacts = [DealContact(UUID(one), role) for one, role in row["contacts"]]
        deal.competitor_ids = row["competitor_ids"]
        deal.lines = [DealLine(*values) for values in row["lines"]]


_PARTS = f"""select id, {_COMPETITORS} as competitor_ids,
    (select coalesce(jsonb_agg(jsonb_build_array(c.contact_id, c.role) order by c.position), '[]')
      from opportunity_contact c where c.opportunity_id = opportunity.id) as contacts,
    array(select (l.product_id, l.quantity, l.unit_price, l.discount, l.net)
      from opportunity_line l where l.opportunity_id = opportunity.id order by l.position) as lines
  from opportunity where id = any($1::uuid[])"""


@dataclass(frozen=True, slots=True)
class Part:
    """A row that belongs to an opportunity, with its place."""

    opportunity_id: UUID
    position: int
    contact_id: UUID | None = None
    role: str = ""
    competitor_id: UUID | None = None
    product_id: UUID | None = None
    quantity: Any = None
    unit_price: Any = None
    discount: Any = None
    net: Any = None


_TABLES: Mapping[str, tuple[type, Sequence[str]]] = {
    "contacts": (OpportunityContact, ("contact_id", "role")),
    "competitor_ids": (OpportunityCompetitor, ("competitor_id",)),
    "lines": (OpportunityLine, tuple(one.name for one in fields(DealLine))),
}


async def replace_parts(sql: Sql, field: str, deals: Sequence[Opportunity]) -> None:
    """Store what belongs to the opportunities by that field, in place of what was there."""
    if not deals:
        return
    entity, columns = _TABLES[field]
    ids = [one.id for one in deals]
    table = entity.__tablename__  # type: ignore[attr-defined] # mapped
    await sql.execute(f"delete from {table} where opportunity_id = any($1::uuid[])", ids)
    rows = [
        Part(deal.id, position, **_values(one, columns))
        for deal in deals
        for position, one in enumerate(getattr(deal, field), 1)
    ]
    bulk = Bulk()
    bulk.insert(entity, rows, "opportunity_id", "position", *columns)
    await bulk.execute(sql)


def _values(one: Any, columns: Sequence[str]) -> dict[str, Any]:
    if isinstance(one, UUID):
        return dict.fromkeys(columns, one)
    return {name: getattr(one, name) for name in columns}


@dataclass(frozen=True, slots=True)
class Entered:
    """A stage that an opportunity entered, from which one and when."""

    deal: Opportunity
    from_stage_id: UUID | None
    entered_at: datetime


_CHANGE = (
    "id",
    "opportunity_id",
    "revision",
    "from_stage_id",
    "to_stage_id",
    "entered_at",
    "by",
    "amount",
    "currency",
    "probability",
    "forecast_category",
    "closes_on",
)


async def add_stage_changes(sql: Sql, entered: Sequence[Entered], *, by: str) -> None:
    """Keep the stages that were entered, with the figures of the deals as they are now (C20)."""
    rows = [
        StageChange(
            id=uuid7(),
            opportunity_id=one.deal.id,
            revision=one.deal.version,
            from_stage_id=one.from_stage_id,
            to_stage_id=one.deal.stage_id,
            entered_at=one.entered_at,
            by=by,
            amount=one.deal.amount_number,
            currency=one.deal.currency,
            probability=one.deal.probability,
            forecast_category=one.deal.forecast_category,
            closes_on=one.deal.closes_on,
        )
        for one in entered
    ]
    bulk = Bulk()
    bulk.insert(StageChange, rows, *_CHANGE)
    await bulk.execute(sql)


async def last_open_stage(sql: Sql, deal: Opportunity) -> UUID | None:
    """The open stage of its pipeline that the opportunity left last, where that is in use."""
    found: UUID | None = await sql.fetchval(_LAST_OPEN, deal.id, deal.pipeline_id)
    return found
