"""Exchange rates: what is particular about writing them, and what amounts are counted by."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import CurrencyNotSupported, InvalidInput
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from crm.rates import queries
from crm.rates.errors import RateMissing, RateOfOwnCurrency, RateStale, RateTaken
from crm.rates.events import RateChanged
from crm.rates.models import ExchangeRate
from crm.rates.schemas import ExchangeRateView, UsedRate
from crm.settings import settings_of
from records.entities import Values
from records.types import Change, RecordType, changed_fields

__all__ = [
    "RATE",
    "last_rates",
    "oldest_day",
    "rate_states",
    "require_counted_currencies",
    "require_usable",
]


def oldest_day(at: Reading, day: date) -> date:
    """The first day of which a rate is not stale on that day."""
    return day - timedelta(days=settings_of(at.setting).rate_max_age_days)


async def require_counted_currencies(at: Reading, currencies: Collection[str]) -> None:
    """Raises CurrencyNotSupported for one that is not the company's own and has no rate."""
    own = at.setting.currency
    others = {one for one in currencies if one != own}
    if not others:
        return
    for one in sorted(others - await queries.currencies_with_rates(at.sql, others)):
        raise CurrencyNotSupported(supported=own, currency=one)


async def last_rates(at: Reading, day: date) -> list[UsedRate]:
    """The last rate of each currency up to the day, also one that is too old to count by."""
    return await queries.last_rates(at.sql, day)


def require_usable(at: Reading, currency: str, day: date, rates: Sequence[UsedRate]) -> UsedRate:
    """The rate of the currency, if it counts on the day. Raises RateMissing, RateStale."""
    found = next((one for one in rates if one.currency == currency), None)
    if found is None:
        raise RateMissing(currency=currency, day=day)
    if found.day < oldest_day(at, day):
        days = settings_of(at.setting).rate_max_age_days
        raise RateStale(currency=currency, day=day, rate_day=found.day, days=days)
    return found


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [{"units": 1, "source": ""}] * count


async def _prepare(work: Work, change: Change[ExchangeRate], _sender: str | None) -> Values:
    """Raises RateOfOwnCurrency, InvalidInput for a known one of another currency or day."""
    values = change.values
    if values.get("currency") == work.setting.currency:
        raise RateOfOwnCurrency(currency=work.setting.currency)
    for name in ("currency", "day"):
        if not change.is_new and name in values and values[name] != getattr(change.record, name):
            message = "This cannot be changed."
            raise InvalidInput(errors=[FieldError(f"/{name}", "fixed", message)])
    return values


async def _check(work: Work, changes: Sequence[Change[ExchangeRate]], _sender: str | None) -> None:
    """Raises RateTaken."""
    new = [one.record for one in changes if one.is_new]
    for currency in sorted({one.currency for one in new}):
        await advisory_lock(work, f"exchange_rate:{currency}")
    by_day = {(one.currency, one.day) for one in new}
    found = await queries.taken(work.sql, new) if new else None
    if found is None and len(by_day) < len(new):
        found = next(one for one in by_day if _count(new, one) > 1)
    if found is not None:
        raise RateTaken(currency=found[0], day=found[1])


def _count(rates: Sequence[ExchangeRate], wanted: tuple[str, date]) -> int:
    return sum(1 for one in rates if (one.currency, one.day) == wanted)


async def rate_states(at: Reading, ids: Sequence[UUID]) -> list[RateChanged]:
    """What is published of rates, as they are now."""
    return [RateChanged.of(one, []) for one in await read_all(at, ExchangeRate, ids)]


async def _publish(work: Work, changes: Sequence[Change[ExchangeRate]]) -> None:
    events = [RateChanged.of(one.record, changed_fields(RateChanged, one)) for one in changes]
    await work.record(*events)


RATE: RecordType[ExchangeRate, ExchangeRateView] = RecordType(
    name="exchange_rate",
    entity=ExchangeRate,
    reads=queries.RATES,
    required=("currency", "day", "rate"),
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    publish=_publish,
)
"""How exchange rates are kept."""
