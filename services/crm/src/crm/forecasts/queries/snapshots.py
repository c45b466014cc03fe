"""Reads and writes of snapshots."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from chassis.storage.conditions import Numbered, all_of
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import reach
from crm.forecasts.models import ForecastSnapshot
from crm.forecasts.schemas import SnapshotQuery, SnapshotView
from crm.opportunities.service.reading import WEIGHTED_AMOUNT
from crm.rates.schemas import UsedRate
from crm.sql import Sql
from records.reads import Reads, columns_of, everybody, sorts_of_postings
from values.money import digits_of

__all__ = ["SNAPSHOTS", "add_deals", "chosen", "count_deals", "won_since"]

_ADD = f"""insert into forecast_snapshot_deal (snapshot_id, opportunity_id, owner_id, team_id,
    pipeline_id, state, forecast_category, probability, closes_on, currency, amount, weighted,
    rate_day, rate, units)
  select $1, opportunity.id, opportunity.owner_id, opportunity.team_id, opportunity.pipeline_id,
    opportunity.state, opportunity.forecast_category, opportunity.probability,
    opportunity.closes_on, opportunity.currency, coalesce(opportunity.amount, 0),
    coalesce({WEIGHTED_AMOUNT}, 0), coalesce(closing.rate_day, present.day),
    coalesce(closing.rate, present.rate), coalesce(closing.units, present.units)
  from opportunity
    left join opportunity_closing_rate closing on closing.opportunity_id = opportunity.id
    left join unnest($4::text[], $5::date[], $6::numeric[], $7::integer[])
      as present(code, day, rate, units)
      on present.code = opportunity.currency and opportunity.state <> 'won'
  where opportunity.status = 'active' and opportunity.closes_on between $2 and $3"""
_WON_SINCE = """select coalesce(sum(round(o.amount * case when o.currency = {own} then 1
      else closing.rate / closing.units end, {digits})), 0)
  from forecast_snapshot_deal join opportunity o on o.id = forecast_snapshot_deal.opportunity_id
    left join opportunity_closing_rate closing on closing.opportunity_id = o.id"""


def _filters(_at: Reading, query: SnapshotQuery) -> Sequence[Filter]:
    return [Filter("{}::date between first_day and last_day", query.day)]


SNAPSHOTS = Reads(
    name="forecast_snapshot",
    view=SnapshotView,
    columns=columns_of(SnapshotView, ForecastSnapshot.__table__),
    source="forecast_snapshot",
    visible=everybody,
    query=SnapshotQuery,
    filters=_filters,
    sorts=sorts_of_postings("forecast_snapshot"),
)
"""That there is a snapshot everybody may see; of its deals each sees what the list shows."""


async def add_deals(
    sql: Sql, snapshot_id: UUID, first_day: date, last_day: date, rates: Sequence[UsedRate]
) -> None:
    """Keep the deals that close in the period as they are now, with the rates they count by."""
    await sql.execute(
        _ADD,
        snapshot_id,
        first_day,
        last_day,
        [one.currency for one in rates],
        [one.day for one in rates],
        [one.rate for one in rates],
        [one.units for one in rates],
    )


async def count_deals(sql: Sql, first_day: date, last_day: date) -> int:
    """How many deals a snapshot of the period has."""
    found: int = await sql.fetchval(
        """select count(*) from opportunity
            where status = 'active' and closes_on between $1 and $2""",
        first_day,
        last_day,
    )
    return found


def chosen(at: Reading, snapshot_id: UUID) -> list[Filter]:
    """The conditions of the snapshot's deals that the actor may see."""
    return [
        Filter("forecast_snapshot_deal.snapshot_id = {}", snapshot_id),
        *reach.of_owner_and_team(at, "read", table="forecast_snapshot_deal"),
    ]


async def won_since(at: Reading, snapshot_id: UUID) -> Decimal:
    """What those of the snapshot's deals have come to that were open then and are won now."""
    numbered = Numbered()
    conditions = [
        *chosen(at, snapshot_id),
        Filter("forecast_snapshot_deal.state = {}", "open"),
        Filter("o.state = {}", "won"),
    ]
    where = [numbered.condition(one) for one in conditions]
    own = at.setting.currency
    head = _WON_SINCE.format(own=numbered.value(own), digits=digits_of(own))
    found: Decimal = await at.sql.fetchval(f"{head}{all_of(where)}", *numbered.values)
    return found
