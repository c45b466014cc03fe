"""Named reads, locks and set-based writes of assignment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import searched
from crm.assignment.models import DECISION, WAITING, AssignmentRule
from crm.assignment.schemas import (
    AssignmentDecisionQuery,
    AssignmentDecisionView,
    AssignmentRuleQuery,
    AssignmentRuleView,
    AssignmentWaitingQuery,
    AssignmentWaitingView,
)
from crm.assignment.states import Reason
from crm.sql import Sql
from crm.staff.schemas import MemberView, TeamView
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters, sorts_of_postings

__all__ = [
    "ASSIGNMENT_RULES",
    "DECISIONS",
    "QUEUE",
    "Decision",
    "active_rules",
    "add_waiting",
    "end_waiting",
    "end_waiting_of",
    "is_waiting",
    "lock_lane",
    "oldest_waiting",
    "store_decisions",
    "store_reasons",
    "take_waiting",
    "turns_of",
    "users_of",
    "wait_instead",
    "waiting_types",
]


def _filters(_at: Reading, query: AssignmentRuleQuery) -> Sequence[Filter]:
    of_type = Filter("subject_type = {}", query.subject_type)
    return [*record_filters("assignment_rule", query), of_type]


def _decision_filters(_at: Reading, query: AssignmentDecisionQuery) -> Sequence[Filter]:
    return [
        Filter("subject_type = {}", query.subject_type),
        Filter("subject_id = {}", query.subject_id),
        Filter("rule_id = {}", query.rule_id),
        Filter("user_id = {}", query.user_id),
    ]


def _waiting_filters(_at: Reading, query: AssignmentWaitingQuery) -> Sequence[Filter]:
    return [
        Filter("subject_type = {}", query.subject_type),
        Filter("subject_id = {}", query.subject_id),
    ]


ASSIGNMENT_RULES = Reads(
    name="assignment_rule",
    view=AssignmentRuleView,
    columns=columns_of(AssignmentRuleView, AssignmentRule.__table__),
    source="assignment_rule",
    visible=everybody,
    query=AssignmentRuleQuery,
    filters=_filters,
    searched=searched.ASSIGNMENT_RULES,
    includes={"team": Include(TeamView, "team_id")},
    sorts=BY_NAME,
)
DECISIONS = Reads(
    name="assignment_decision",
    view=AssignmentDecisionView,
    columns=columns_of(AssignmentDecisionView, DECISION),
    source="assignment_decision",
    visible=everybody,
    query=AssignmentDecisionQuery,
    filters=_decision_filters,
    includes={
        "rule": Include(AssignmentRuleView, "rule_id"),
        "user": Include(MemberView, "user_id"),
    },
    sorts=sorts_of_postings("assignment_decision"),
)
QUEUE = Reads(
    name="assignment_queue",
    view=AssignmentWaitingView,
    columns=columns_of(AssignmentWaitingView, WAITING),
    source="assignment_waiting",
    visible=everybody,
    query=AssignmentWaitingQuery,
    filters=_waiting_filters,
    sorts=sorts_of_postings("assignment_waiting"),
    default_sort="recorded_at",
)

_USERS = """select u.id, u.name, u.active, s.team_id, s.calendar_id, s.capacity
    from staff_member s join local_user u on u.id = s.id
    where u.id = any($1::uuid[]) or s.team_id = any($2::uuid[]) order by u.id"""
_ADD = """insert into assignment_waiting (id, subject_type, subject_id, recorded_at, reason)
    select a.id, $1, a.subject_id, $4, ''
      from unnest($2::uuid[], $3::uuid[]) as a(id, subject_id)
      where not exists (select from assignment_decision d
        where d.subject_type = $1 and d.subject_id = a.subject_id)
        and (not $5 or exists (select from assignment_rule r
          where r.subject_type = $1 and r.status = 'active'))
    on conflict (subject_type, subject_id) do nothing"""
_INSTEAD = """insert into assignment_waiting (id, subject_type, subject_id, recorded_at, reason)
    select w.id, w.subject_type, $2, w.recorded_at, w.reason
      from jsonb_populate_recordset(null::assignment_waiting, $1::jsonb) w
     where not exists (select from assignment_decision d
        where d.subject_type = w.subject_type and d.subject_id = $2)
    on conflict (subject_type, subject_id) do nothing"""
_STORE = """insert into assignment_decision (id, subject_type, subject_id, rule_id, rule_version,
      user_id, method, facts, candidates, waiting_since, recorded_at)
    select d.id, $1, d.subject_id, d.rule_id, d.rule_version, d.user_id, d.method,
        d.facts::jsonb, d.candidates::jsonb, d.waiting_since, $2
      from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::integer[], $7::uuid[], $8::text[],
        $9::text[], $10::text[], $11::timestamptz[])
      as d(id, subject_id, rule_id, rule_version, user_id, method, facts, candidates,
        waiting_since)"""
_TURNS = """insert into assignment_turn (rule_id, user_id, last_turn, served)
    select t.rule_id, t.user_id, max(t.turn), count(*)
      from unnest($1::uuid[], $2::uuid[], $3::bigint[]) as t(rule_id, user_id, turn)
      group by t.rule_id, t.user_id
    on conflict (rule_id, user_id) do update set last_turn = excluded.last_turn,
      served = assignment_turn.served + excluded.served"""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that is to be stored; `turn` is its number in the lane."""

    subject_id: UUID
    rule_id: UUID
    rule_version: int
    user_id: UUID
    method: str
    facts: dict[str, Any]
    candidates: list[dict[str, Any]]
    waiting_since: datetime
    turn: int


