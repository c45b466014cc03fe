"""Named reads of exchange rates."""

from collections.abc import Collection, Sequence
from datetime import date

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from crm import searched
from crm.rates.models import ExchangeRate
from crm.rates.schemas import ExchangeRateQuery, ExchangeRateView, UsedRate
from crm.sql import Sql
from records.filters import between
from records.links import linked_to
from records.reads import Reads, columns_of, everybody, sorts_of

__all__ = ["RATES", "currencies_with_rates", "last_rates", "taken"]


def _filters(_at: Reading, query: ExchangeRateQuery) -> Sequence[Filter]:
    return [
        linked_to("exchange_rate", query.external_system, query.external_id),
        Filter("exchange_rate.currency = {}", query.currency),
        *between("exchange_rate.day", query.day_gte, query.day_lte),
    ]


RATES = Reads(
    name="exchange_rate",
    view=ExchangeRateView,
    columns=columns_of(ExchangeRateView, ExchangeRate.__table__),
    source="exchange_rate",
    visible=everybody,
    query=ExchangeRateQuery,
    filters=_filters,
    searched=searched.EXCHANGE_RATES,
    title="currency",
    subtitle="day::text",
    sorts={**sorts_of("exchange_rate", named=False), "day": Sort("day", "date")},
)


async def taken(sql: Sql, rates: Sequence[ExchangeRate]) -> tuple[str, date] | None:
    """Currency and day of one of the rates that another one has already."""
    row = await sql.fetchrow(
        """select r.currency, r.day from exchange_rate r
          join unnest($1::uuid[], $2::text[], $3::date[]) as new(id, currency, day)
            on new.currency = r.currency and new.day = r.day and new.id <> r.id limit 1""",
        [one.id for one in rates],
        [one.currency for one in rates],
        [one.day for one in rates],
    )
    return (row["currency"], row["day"]) if row else None


async def currencies_with_rates(sql: Sql, currencies: Collection[str]) -> set[str]:
    """Those of the currencies that have a rate."""
    rows = await sql.fetch(
        """select code from unnest($1::text[]) as asked(code)
          where exists (select from exchange_rate r where r.currency = asked.code)""",
        list(currencies),
    )
    return {row["code"] for row in rows}


_LAST = """with recursive code(currency) as (
    (select currency from exchange_rate order by currency limit 1)
    union all
    select (select r.currency from exchange_rate r where r.currency > c.currency
        order by r.currency limit 1)
      from code c where c.currency is not null)
  select last.* from code c cross join lateral (
    select r.currency, r.day, r.rate, r.units from exchange_rate r
    where r.currency = c.currency and r.day <= $1 order by r.day desc limit 1) last"""


async def last_rates(sql: Sql, day: date) -> list[UsedRate]:
    """The last rate of each currency that is not later than the day."""
    return [UsedRate.model_validate(dict(row)) for row in await sql.fetch(_LAST, day)]
