"""The exchange rates that won deals were closed by; a correction of a rate changes none (C24)."""

from collections.abc import Collection
from uuid import UUID

from chassis.storage.reading import Reading
from crm.settings import settings_of

__all__ = ["forget", "keep", "keep_missing"]

_KEEP = """insert into opportunity_closing_rate (opportunity_id, currency, rate_day, rate, units)
  select o.id, o.currency, last.day, last.rate, last.units
  from opportunity o cross join lateral (
    select r.day, r.rate, r.units from exchange_rate r
    where r.currency = o.currency and r.day <= o.closes_on and r.day >= o.closes_on - $2::integer
    order by r.day desc limit 1) last
  where {which} and o.state = 'won' and o.currency <> $3
  on conflict (opportunity_id) do nothing"""
_OF_IDS = _KEEP.format(which="o.id = any($1::uuid[])")
_OF_CURRENCIES = _KEEP.format(
    which="""o.currency = any($1::text[]) and not exists (
      select from opportunity_closing_rate c where c.opportunity_id = o.id)"""
)


async def keep(at: Reading, deal_ids: Collection[UUID]) -> None:
    """Keep the rate of the day on which each of the deals was won, where there is one."""
    await at.sql.execute(
        _OF_IDS, list(deal_ids), settings_of(at.setting).rate_max_age_days, at.setting.currency
    )


async def keep_missing(at: Reading, currencies: Collection[str]) -> None:
    """Keep a rate for won deals in these currencies that have none: it was entered since."""
    await at.sql.execute(
        _OF_CURRENCIES,
        list(currencies),
        settings_of(at.setting).rate_max_age_days,
        at.setting.currency,
    )


async def forget(at: Reading, deal_ids: Collection[UUID]) -> None:
    """The deals are open again, or closed otherwise: what they were closed by counts no more."""
    await at.sql.execute(
        "delete from opportunity_closing_rate where opportunity_id = any($1::uuid[])",
        list(deal_ids),
    )
