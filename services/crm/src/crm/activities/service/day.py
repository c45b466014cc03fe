"""Activities in a person's day: overdue, due today, and what takes place today."""

from chassis.storage.reading import Reading
from crm.activities.models import DUE
from crm.my_day import DAY_READ, Day, DaySection, DaySectionView, section_of

__all__ = ["DUE_TODAY", "MEETINGS", "OVERDUE", "SECTIONS"]

_COLUMNS = """'activity' as record_type, id as record_id, name as title, kind, priority,
  record_type as about_type, record_id as about_id, due_on as "on",
  coalesce(due_at, starts_at) as at"""
_OPEN = "select id from activity where owner_id = $1 and state = 'open'"
OVERDUE = f"""from activity where id in (
  {_OPEN} and due_on < $2
  union all {_OPEN} and due_at < $4
  union all {_OPEN} and starts_at < $3 and due_on is null and due_at is null)"""
DUE_TODAY = f"""from activity where id in (
  {_OPEN} and due_on = $2 union all {_OPEN} and due_at >= $3 and due_at < $4)"""
MEETINGS = """from activity where state = 'open' and starts_at >= $2 and starts_at < $3
  and due_on is null and due_at is null and (owner_id = $1 or $1 = any(user_ids))"""
_BY_DUE = f"{DUE}, id"


async def _overdue(at: Reading, day: Day) -> DaySectionView:
    """Due before now, or begun before today, and still open."""
    values = (day.user_id, day.day, day.begin, at.now)
    return await section_of(
        at, day, "overdue", source=OVERDUE, columns=_COLUMNS, order=_BY_DUE, values=values
    )


async def _due(at: Reading, day: Day) -> DaySectionView:
    """Due today, from now on."""
    values = (day.user_id, day.day, max(day.begin, at.now), day.end)
    return await section_of(
        at, day, "due_today", source=DUE_TODAY, columns=_COLUMNS, order=_BY_DUE, values=values
    )


async def _meetings(at: Reading, day: Day) -> DaySectionView:
    """Meetings and calls of today, of which one is the owner or takes part."""
    values = (day.user_id, day.begin, day.end)
    return await section_of(
        at,
        day,
        "meetings",
        source=MEETINGS,
        columns=_COLUMNS,
        order="starts_at, id",
        values=values,
    )


SECTIONS = (
    DaySection("overdue", DAY_READ, _overdue),
    DaySection("due_today", DAY_READ, _due),
    DaySection("meetings", DAY_READ, _meetings),
)
"""What activities show of a day; each by indexes of open activities."""
