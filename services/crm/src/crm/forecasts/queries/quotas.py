"""Named reads of quotas."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import searched
from crm.forecasts.models import Quota
from crm.forecasts.schemas import ForecastQuery, SalesQuotaQuery, SalesQuotaView
from crm.forecasts.states import Division
from crm.sql import Sql
from crm.staff.schemas import MemberView, TeamView
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = ["QUOTAS", "overlapping", "sum_of", "sums_within"]

_AMOUNT = """jsonb_build_object('amount', sales_quota.amount::text,
    'currency', sales_quota.currency)"""
_WITHIN = "status = 'active' and first_day >= $1 and last_day <= $2"


def _filters(_at: Reading, query: SalesQuotaQuery) -> Sequence[Filter]:
    return [
        *record_filters("sales_quota", query),
        Filter("sales_quota.owner_id = {}", query.owner_id),
        Filter("sales_quota.team_id = {}", query.team_id),
        Filter("{}::date between sales_quota.first_day and sales_quota.last_day", query.on),
    ]


QUOTAS = Reads(
    name="sales_quota",
    view=SalesQuotaView,
    columns=columns_of(SalesQuotaView, Quota.__table__, amount=_AMOUNT),
    source="sales_quota",
    visible=everybody,
    query=SalesQuotaQuery,
    filters=_filters,
    searched=searched.QUOTAS,
    includes={"owner": Include(MemberView, "owner_id"), "team": Include(TeamView, "team_id")},
    sorts=BY_NAME,
)


async def overlapping(sql: Sql, quota: Quota) -> UUID | None:
    """Another quota of the same for some of its days."""
    found: UUID | None = await sql.fetchval(
        """select id from sales_quota where id <> $1 and status = 'active'
            and owner_id is not distinct from $2 and team_id is not distinct from $3
            and daterange(first_day, last_day, '[]') && daterange($4, $5, '[]') limit 1""",
        quota.id,
        quota.owner_id,
        quota.team_id,
        quota.first_day,
        quota.last_day,
    )
    return found


async def sums_within(
    at: Reading, first_day: date, last_day: date, by: Division | None
) -> Mapping[Any, Decimal]:
    """The quotas of each owner or team whose days all lie in the period."""
    if by not in {Division.OWNER, Division.TEAM}:
        return {}
    rows = await at.sql.fetch(
        f"""select {by}_id as key, sum(amount) as quota from sales_quota
            where {_WITHIN} and {by}_id is not null group by 1""",
        first_day,
        last_day,
    )
    return {row["key"]: row["quota"] for row in rows}


async def sum_of(
    at: Reading, first_day: date, last_day: date, asked: ForecastQuery
) -> Decimal | None:
    """The quotas of the user or team asked for, else of the company; None: there is none."""
    if asked.pipeline_id or (asked.owner_id and asked.team_id):
        return None
    found: Decimal | None = await at.sql.fetchval(
        f"""select sum(amount) from sales_quota where {_WITHIN}
            and owner_id is not distinct from $3 and team_id is not distinct from $4""",
        first_day,
        last_day,
        asked.owner_id,
        asked.team_id,
    )
    return found