async def lock_lane(sql: Sql, subject_type: str) -> int:
    """Let nobody else assign subjects of the type until the act ends; the turns so far."""
    await sql.execute(
        "insert into assignment_lane (subject_type, turns) values ($1, 0) on conflict do nothing",
        subject_type,
    )
    turns: int = await sql.fetchval(
        "select turns from assignment_lane where subject_type = $1 for update", subject_type
    )
    return turns


async def add_waiting(
    sql: Sql,
    subject_type: str,
    subject_ids: Sequence[UUID],
    now: datetime,
    *,
    only_by_rules: bool,
) -> int:
    """Let subjects wait that neither wait nor were decided; how many.

    `only_by_rules`: none, where the type has no active rule.
    """
    ids = [uuid7() for _ in subject_ids]
    done = await sql.execute(_ADD, subject_type, ids, list(subject_ids), now, only_by_rules)
    return int(done.rpartition(" ")[2])


async def waiting_types(sql: Sql) -> list[str]:
    """The types of subjects of which some wait."""
    rows = await sql.fetch("select distinct subject_type from assignment_waiting order by 1")
    return [row["subject_type"] for row in rows]


async def oldest_waiting(
    sql: Sql, subject_type: str, after: tuple[datetime, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """The next subjects that wait, the oldest first, after a place in that order."""
    begins = "" if after is None else " and (recorded_at, id) > ($3, $4)"
    sql_text = f"""select id, subject_id, recorded_at, reason from assignment_waiting
        where subject_type = $1{begins} order by recorded_at, id limit $2"""
    return list(await sql.fetch(sql_text, subject_type, limit, *(after or ())))


async def active_rules(sql: Sql, subject_type: str) -> list[asyncpg.Record]:
    """The rules for the type, in the order in which they are asked."""
    return list(
        await sql.fetch(
            """select id, name, position, version, conditions, method, user_ids, team_id
                 from assignment_rule where subject_type = $1 and status = 'active'
                 order by position, created_at, id""",
            subject_type,
        )
    )


async def users_of(
    sql: Sql, user_ids: Collection[UUID], team_ids: Collection[UUID], *, lock: bool
) -> list[asyncpg.Record]:
    """The users and the members of the teams; locked, none of them is disabled meanwhile."""
    text = f"{_USERS} for share of u" if lock else _USERS
    return list(await sql.fetch(text, list(user_ids), list(team_ids)))


async def turns_of(sql: Sql, rule_ids: Collection[UUID]) -> dict[UUID, dict[UUID, int]]:
    """The last turn of each user by each rule."""
    found: dict[UUID, dict[UUID, int]] = {one: {} for one in rule_ids}
    rows = await sql.fetch(
        "select rule_id, user_id, last_turn from assignment_turn where rule_id = any($1::uuid[])",
        list(rule_ids),
    )
    for row in rows:
        found[row["rule_id"]][row["user_id"]] = row["last_turn"]
    return found


async def store_decisions(
    sql: Sql, subject_type: str, decisions: Sequence[Decision], now: datetime
) -> None:
    """Write decisions, and count their turns."""
    await sql.execute(
        _STORE,
        subject_type,
        now,
        [uuid7() for _ in decisions],
        [one.subject_id for one in decisions],
        [one.rule_id for one in decisions],
        [one.rule_version for one in decisions],
        [one.user_id for one in decisions],
        [one.method for one in decisions],
        [orjson.dumps(one.facts).decode() for one in decisions],
        [orjson.dumps(one.candidates).decode() for one in decisions],
        [one.waiting_since for one in decisions],
    )
    await sql.execute(
        _TURNS,
        [one.rule_id for one in decisions],
        [one.user_id for one in decisions],
        [one.turn for one in decisions],
    )
    await sql.execute(
        "update assignment_lane set turns = $2 where subject_type = $1",
        subject_type,
        max(one.turn for one in decisions),
    )


async def end_waiting(sql: Sql, subject_type: str, subject_ids: Collection[UUID]) -> None:
    """Let subjects wait no longer."""
    await sql.execute(
        """delete from assignment_waiting
            where subject_type = $1 and subject_id = any($2::uuid[])""",
        subject_type,
        list(subject_ids),
    )


async def is_waiting(sql: Sql, subject_type: str, subject_id: UUID) -> bool:
    """Whether the subject waits."""
    found = "select true from assignment_waiting where subject_type = $1 and subject_id = $2"
    return bool(await sql.fetchval(found, subject_type, subject_id))


async def take_waiting(sql: Sql, subject_type: str, subject_id: UUID) -> list[dict[str, Any]]:
    """Take a subject out of the queue; its row as JSON, none if it did not wait."""
    rows = await sql.fetch(
        """delete from assignment_waiting w where subject_type = $1 and subject_id = $2
           returning to_jsonb(w) as row""",
        subject_type,
        subject_id,
    )
    return [row["row"] for row in rows]


async def wait_instead(sql: Sql, rows: Sequence[Mapping[str, Any]], subject_id: UUID) -> None:
    """Let another subject wait as these rows did, unless it waits or was decided before."""
    await sql.execute(_INSTEAD, orjson.dumps(list(rows)).decode(), subject_id)


async def end_waiting_of(sql: Sql, ids: Sequence[UUID]) -> None:
    """Take rows out of the queue."""
    await sql.execute("delete from assignment_waiting where id = any($1::uuid[])", list(ids))


async def store_reasons(sql: Sql, reasons: Mapping[UUID, Reason]) -> None:
    """Keep why rows of the queue wait on."""
    await sql.execute(
        """update assignment_waiting w set reason = r.reason
             from unnest($1::uuid[], $2::text[]) as r(id, reason) where w.id = r.id""",
        list(reasons),
        list(reasons.values()),
    )
