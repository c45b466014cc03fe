"""Reads of what follows a lead that is converted, and of the leads that records were."""

from collections.abc import Collection
from uuid import UUID

from crm.sql import Sql

__all__ = ["converted_to", "counts_beside", "with_rows_beside"]

_COUNTS = """select 'activities' as what, count(*) as count from activity_record r
    where r.record_type = 'lead' and r.record_id = $1
  union all select 'notes', count(*) from note
    where record_type = 'lead' and record_id = $1
  union all select 'attachments', count(*) from attachment
    where record_type = 'lead' and record_id = $1 and deleted_at is null
  union all select 'tags', count(*) from record_tag
    where record_type = 'lead' and record_id = $1"""

_WITH_ROWS = """select record_id as id from activity_record
    where record_type = 'lead' and record_id = any($1::uuid[])
  union select record_id from note where record_type = 'lead' and record_id = any($1::uuid[])
  union select record_id from attachment
    where record_type = 'lead' and record_id = any($1::uuid[])
  union select record_id from record_tag
    where record_type = 'lead' and record_id = any($1::uuid[])"""

_CONVERTED_TO = """select id from lead where contact_id = any($1::uuid[])
  union select id from lead where account_id = any($2::uuid[]) order by id"""


async def converted_to(
    sql: Sql, *, contacts: Collection[UUID], accounts: Collection[UUID]
) -> list[UUID]:
    """The leads that became, or joined, one of the records, in the order of their ids."""
    rows = await sql.fetch(_CONVERTED_TO, list(contacts), list(accounts))
    return [row["id"] for row in rows]


async def counts_beside(sql: Sql, lead_id: UUID) -> dict[str, int]:
    """How many activities, notes, attachments and tags the lead has; none are left out."""
    rows = await sql.fetch(_COUNTS, lead_id)
    return {row["what"]: row["count"] for row in rows if row["count"]}


async def with_rows_beside(sql: Sql, lead_ids: Collection[UUID]) -> set[UUID]:
    """Those of the leads that have activities, notes, attachments or tags."""
    return {row["id"] for row in await sql.fetch(_WITH_ROWS, list(lead_ids))}
