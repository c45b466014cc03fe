"""When staff first turned to leads: one statement for as many as there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import reach

__all__ = ["responses"]

_RESPONSES = """select lead.id, lead.owner_id, lead.source, lead.created_at, s.calendar_id,
    r.id as activity_id, r.at as responded_at, r.owner_id as responded_by
  from lead left join staff_member s on s.id = lead.owner_id
    left join lateral (
      select a.id, a.owner_id, greatest(a.timeline_at, lead.created_at) as at
        from activity_record x join activity a on a.id = x.activity_id
       where x.record_type = 'lead' and x.record_id = lead.id and a.state = 'done'
         and a.kind in ('call', 'meeting', 'email') and a.direction is distinct from 'inbound'
         and not a.system_generated and not a.bulk
       order by a.timeline_at, a.id limit 1) r on true
 where """


async def responses(
    at: Reading,
    *,
    lead_id: UUID | None = None,
    captured: tuple[datetime, datetime] | None = None,
    owner_id: UUID | None = None,
    source: str | None = None,
    limit: int,
) -> list[asyncpg.Record]:
    """Leads that the actor may see, each with the first response; the oldest first."""
    asked = [
        Filter("lead.id = {}", lead_id),
        Filter("lead.created_at >= {}", captured[0] if captured else None),
        Filter("lead.created_at < {}", captured[1] if captured else None),
        Filter("lead.owner_id = {}", owner_id),
        Filter("lead.source = {}", source),
        *reach.of_lead(at, "read"),
    ]
    return await _fetch(at, [one for one in asked if one.value is not None], limit)


async def _fetch(at: Reading, where: Sequence[Filter], limit: int) -> list[Any]:
    conditions = [one.condition.format(f"${number}") for number, one in enumerate(where, 1)]
    text = f"{_RESPONSES}{' and '.join(conditions)} order by lead.created_at, lead.id limit {limit}"
    return list(await at.sql.fetch(text, *(one.value for one in where)))
