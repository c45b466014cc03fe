"""Leasing lanes: which are carried next, by one process at a time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from sync_bridge.inbox.received import Received

__all__ = ["Leased", "LineEvent", "claim", "next_due"]

Sql: TypeAlias = "asyncpg.Connection[Any]"


@dataclass(frozen=True)
class LineEvent:
    """An event in its lane, with how long it has been here."""

    received: Received
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
    """A lane this process may carry now, with the events at its head.

    `attempts` are failed tries since something of it was settled, `refusals` the tries that may
    have been the event's own fault: this one, which counts as such until it is known to be none,
    those that failed so, and those of which nothing was recorded. `version` grows with whatever a
    person decides of it.
    """

    key: str
    kind: str
    subject: UUID
    epoch: int
    applied: tuple[int, int]
    attempts: int
    refusals: int
    version: int
    failing: timedelta
    events: Sequence[LineEvent]

    @property
    def fresh(self) -> bool:
        """Whether nothing has gone wrong with it: then it may be carried along with others."""
        return self.attempts == 0 and self.refusals <= 1


NEWEST_OF = 4
"""One of so many leased lanes is one of those that became due last."""
_CHANCE = random.Random()  # noqa: S311 - shares turns, keeps no secret

_KINDS = """kinds(kind) as (
  (select kind from lane where state = 'ready' order by kind limit 1)
  union all
  select (select l.kind from lane l where l.state = 'ready' and l.kind > k.kind
      order by l.kind limit 1)
    from kinds k where k.kind is not null)"""
"""The kinds of ready lanes, one step in the index for each."""

_DUE = """select l.key, l.next_at from movable m cross join lateral (
    select key, next_at from lane
     where state = 'ready' and kind = m.kind and next_at <= now()
       and (lease_until is null or lease_until <= now()) {fit}
     order by next_at {way} limit {most} for update skip locked) l
   order by l.next_at {way} limit {most}"""

CLAIM = f"""with recursive {_KINDS},
movable as (
  select kind from kinds where kind is not null and kind <> all($3::text[])
    and not exists (select from pause p where p.kind = kinds.kind and p.until > now())),
newest as materialized (
  {_DUE.format(fit="and attempts = 0", way="desc", most="$4::bigint")}),
oldest as materialized (
  {_DUE.format(fit="", way="asc", most="$1::bigint - $4::bigint")}),
due as (select key from newest union select key from oldest)
update lane l set lease_epoch = l.lease_epoch + 1, refusals = l.refusals + 1,
    lease_until = now() + make_interval(secs => $2)
  where l.key = any(array(select key from due))
  returning l.key, l.kind, l.subject, l.lease_epoch, l.applied_history,
    l.applied_version, l.attempts,
    l.refusals, l.version, coalesce(now() - l.failing_since, interval '0') as failing"""
"""The lanes that are due for longest, and as many as `$4` of those that became so last: behind a
backlog, what happens now crosses too. A try counts as a refusal from its beginning, so that one
which is never recorded counts too: an event at which the process dies each time is put aside in the
end like any other."""

EVENTS = """select e.* from unnest($1::text[]) as k(key) cross join lateral (
    select source, event_id, type, lane, subject, aggversion, occurred_at, origin, hops,
      correlationid, causationid, traceparent, feed_seq, data, is_state, history,
      now() - received_at as age
    from inbox where lane = k.key and settled_at is null
    order by history, aggversion limit 50) as e"""
"""In the order of the index of open events: any other way to find them would have to sort."""

NEXT_DUE = f"""with recursive {_KINDS}
select extract(epoch from min(greatest(l.next_at, l.lease_until, p.until)) - now())
  from kinds k
  cross join lateral (select next_at, lease_until from lane
    where state = 'ready' and kind = k.kind order by next_at limit 500) l
  left join pause p on p.kind = k.kind where k.kind <> all($1::text[])"""
"""Of each kind those first in line are looked at: more than all processes lease at a time."""


async def claim(
    sql: Sql, *, at_most: int, lease_seconds: float, beside: Sequence[str] = ()
) -> list[Leased]:
    """Lease lanes that are due and read what is at their heads.

    Three of four are those due for longest, one of four those that became due last. `beside`:
    kinds of lanes to leave alone.
    """
    rows = await sql.fetch(CLAIM, at_most, lease_seconds, beside, _share(at_most))
    if not rows:
        return []
    events: dict[str, list[LineEvent]] = {row["key"]: [] for row in rows}
    for row in await sql.fetch(EVENTS, list(events)):
        events[row["lane"]].append(_line_event(row))
    for line in events.values():
        line.sort(key=lambda one: (one.version, -one.age))
    return [
        Leased(
            key=row["key"],
            kind=row["kind"],
            subject=row["subject"],
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
    return at_most // NEWEST_OF + (_CHANCE.randrange(NEWEST_OF) < at_most % NEWEST_OF)


def _line_event(row: asyncpg.Record) -> LineEvent:
    facts = dict(row)
    age, _ = facts.pop("age"), facts.pop("lane")
    return LineEvent(Received(time=facts.pop("occurred_at"), **facts), age)


async def next_due(sql: Sql, *, beside: Sequence[str] = ()) -> float | None:
    """Seconds until the next lane of another kind may be carried; None: no such lane is ready."""
    seconds = await sql.fetchval(NEXT_DUE, beside)
    return None if seconds is None else float(seconds)
