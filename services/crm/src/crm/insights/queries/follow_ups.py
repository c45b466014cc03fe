"""Follow-ups in the first days of deals, and what became of the deals (C30)."""

from collections.abc import Mapping, Sequence
from typing import Any

from chassis.storage.conditions import Numbered, all_of
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm.insights.queries.deals import closed_conditions
from crm.insights.schemas import FollowUpQuery

__all__ = ["by_touches"]

_BY_TOUCHES = """with deal as (
    select opportunity.id, opportunity.state = 'won' as won,
      opportunity.opened_on::timestamp at time zone {zone} as begin,
      opportunity.closes_on - opportunity.opened_on > {days}::integer as old_enough
    from opportunity{where}), touched as (
    select deal.won, touch.outbound, touch.inbound
    from deal cross join lateral (
      select count(*) filter (where t.outbound) as outbound,
        count(*) filter (where not t.outbound) as inbound
      from opportunity_touch t
      where t.opportunity_id = deal.id and t.touched_at >= deal.begin
        and t.touched_at < deal.begin + make_interval(days => {days}::integer)
        and t.channel = any({kinds}::text[])) touch
    where deal.old_enough)
  select outbound, inbound, count(*) as deals, count(*) filter (where won) as won,
    (select count(*) from deal where not old_enough) as left_out
  from touched group by 1, 2"""


async def by_touches(at: Reading, wanted: FollowUpQuery) -> Sequence[Mapping[str, Any]]:
    """Deals and won ones by the number of follow-ups in both directions in their first days.

    Only deals that were open for longer than these days: at equal age. Mails that the system or a
    campaign sent are no follow-ups.
    """
    numbered = Numbered()
    conditions = [
        *closed_conditions(at, wanted, "won", "lost"),
        Filter("opportunity.source = {}", wanted.source),
    ]
    where = all_of([numbered.condition(one) for one in conditions if one.value is not None])
    kinds = [wanted.channel] if wanted.channel else ["call", "meeting", "email"]
    sql = _BY_TOUCHES.format(
        where=where,
        zone=numbered.value(str(at.setting.zone)),
        days=numbered.value(wanted.days),
        kinds=numbered.value(kinds),
    )
    return [dict(row) for row in await at.sql.fetch(sql, *numbered.values)]
