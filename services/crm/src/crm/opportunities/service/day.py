"""Deals in a person's day: those with which nothing has happened for too long."""

from chassis.storage.reading import Reading
from crm.my_day import Day, DaySection, DaySectionView, section_of

__all__ = ["SECTIONS", "STALE_DEALS"]

_COLUMNS = """'opportunity' as record_type, id as record_id, name as title, '' as kind,
  '' as priority, null as about_type, null::uuid as about_id, null::date as "on", last_at as at,
  floor(extract(epoch from $2 - last_at) / 86400)::integer as age_days"""
_LAST_TOUCHED = """greatest(o.stage_since, (select max(a.timeline_at) from activity_record r
    join activity a on a.id = r.activity_id
   where r.record_type = 'opportunity' and r.record_id = o.id and a.state = 'done'
     and not a.system_generated and not a.bulk and a.timeline_at <= $2))"""
STALE_DEALS = f"""from (select o.id, o.name, {_LAST_TOUCHED} as last_at,
    s.stale_after_days as days
  from opportunity o join pipeline_stage s on s.id = o.stage_id
  where o.owner_id = $1 and o.status = 'active' and o.state = 'open'
    and o.stage_since <= $2 - make_interval(days => s.stale_after_days)) deal
  where last_at <= $2 - make_interval(days => days)"""


async def _stale_deals(at: Reading, day: Day) -> DaySectionView:
    """The user's open deals without an activity or another stage for too long, the longest first.

    Each stage says how long; one that does not has no stale deals. What a program did does not
    count.
    """
    return await section_of(
        at,
        day,
        "stale_deals",
        source=STALE_DEALS,
        columns=_COLUMNS,
        order="last_at, id",
        values=(day.user_id, at.now),
    )


SECTIONS = (DaySection("stale_deals", "opportunities.read", _stale_deals),)
"""What deals show of a day; by the index of open deals."""
