"""The stages that a deal went through, and for how long it was in each (C20)."""

from uuid import UUID

from chassis.storage.reading import Reading
from crm.opportunities.schemas.stages import StageTime

__all__ = ["COLUMNS", "SOURCE", "times"]

COLUMNS = """c.id, c.from_stage_id, c.to_stage_id, s.code as to_stage_code, c.entered_at, c.by,
    case when c.amount is not null then jsonb_build_object(
      'amount', c.amount::text, 'currency', c.currency) end as amount,
    c.probability, c.forecast_category, c.closes_on, c.revision"""
SOURCE = "opportunity_stage_change c join pipeline_stage s on s.id = c.to_stage_id"

_TIMES = """with visit as (
    select c.to_stage_id, c.revision, c.entered_at,
      coalesce(lead(c.entered_at) over (order by c.revision), $2::timestamptz) as left_at
    from opportunity_stage_change c where c.opportunity_id = $1)
  select v.to_stage_id as stage_id, s.code as stage_code, s.kind, count(*) as visits,
    floor(sum(extract(epoch from greatest(v.left_at - v.entered_at, interval '0'))))::bigint
      as seconds
  from visit v join pipeline_stage s on s.id = v.to_stage_id
  group by v.to_stage_id, s.code, s.kind order by min(v.revision)"""


async def times(at: Reading, opportunity_id: UUID) -> list[StageTime]:
    """The stages in the order of the first visit, with the time in them up to now."""
    rows = await at.sql.fetch(_TIMES, opportunity_id, at.now)
    return [StageTime.model_validate(dict(row)) for row in rows]
