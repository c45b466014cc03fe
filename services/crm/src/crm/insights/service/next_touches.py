"""Which open deals are due for a touch, and the counting behind it (C30)."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from chassis.service import Schedule
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.insights.queries import touches
from crm.insights.rules.shares import share_of
from crm.insights.schemas import NextTouch, NextTouches, NextTouchQuery

__all__ = ["COUNT_TOUCHES", "SCHEDULE", "count_touches", "days_counted", "due"]

COUNT_TOUCHES = "crm.touch_figures"
SCHEDULE = Schedule(name=COUNT_TOUCHES, every=timedelta(hours=1), kind=COUNT_TOUCHES)
_COUNTED_DAYS = timedelta(days=730)
_READING = (
    "Deals with one more call, meeting or e-mail in their first days were won more often, at equal"
    " age. It is an association: who turns to a customer again may choose better deals."
)


async def count_touches(work: Work, _payload: Mapping[str, Any]) -> None:
    """Count the touches of all deals that closed in the last two years anew."""
    await advisory_lock(work, COUNT_TOUCHES)
    days = days_counted(work.today())
    await touches.count_touches(work.sql, str(work.setting.zone), days, work.now)


def days_counted(today: date) -> tuple[date, date]:
    """The first and the last day of closing that count."""
    return today - _COUNTED_DAYS, today


async def due(at: Reading, wanted: NextTouchQuery) -> NextTouches:
    """Open deals whose next touch is due, the greatest difference first."""
    rows = await touches.due_touches(at, wanted)
    return NextTouches(
        items=[_row(one) for one in rows],
        count=rows[0]["found"] if rows else 0,
        counted_at=await touches.counted_at(at.sql),
        reading=_READING,
    )


def _row(row: Mapping[str, Any]) -> NextTouch:
    facts = {
        "opportunity_id": row["id"],
        "so_far": _share(row["deals"], row["won"]),
        "with_next": _share(row["next_deals"], row["next_won"]),
        "difference": row["gain"],
    }
    return NextTouch.model_validate({**row, **facts})


def _share(deals: int, won: int) -> dict[str, Any]:
    n, cases = int(deals), int(won)
    return {"deals": n, "won": cases, "share": share_of(cases, n)}
