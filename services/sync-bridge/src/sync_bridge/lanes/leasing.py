"""Leasing lanes: which are delivered next, by one process at a time."""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from sync_bridge.inbox.received import ReceivedEvent

__all__ = ["LaneClass", "Leased", "QueuedEvent", "claim", "next_due"]

Sql: TypeAlias = "asyncpg.Connection[Any]"


@dataclass(frozen=True)
class QueuedEvent:
    """An event in its lane, with how long it has been here."""

    received: ReceivedEvent
    age: timedelta

    @property
    def version(self) -> tuple[int, int]:
        """The history and version of the record that the event tells of."""
        return self.received.version

    @property
    def type(self) -> str:
        """Its type."""
        return self.received.type

    @property
    def is_state(self) -> bool:
        """Whether it stands for every version before it."""
        return self.received.is_state


@dataclass(frozen=True)
class Leased:
    """A lane this process may deliver now, with the events at its head.

    `attempts` are failed tries since something of it was settled, `refusals` the tries that may
    have been the event's own fault: this one, which counts as such until it is known to be none,
    those that failed so, and those of which nothing was recorded. `version` grows with whatever a
    person decides of it.
    """

    key: str
    kind: str
    subject: UUID
    late: bool
    epoch: int
    applied: tuple[int, int]
    attempts: int
    refusals: int
    version: int
    failing: timedelta
    events: Sequence[QueuedEvent]

    @property
    def fresh(self) -> bool:
        """Whether nothing has gone wrong with it: then it may be delivered together with others."""
        return self.attempts == 0 and self.refusals <= 1


SHARES = 4
"""One of so many leased lanes is one of the late ones, and one is one that became due last."""
_CHANCE = random.Random()  # noqa: S311 - shares turns, keeps no secret

LaneClass: TypeAlias = tuple[str, bool]
"""A kind of lanes, and whether they are late."""

_CLASSES = """classes(kind, late) as (
  (select kind, late from lane where state = 'ready' order by kind, late limit 1)
  union all
  select l.kind, l.late from classes c cross join lateral (
    select kind, late from lane where state = 'ready' and (kind, late) > (c.kind, c.late)
      order by kind, late limit 1) l)"""
"""The classes of ready lanes, one step in the index for each."""

_DUE = """select l.key, l.next_at from movable m cross join lateral (
    select key, next_at from lane
     where state = 'ready' and kind = m.kind and late = {late} and next_at <= now()
       and (lease_until is null or lease_until <= now()) {fit}
     order by next_at {way} limit {most} for update skip locked) l
   where m.late = {late} order by l.next_at {way} limit {most}"""

_LONGEST = _DUE.format(
    late="false",
    fit="and key not in (select key from newest)",
    way="asc",
    most="(select $1::bigint - $5::bigint - late from kept)",
)

CLAIM = f"""with recursive {_CLASSES},
movable as (
  select kind, late from classes
    where (kind, late) not in (select * from unnest($3::text[], $4::boolean[]))
      and not exists (select from pause p where p.kind = classes.kind and p.until > now())),
kept as (
  select case when exists (select from movable where late) then $6::bigint else 0 end as late),
newest as materialized (
  {_DUE.format(late="false", fit="and attempts = 0", way="desc", most="$5::bigint")}),
longest as materialized ({_LONGEST}),
now_due as (select key from newest union select key from longest),
late_due as materialized (
  {_DUE.format(late="true", fit="", way="asc", most="(select $1 - count(*) from now_due)")}),
due as (select key from now_due union all select key from late_due)
update lane l set lease_epoch = l.lease_epoch + 1, refusals = l.refusals + 1,
    lease_until = now() + make_interval(secs => $2)
  where l.key = any(array(select key from due))
  returning l.key, l.kind, l.subject, l.late, l.lease_epoch, l.applied_history,
    l.applied_version, l.attempts,
    l.refusals, l.version, coalesce(now() - l.failing_since, interval '0') as failing"""
"""The lanes that are due: those that are not late first, `$5` of them those that became so last; of
the late ones those that are due for longest, `$6` at least. So what happens now crosses beside a
backlog, and a backlog beside what happens now. A try counts as a refusal from its beginning, so
that one which is never recorded counts too: an event at which the process dies each time is put
aside in the end like any other."""

EVENTS = """select e.* from unnest($1::text[]) as k(key) cross join lateral (
    select source, event_id, type, lane, subject, aggversion, occurred_at, origin, hops,
      correlationid, causationid, traceparent, feed_seq, data, is_state, history,
      now() - received_at as age
    from inbox where lane = k.key and settled_at is null
    order by history, aggversion limit 50) as e"""
"""In the order of the index of open events: any other way to find them would have to sort."""

NEXT_DUE = f"""with recursive {_CLASSES}
select extract(epoch from min(greatest(l.next_at, l.lease_until, p.until)) - now())
  from classes c
  cross join lateral (select next_at, lease_until from lane
    where state = 'ready' and kind = c.kind and late = c.late order by next_at limit 500) l
  left join pause p on p.kind = c.kind
  where (c.kind, c.late) not in (select * from unnest($1::text[], $2::boolean[]))"""
"""Of each class those first in line are looked at: more than all processes lease at a time."""


async def claim(
    sql: Sql, *, at_most: int, lease_seconds: float, excluding: Collection[LaneClass] = ()
) -> list[Leased]:
    """Lease lanes that are due and read what is at their heads.

    A quarter are late ones, where there are as many, and more where nothing else is due. `beside`:
    classes to leave alone.
    """
    newest = _share(at_most)
    late = min(_share(at_most), at_most - newest)
    rows = await sql.fetch(CLAIM, at_most, lease_seconds, *_columns(excluding), newest, late)
    if not rows:
        return []
    events: dict[str, list[QueuedEvent]] = {row["key"]: [] for row in rows}
    for row in await sql.fetch(EVENTS, list(events)):
        events[row["lane"]].append(_queued_event(row))
    for line in events.values():
        line.sort(key=lambda one: (one.version, -one.age))
    return [
        Leased(
            key=row["key"],
            kind=row["kind"],
            subject=row["subject"],
            late=row["late"],
            epoch=row["lease_epoch"],
            applied=(row["applied_history"], row["applied_version"]),
            attempts=row["attempts"],
            refusals=row["refusals"],
            version=row["version"],
            failing=row["failing"],
            events=events[row["key"]],
        )
        for row in rows
    ]


def _share(at_most: int) -> int:
    """A quarter, where lanes are leased one at a time as well: every fourth of them by chance."""
    return at_most // SHARES + (_CHANCE.randrange(SHARES) < at_most % SHARES)


def _queued_event(row: asyncpg.Record) -> QueuedEvent:
    facts = dict(row)
    age, _ = facts.pop("age"), facts.pop("lane")
    return QueuedEvent(ReceivedEvent(time=facts.pop("occurred_at"), **facts), age)


def _columns(classes: Collection[LaneClass]) -> tuple[list[str], list[bool]]:
    return [kind for kind, _ in classes], [late for _, late in classes]


async def next_due(sql: Sql, *, excluding: Collection[LaneClass] = ()) -> float | None:
    """Seconds until the next lane of another class is due; None: no such lane is ready."""
    seconds = await sql.fetchval(NEXT_DUE, *_columns(excluding))
    return None if seconds is None else float(seconds)
