"""Approvals in a person's day: those that wait for a decision of that person."""

from approvals.queries import WAITS_FOR
from chassis.storage.reading import Reading
from crm.approvals.service.asking import APPROVALS
from crm.approvals.service.reading import READS
from crm.my_day import Day, DaySection, DaySectionView, section_of

__all__ = ["SECTIONS", "WAITING"]

_COLUMNS = """'approval' as record_type, id as record_id,
  (select q.number || ' ' || q.name from quote q where q.id = subject_id) as title, kind,
  '' as priority, subject_type as about_type, subject_id as about_id, null::date as "on",
  created_at as at, floor(extract(epoch from $3 - created_at) / 86400)::integer as age_days"""
WAITING = "from approval where $3::timestamptz is not null and " + WAITS_FOR.format(
    reference="$1::text", day="$2::date", permissions="'{}'::text[]"
)


async def _waiting(at: Reading, day: Day) -> DaySectionView:
    """What waits for the user, also as somebody's delegate; what waits longest before others.

    Of another user's day the caller has what the caller may see.
    """
    own = at.actor.reference == f"user:{day.user_id}"
    seen = () if own else READS.conditions(at)
    hidden = "".join(
        f" and {one.condition.format(f'${number}')}" for number, one in enumerate(seen, 4)
    )
    return await section_of(
        at,
        day,
        "approvals",
        source=f"{WAITING}{hidden}",
        columns=_COLUMNS,
        order="created_at, id",
        values=(f"user:{day.user_id}", at.today(), at.now, *(one.value for one in seen)),
    )


SECTIONS = (DaySection("approvals", APPROVALS.read, _waiting),)
"""What approvals show of a day."""
