"""Leads in a person's day: those that nobody has begun to work on."""

from chassis.storage.reading import Reading
from crm.my_day import Day, DaySection, DaySectionView, section_of

__all__ = ["NEW_LEADS", "SECTIONS"]

_COLUMNS = """'lead' as record_type, id as record_id, name as title, '' as kind, '' as priority,
  null as about_type, null::uuid as about_id, null::date as "on", created_at as at,
  floor(extract(epoch from $2 - created_at) / 86400)::integer as age_days"""
NEW_LEADS = "from lead where owner_id = $1 and status = 'new' and created_at <= $2"


async def _new_leads(at: Reading, day: Day) -> DaySectionView:
    """The user's new leads, the one that waits longest before others."""
    return await section_of(
        at,
        day,
        "new_leads",
        source=NEW_LEADS,
        columns=_COLUMNS,
        order="created_at, id",
        values=(day.user_id, at.now),
    )


SECTIONS = (DaySection("new_leads", "leads.read", _new_leads),)
"""What leads show of a day; by the index of open leads."""
