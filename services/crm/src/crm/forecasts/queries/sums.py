"""What deals come to, by group, category and currency: of the deals now, or of a snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from chassis.storage.conditions import Numbered, all_of
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm.forecasts.states import Division
from crm.opportunities.schemas.deals import OpportunityQuery
from crm.opportunities.service.reading import WEIGHTED_AMOUNT, listed
from crm.rates.schemas import UsedRate
from values.money import digits_of

__all__ = ["Summed", "of_deals", "of_snapshot"]

_KEYS: Mapping[Division, str] = {
    Division.OWNER: "deal.owner_id",
    Division.TEAM: "deal.team_id",
    Division.PIPELINE: "deal.pipeline_id",
    Division.MONTH: "date_trunc('month', deal.closes_on)::date",
}
_NOW = f"""select opportunity.owner_id, opportunity.team_id, opportunity.pipeline_id,
      opportunity.closes_on, opportunity.state, opportunity.forecast_category,
      opportunity.currency, coalesce(opportunity.amount, 0) as amount,
      coalesce({WEIGHTED_AMOUNT}, 0) as weighted,
      case when opportunity.state = 'won' then closing.rate / closing.units end as closing_rate
    from opportunity left join opportunity_closing_rate closing
      on closing.opportunity_id = opportunity.id"""
_THEN = """select owner_id, team_id, pipeline_id, closes_on, state, forecast_category, currency,
      amount, weighted, rate / units as closing_rate
    from forecast_snapshot_deal"""
_SUMS = """with deal as ({deals}), counted as (
    select {key} as key, deal.forecast_category, deal.currency, deal.state, deal.closes_on,
      deal.amount, deal.weighted,
      case when deal.currency = {own} then 1
        else coalesce(deal.closing_rate, case when deal.state <> 'won' then present.rate end)
      end as rate
    from deal left join unnest({currencies}::text[], {rates}::numeric[]) as present(code, rate)
      on present.code = deal.currency)
  select key, forecast_category, currency, count(*) as count, sum(amount) as amount,
    sum(weighted) as weighted, coalesce(sum(round(amount * rate, {digits})), 0) as own_amount,
    coalesce(sum(round(weighted * rate, {digits})), 0) as own_weighted,
    bool_or(state = 'open' and amount > 0 and currency <> {own}) as any_open,
    min(closes_on) filter (where state = 'won' and rate is null and amount > 0) as without_rate
  from counted group by key, forecast_category, currency
  order by key, forecast_category, currency"""


@dataclass(frozen=True, slots=True)
class Summed:
    """What the deals of a group and a category in one currency come to.

    `own_amount` and `own_weighted` are in the company's currency. `any_open`: some are open and
    in another currency. `without_rate`: the day on which one was won that has no rate.
    """

    key: Any
    forecast_category: str
    currency: str
    count: int
    amount: Decimal
    weighted: Decimal
    own_amount: Decimal
    own_weighted: Decimal
    any_open: bool
    without_rate: date | None


async def of_deals(
    at: Reading, wanted: OpportunityQuery, by: Division | None, rates: Sequence[UsedRate]
) -> list[Summed]:
    """Of the deals that the list shows for that query."""
    return await _summed(at, _NOW, listed(at, wanted), by, rates)


async def of_snapshot(at: Reading, chosen: Sequence[Filter], by: Division | None) -> list[Summed]:
    """Of the deals of a snapshot, as they were."""
    return await _summed(at, _THEN, chosen, by, [])


async def _summed(
    at: Reading,
    deals: str,
    chosen: Sequence[Filter],
    by: Division | None,
    rates: Sequence[UsedRate],
) -> list[Summed]:
    numbered = Numbered()
    where = [numbered.condition(one) for one in chosen if one.value is not None]
    own = at.setting.currency
    sql = _SUMS.format(
        deals=f"{deals}{all_of(where)}",
        key=_KEYS[by] if by else "null",
        own=numbered.value(own),
        currencies=numbered.value([one.currency for one in rates]),
        rates=numbered.value([one.rate / one.units for one in rates]),
        digits=digits_of(own),
    )
    return [Summed(**row) for row in await at.sql.fetch(sql, *numbered.values)]
