"""Upserts by another system's id: the one way in which foreign records enter and stay current.

The link is made before the record, so however often and however concurrently a record is sent,
it becomes one of ours. A version that is not newer than the last one taken changes nothing.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from fastapi import Response, status

from chassis.http.batch import (
    AtOnce,
    BatchReply,
    Outcome,
    Present,
    each_in_savepoint,
)
from chassis.http.problems import FieldError, InvalidInput
from chassis.identity.systems import SystemReserved
from chassis.ids import uuid7
from chassis.storage import external
from chassis.storage.base import version_columns
from chassis.storage.source_versions import (
    Versioned,
    VersionTooFar,
    digest,
    is_too_far,
    require_near,
)
from chassis.telemetry.trace import Trace
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.base import Base
from crm.fields import Facts
from crm.senders import BatchAsked
from crm.settings import settings_of

__all__ = [
    "KEPT",
    "OUTCOMES",
    "UPSERTED",
    "UPSERT_PROBLEMS",
    "InBulk",
    "Sent",
    "Upserted",
    "reply_outcome",
    "required",
    "upsert",
    "upsert_each",
    "upsert_one",
    "versions_of",
]

_TOLD = {"description": "created, updated, unchanged or stale.", "schema": {"type": "string"}}
_OUTCOME = {"Tandem-Outcome": _TOLD}
UPSERTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Taken over, or nothing to do.", "headers": _OUTCOME},
    201: {"description": "New here.", "headers": _OUTCOME},
}
"""What an upsert may answer, for its route's `responses`."""

KEPT: dict[int | str, dict[str, Any]] = {200: UPSERTED[200]}
"""The same of what makes no record of its own."""

UPSERT_PROBLEMS = (SystemReserved, VersionTooFar)
"""How an upsert may be refused, whatever is sent."""


class Item(Versioned, Protocol):
    """An item of a batch, named by the sender's id."""

    @property
    def external_id(self) -> str:
        """The sender's id of the record."""


I = TypeVar("I", bound=Item)  # noqa: E741 - the item


@dataclass(frozen=True)
class Upserted:
    """What became of a record that was sent, and which record of ours it is."""

    outcome: Outcome
    id: UUID


@dataclass(frozen=True)
class Sent:
    """A foreign record: what it is here, where it comes from, which version was sent, with what."""

    entity_type: str
    system: str
    external_id: str
    command: Versioned


@dataclass(frozen=True)
class InBulk(Generic[I]):
    """How many records are taken over at once, all or none of them; what is missing goes alone.

    `create` makes those that are new here under the ids given, in their order, as `create` of
    `upsert` does. `change` changes those that are known, by a newer version, and returns whether
    each changed. `prepare` locks what an act on any item of the batch may touch, in the order of
    single acts. All are told the system that sent the records.
    """

    create: Callable[[Work, str, Sequence[tuple[UUID, I]]], Awaitable[None]] | None = None
    change: Callable[[Work, str, Sequence[tuple[UUID, I]]], Awaitable[Sequence[bool]]] | None = None
    prepare: Callable[[Work, str, Sequence[I]], Awaitable[None]] | None = None


async def upsert(
    work: Work,
    sent: Sent,
    *,
    create: Callable[[UUID], Awaitable[object]],
    change: Callable[[UUID], Awaitable[object]],
) -> Upserted:
    """Create the record at first sight, change it by a newer version, else leave it alone.

    A newer version that says what the last one said changes nothing. Where the two are to be level,
    the record itself is looked at. `change` returns whether anything changed. Both may refuse
    with a problem. Raises VersionTooFar.
    """
    key = (sent.entity_type, sent.system, sent.external_id)
    version, content = sent.command.source_version, digest(sent.command)
    history = work.trace.history
    known = await external.resolve(work.sql, *key)
    if known is None:
        ours = uuid7()
        links = [(sent.external_id, ours, version, content, history)]
        await external.claim_all(work.sql, sent.entity_type, sent.system, links)
        await create(ours)
        return Upserted("created", ours)
    if not _is_news(known, version, work.trace):
        return _left_alone(version, known, history)
    require_near(version, known.last_in(history), step_max=_step_max(work))
    await external.advance(work.sql, known, version, content, history=history)
    news = work.trace.level or content != known.content
    changed = news and await change(known.entity_id)
    return Upserted("updated" if changed else "unchanged", known.entity_id)


