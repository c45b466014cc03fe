"""Who owns which accounts, and what is known of those that nobody owns."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from crm.sql import Sql

__all__ = ["FACTS", "facts_of", "owned_by"]

FACTS = ("country", "currency", "industry", "kind", "language", "segment", "stage")
"""Facts of an account that rules of assignment may ask for."""


async def facts_of(sql: Sql, account_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """The facts of those of the accounts that are active and that nobody owns."""
    rows = await sql.fetch(
        """select id, coalesce(billing_address ->> 'country', '') as country, currency, industry,
             kind, language, segment, stage from account
            where id = any($1::uuid[]) and owner_id is null and status = 'active'""",
        list(account_ids),
    )
    return {row["id"]: {name: row[name] for name in FACTS} for row in rows}


async def owned_by(sql: Sql, user_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many active accounts each of the users owns."""
    rows = await sql.fetch(
        """select owner_id, count(*) as owned from account
            where owner_id = any($1::uuid[]) and status = 'active' group by owner_id""",
        list(user_ids),
    )
    return {row["owner_id"]: row["owned"] for row in rows}
