"""Quotes whose last day is over expire, by the worker."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from chassis.service import Schedule
from chassis.work.unit_of_work import Work
from crm.quotes import queries
from crm.quotes.service.quotes import QUOTE, STATE, load_for_update
from crm.quotes.states import QuoteState
from records.types import Change
from records.writes import write

__all__ = ["EXPIRE", "SCHEDULE", "expire"]

EXPIRE = "crm.quotes_expire"
SCHEDULE = Schedule(name=EXPIRE, every=timedelta(minutes=15), kind=EXPIRE)
AT_ONCE = 200


async def expire(work: Work, _payload: Mapping[str, Any]) -> None:
    """Let quotes expire whose last day is over. What is being answered comes with the next call.

    Nobody accepts them meanwhile: that looks at the day itself. A full pass asks for another one.
    """
    ids = await queries.due_to_expire(work.sql, work.today(), AT_ONCE)
    found = await load_for_update(work, ids)
    changes = [Change(one, {STATE: QuoteState.EXPIRED}) for one in found.values()]
    await write(work, QUOTE, changes)
    if len(ids) == AT_ONCE:
        work.enqueue(EXPIRE, {}, key="again")