async def upsert_one(work: Work, sent: Sent, item: I, by: InBulk[I]) -> Upserted:
    """Upsert a record alone, by the acts that take over many."""

    async def create(ours: UUID) -> None:
        if by.create:
            await by.create(work, sent.system, [(ours, item)])

    async def change(ours: UUID) -> bool:
        return by.change is not None and (await by.change(work, sent.system, [(ours, item)]))[0]

    return await upsert(work, sent, create=create, change=change)


def _is_news(known: external.External, version: int, trace: Trace) -> bool:
    """Whether the version is to be looked at: a newer one, or the last one, to be level with it."""
    age = known.age_of(version, trace.history)
    return age > 0 or (trace.level and age == 0)


def _step_max(work: Work) -> int:
    return settings_of(work.setting).source_version_step_max


def _left_alone(version: int, known: external.External, history: int | None) -> Upserted:
    return Upserted(OUTCOMES[known.age_of(version, history)], known.entity_id)


OUTCOMES: Mapping[int, Outcome] = {1: "updated", 0: "unchanged", -1: "stale"}
"""What becomes of a version that was sent, by how it compares with the one that is known."""


async def upsert_each(
    work: Work,
    asked: BatchAsked,
    entity_type: str,
    items: Sequence[I],
    act: Callable[[Work, str, str, I], Awaitable[Upserted]],
    *,
    in_bulk: InBulk[I] | None = None,
) -> BatchReply:
    """Upsert each item as if alone, in the order sent; a refused one leaves the others as they are.

    Neighbours are settled at once, as far as `in_bulk` can or nothing is to be done; of these the
    new ones are told first. Batches of one kind from one system pass one at a time: their items
    may name the same records in different order, and side by side they would deadlock.
    """
    await advisory_lock(work, f"batch:{entity_type}:{asked.system}")
    batch = _Batch(
        work,
        asked.system,
        entity_type,
        await external.resolve_all(
            work.sql, entity_type, asked.system, [item.external_id for item in items]
        ),
        Counter(item.external_id for item in items),
        act,
        in_bulk or InBulk(),
    )
    if in_bulk and in_bulk.prepare:
        await in_bulk.prepare(work, asked.system, items)
    return await each_in_savepoint(
        work,
        items,
        batch.one,
        language=asked.language,
        texts=asked.texts,
        dry_run=asked.dry_run,
        traces=asked.traces,
        at_once=AtOnce(batch.fits, batch.several),
    )


