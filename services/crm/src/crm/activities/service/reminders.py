"""Reminders that are due are published, each once, by the worker."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from chassis.service import Schedule
from chassis.work.unit_of_work import Work
from crm.activities.events import ActivityChanged
from crm.activities.models import Activity
from crm.activities.states import ActivityState
from records.history import keep_change

__all__ = ["REMIND", "SCHEDULE", "remind"]

REMIND = "crm.activity_reminders"
SCHEDULE = Schedule(name=REMIND, every=timedelta(minutes=1), kind=REMIND)
AT_ONCE = 500
_DUE = (
    select(Activity)
    .where(Activity.state == ActivityState.OPEN, Activity.reminded_at.is_(None))
    .order_by(Activity.remind_at, Activity.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True, of=Activity)
)


async def remind(work: Work, _payload: Mapping[str, Any]) -> None:
    """Publish the reminders that are due: event and mark are one transaction.

    What another act has locked comes with the next call. It leaves the ETag as it is: nobody
    edited anything. A full pass asks for another one.
    """
    due = (await work.session.execute(_DUE.where(Activity.remind_at <= work.now))).scalars().all()
    for one in due:
        before = one.apply({"reminded_at": work.now})
        one.touch(work.now, edited=False)
        keep_change(work, "activity", one, before)
    await work.flush()
    await work.record(*(ActivityChanged.of(one, ["reminded_at"]) for one in due))
    if len(due) == AT_ONCE:
        work.enqueue(REMIND, {}, key="again")
