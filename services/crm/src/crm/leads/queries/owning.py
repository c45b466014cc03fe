"""Who owns which leads, and what is known of those that nobody owns."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from crm.sql import Sql

__all__ = ["FACTS", "IS_OPEN", "facts_of", "owned_by"]

FACTS = ("campaign", "country", "language", "medium", "source", "status", "team")
"""Facts of a lead that rules of assignment may ask for; `team`: the name of its team."""
IS_OPEN = "status in ('new', 'working', 'qualified')"
"""The condition of leads that are still to be worked on."""


async def facts_of(sql: Sql, lead_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The facts of those of the leads that are open and that nobody owns."""
    rows = await sql.fetch(
        f"""select l.id, l.campaign, coalesce(l.address ->> 'country', '') as country,
              l.language, coalesce(t.medium, '') as medium, l.source, l.status,
              coalesce(team.name, '') as team
             from lead l left join lead_touch t on t.lead_id = l.id and t.is_first
               left join team on team.id = l.team_id
            where l.id = any($1::uuid[]) and l.owner_id is null and l.{IS_OPEN}""",
        list(lead_ids),
    )
    return {row["id"]: {name: row[name] for name in FACTS} for row in rows}


async def owned_by(sql: Sql, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many open leads each of the users owns."""
    rows = await sql.fetch(
        f"""select owner_id, count(*) as owned from lead
            where owner_id = any($1::uuid[]) and {IS_OPEN} group by owner_id""",
        list(user_ids),
    )
    return {row["owner_id"]: row["owned"] for row in rows}