@dataclass(frozen=True)
class _Batch(Generic[I]):
    """A batch being taken over; `known` are the links that were there when it came."""

    work: Work
    system: str
    entity_type: str
    known: Mapping[str, external.External]
    times: Mapping[str, int]
    act: Callable[[Work, str, str, I], Awaitable[Upserted]]
    in_bulk: InBulk[I]

    async def one(self, item: I) -> tuple[Outcome, Present]:
        """Take over an item alone."""
        done = await self.act(self.work, self.system, item.external_id, item)
        return done.outcome, (await self._present([done.id]))[done.id]

    def fits(self, item: I, trace: Trace) -> bool:
        """Whether the item may be settled together with its neighbours."""
        if self.times[item.external_id] > 1:
            return False
        link = self.known.get(item.external_id)
        if link is None:
            return self.in_bulk.create is not None
        if not _is_news(link, item.source_version, trace):
            return True
        last, step_max = link.last_in(trace.history), _step_max(self.work)
        near = not is_too_far(item.source_version, last, step_max=step_max)
        return near and self.in_bulk.change is not None

    async def several(self, sent: Sequence[tuple[I, Trace]]) -> list[tuple[Outcome, Present]]:
        """Create what is new of the items, change what is newer, and leave the rest as it is."""
        done = await self._created([one for one in sent if one[0].external_id not in self.known])
        newer = [one for one in sent if self._is_news(*one)]
        others = await self._advanced(newer)
        done |= await self._changed([one for one in newer if one[0].external_id in others])
        alike = {item.external_id for item, _ in newer} - others
        settled = [
            done.get(one.external_id) or self._left(one, trace, alike) for one, trace in sent
        ]
        present = await self._present([one.id for one in settled])
        return [(one.outcome, present[one.id]) for one in settled]

    def _is_news(self, item: I, trace: Trace) -> bool:
        """Whether the item is known here, and to be looked at."""
        link = self.known.get(item.external_id)
        return link is not None and _is_news(link, item.source_version, trace)

    async def _advanced(self, newer: Sequence[tuple[I, Trace]]) -> set[str]:
        """Note the newer versions; ids of those that say something else, or are to be level."""
        if not newer:
            return set()
        taken = [
            (self.known[item.external_id], item.source_version, digest(item), trace.history)
            for item, trace in newer
        ]
        await external.advance_all(self.work.sql, taken)
        others = {link.external_id for link, _, content, _ in taken if content != link.content}
        return others | {item.external_id for item, trace in newer if trace.level}

    async def _created(self, sent: Sequence[tuple[I, Trace]]) -> dict[str, Upserted]:
        if not sent or not self.in_bulk.create:
            return {}
        new = [(uuid7(), item, trace) for item, trace in sent]
        links = [
            (item.external_id, ours, item.source_version, digest(item), trace.history)
            for ours, item, trace in new
        ]
        await external.claim_all(self.work.sql, self.entity_type, self.system, links)
        with self.work.traced(self.work.trace, {ours: trace for ours, _, trace in new}):
            records = [(ours, item) for ours, item, _ in new]
            await self.in_bulk.create(self.work, self.system, records)
        return {item.external_id: Upserted("created", ours) for ours, item, _ in new}

    async def _changed(self, sent: Sequence[tuple[I, Trace]]) -> dict[str, Upserted]:
        if not sent or not self.in_bulk.change:
            return {}
        links = [self.known[item.external_id] for item, _ in sent]
        own = {link.entity_id: trace for link, (_, trace) in zip(links, sent, strict=True)}
        records = [(link.entity_id, item) for link, (item, _) in zip(links, sent, strict=True)]
        with self.work.traced(self.work.trace, own):
            changed = await self.in_bulk.change(self.work, self.system, records)
        return {
            link.external_id: Upserted("updated" if one else "unchanged", link.entity_id)
            for link, one in zip(links, changed, strict=True)
        }

    def _left(self, item: I, trace: Trace, alike: Collection[str]) -> Upserted:
        if item.external_id in alike:
            return Upserted("unchanged", self.known[item.external_id].entity_id)
        return _left_alone(item.source_version, self.known[item.external_id], trace.history)

    async def _present(self, ids: Sequence[UUID]) -> dict[UUID, Present]:
        return await versions_of(self.work, self.entity_type, ids)


async def versions_of(work: Work, entity_type: str, ids: Sequence[UUID]) -> dict[UUID, Present]:
    """The versions that records have now."""
    columns = version_columns(Base.metadata.tables[entity_type])
    rows = await work.sql.fetch(
        f"select id, {columns} from {entity_type} where id = any($1::uuid[])", ids
    )
    return {row["id"]: Present(**row) for row in rows}


def required(facts: Facts, *names: str) -> Facts:
    """The facts, if none of the named ones is missing: what a first sight must carry.

    Raises InvalidInput naming each one that is missing.
    """
    missing = [name for name in names if facts.get(name) is None]
    if missing:
        raise InvalidInput(
            errors=[
                FieldError(f"/{name}", "missing", "Needed when the record is new here.")
                for name in missing
            ]
        )
    return facts


def reply_outcome(response: Response, done: Upserted) -> None:
    """Put the outcome on the reply: 201 when the record is new, and the header always."""
    response.headers["Tandem-Outcome"] = done.outcome
    if done.outcome == "created":
        response.status_code = status.HTTP_201_CREATED
