"""What deals come to in a period (C21, C23, C24)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from chassis.storage.reading import Reading
from crm.forecasts.queries import quotas, sums
from crm.forecasts.queries.sums import Summed
from crm.forecasts.schemas import Forecast, ForecastFigure, ForecastGroup, ForecastQuery
from crm.forecasts.states import Division
from crm.opportunities.schemas.deals import ColumnSum, OpportunityQuery
from crm.opportunities.states import ForecastCategory
from crm.rates.errors import RateMissing
from crm.rates.schemas import UsedRate
from crm.rates.service import last_rates, require_usable

__all__ = ["Period", "forecast", "group_of", "groups_of", "period_of"]

LIST = "/v1/opportunities"
_ORDER = list(ForecastCategory)
_ABSENT: Mapping[Division, str] = {Division.OWNER: "owned", Division.TEAM: "in_team"}


@dataclass(frozen=True, slots=True)
class Period:
    """Days, both of them in it."""

    first_day: date
    last_day: date


def period_of(at: Reading, asked: ForecastQuery) -> Period:
    """The period asked for; by default the quarter of its first day, or of today."""
    day = asked.first_day or at.today()
    first = asked.first_day or date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return Period(first, asked.last_day or _end_of_quarter(day))


def _end_of_quarter(day: date) -> date:
    month = 3 * ((day.month - 1) // 3) + 4
    following = date(day.year + month // 13, (month - 1) % 12 + 1, 1)
    return following - timedelta(days=1)


async def forecast(at: Reading, asked: ForecastQuery) -> Forecast:
    """The deals that close in the period, by category and group.

    Raises InvalidInput (a period upside down), RateMissing, RateStale.
    """
    period = period_of(at, asked)
    chosen = {
        "closes_on_gte": period.first_day,
        "closes_on_lte": period.last_day,
        "owner_id": asked.owner_id,
        "team_id": asked.team_id,
        "pipeline_id": asked.pipeline_id,
    }
    given = {name: value for name, value in chosen.items() if value is not None}
    today = at.today()
    rates = await last_rates(at, today)
    found = await sums.of_deals(at, OpportunityQuery.model_validate(given), asked.by, rates)
    used = _rates_used(at, today, found, rates)
    goals = await quotas.sums_within(at, period.first_day, period.last_day, asked.by)
    whole = group_of(at, found, given)
    whole["quota"] = await quotas.sum_of(at, period.first_day, period.last_day, asked)
    return Forecast.model_validate(
        whole
        | {
            "first_day": period.first_day,
            "last_day": period.last_day,
            "groups": groups_of(at, found, given, asked.by, goals),
            "rates": used,
        }
    )


def _rates_used(
    at: Reading, today: date, found: Sequence[Summed], rates: Sequence[UsedRate]
) -> list[UsedRate]:
    """The rates that open deals were counted by. Raises RateMissing, RateStale."""
    for one in found:
        if one.without_rate is not None:
            raise RateMissing(currency=one.currency, day=one.without_rate)
    opened = sorted({one.currency for one in found if one.any_open})
    return [require_usable(at, one, today, rates) for one in opened]


def groups_of(
    at: Reading,
    found: Sequence[Summed],
    given: Mapping[str, Any] | None,
    by: Division | None,
    quota_of: Mapping[Any, Decimal],
) -> list[ForecastGroup]:
    """A group for each owner, team, pipeline or month that has deals or a quota.

    `given`: what the list of all is asked for; None: there is no list.
    """
    if by is None:
        return []
    of_key: dict[Any, list[Summed]] = {key: [] for key in quota_of}
    for one in found:
        of_key.setdefault(one.key, []).append(one)
    keys = sorted(of_key, key=lambda key: (key is None, str(key)))
    groups = []
    for key in keys:
        name = "month" if by == Division.MONTH else f"{by}_id"
        asked = None if given is None else {**given, **_asked_for(by, key, given)}
        facts = group_of(at, of_key[key], asked)
        facts |= {name: key, "quota": quota_of.get(key)}
        groups.append(ForecastGroup.model_validate(facts))
    return groups


def _asked_for(by: Division, key: date | UUID | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the list is asked for, to have the deals of the group."""
    if isinstance(key, date):
        last = (key + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        first = max(key, given["closes_on_gte"])
        return {"closes_on_gte": first, "closes_on_lte": min(last, given["closes_on_lte"])}
    return {_ABSENT[by]: "false"} if key is None else {f"{by}_id": key}


def group_of(
    at: Reading, found: Sequence[Summed], given: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The figures of some sums, whatever group they are of."""
    of_category: dict[str, list[Summed]] = defaultdict(list)
    for one in found:
        of_category[one.forecast_category].append(one)
    figures = [
        _figure(at, category, of_category[category], given)
        for category in _ORDER
        if category in of_category
    ]
    won = [one.amount for one in figures if one.forecast_category == ForecastCategory.CLOSED]
    return {
        "owner_id": None,
        "team_id": None,
        "pipeline_id": None,
        "month": None,
        "currency": at.setting.currency,
        "won": sum(won, Decimal(0)),
        "expected": sum((one.weighted for one in figures), Decimal(0)),
        "quota": None,
        "figures": figures,
    }


def _figure(
    at: Reading, category: str, found: Sequence[Summed], given: Mapping[str, Any] | None
) -> ForecastFigure:
    by_currency: dict[str, list[Summed]] = defaultdict(list)
    for one in found:
        by_currency[one.currency].append(one)
    return ForecastFigure(
        forecast_category=ForecastCategory(category),
        count=sum(one.count for one in found),
        currency=at.setting.currency,
        amount=sum((one.own_amount for one in found), Decimal(0)),
        weighted=sum((one.own_weighted for one in found), Decimal(0)),
        sums=[_sum(currency, by_currency[currency]) for currency in sorted(by_currency)],
        list=None if given is None else _list_of(category, given),
    )


def _list_of(category: str, given: Mapping[str, Any]) -> str:
    """The path of the list that has just these deals."""
    asked = {"forecast_category": category, "status": "active", **given}
    return f"{LIST}?{urlencode(asked)}"


def _sum(currency: str, found: Sequence[Summed]) -> ColumnSum:
    return ColumnSum(
        currency=currency,
        count=sum(one.count for one in found),
        amount=sum((one.amount for one in found), Decimal(0)),
        weighted=sum((one.weighted for one in found), Decimal(0)),
    )
