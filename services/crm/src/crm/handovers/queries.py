"""Named reads and writes of hand-overs."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm.handovers.models import HAND_OVER
from crm.handovers.schemas import HandOverQuery, HandOverView
from crm.sql import Sql
from crm.staff.schemas import MemberView
from records.includes import Include
from records.reads import Reads, columns_of, everybody, sorts_of_postings

__all__ = ["HAND_OVERS", "active_users", "add_report"]


def _filters(_at: Reading, query: HandOverQuery) -> Sequence[Filter]:
    return [Filter("from_user_id = {}", query.from_user_id)]


HAND_OVERS = Reads(
    name="hand_over",
    view=HandOverView,
    columns=columns_of(HandOverView, HAND_OVER),
    source="hand_over",
    visible=everybody,
    query=HandOverQuery,
    filters=_filters,
    includes={"from_user": Include(MemberView, "from_user_id")},
    sorts=sorts_of_postings("hand_over"),
)


async def active_users(
    sql: Sql, user_ids: Collection[UUID], team_id: UUID | None
) -> list[asyncpg.Record]:
    """Those of the users who are active, or the active members of the team."""
    return list(
        await sql.fetch(
            """select u.id, u.name from local_user u left join staff_member s on s.id = u.id
                where u.active and (u.id = any($1::uuid[]) or s.team_id = $2) order by u.id""",
            list(user_ids),
            team_id,
        )
    )


async def add_report(
    sql: Sql,
    report: Mapping[str, Any],
    *,
    from_user_id: UUID,
    disabled: bool,
    actor: str,
    now: datetime,
) -> UUID:
    """Keep the report of a hand-over; its id."""
    report_id = uuid7()
    await sql.execute(
        """insert into hand_over (id, from_user_id, moved, takers, disabled, actor, recorded_at)
            values ($1, $2, $3, $4, $5, $6, $7)""",
        report_id,
        from_user_id,
        orjson.dumps(report["moved"]).decode(),
        orjson.dumps(report["takers"]).decode(),
        disabled,
        actor,
        now,
    )
    return report_id
