"""By which exchange rate a won deal counts: that of the day on which it was closed (C24)."""

from collections.abc import Sequence

from chassis.work.unit_of_work import Work
from crm.opportunities.models import Opportunity
from crm.opportunities.queries import closing_rates
from crm.opportunities.states import StageKind
from crm.rates.events import RateChanged
from records.types import Change

__all__ = ["keep_closing_rates", "keep_missing_rates"]


async def keep_closing_rates(work: Work, changes: Sequence[Change[Opportunity]]) -> None:
    """Keep the rates of deals in other currencies that were won, anew where they are reopened."""
    counted = [one for one in changes if one.touches("state", "closes_on", "amount")]
    won = [one.record for one in counted if one.record.state == StageKind.WON]
    kept = [one.record.id for one in counted if not one.is_new and _was_won(one)]
    if kept:
        await closing_rates.forget(work, kept)
    in_others = [one.id for one in won if one.currency != work.setting.currency]
    if in_others:
        await closing_rates.keep(work, in_others)


def _was_won(change: Change[Opportunity]) -> bool:
    before: str = change.before.get("state", change.record.state)
    return before == StageKind.WON


async def keep_missing_rates(work: Work, event: RateChanged) -> None:
    """Keep the rate that was entered for deals that were won before it was there."""
    await closing_rates.keep_missing(work, [event.currency])
