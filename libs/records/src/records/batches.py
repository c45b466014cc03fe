"""Batches of upserts: each item is judged alone, and neighbours are written together."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field, create_model
from sqlalchemy import FromClause

from chassis.http.batch import AtOnce, BatchReply, Outcome, Present, each_in_savepoint
from chassis.ids import uuid7
from chassis.storage import external
from chassis.storage.base import Identified, version_columns
from chassis.storage.source_versions import Versioned, digest, is_too_far
from chassis.telemetry.trace import Trace
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from records.reads import Reads
from records.senders import BatchRequest
from records.settings import source_version_step_max
from records.upserts import Sent, Upserted, is_news, unchanged, upsert
from values.external import ExternalId
from values.text import Command

__all__ = ["InBulk", "Item", "batch_of", "upsert_each", "upsert_one", "versions_of"]


class Item(Versioned, Protocol):
    """An item of a batch, named by the sender's id."""

    @property
    def external_id(self) -> str:
        """The sender's id of the record."""


I = TypeVar("I", bound=Item)  # noqa: E741 - the item


@dataclass(frozen=True)
class InBulk(Generic[I]):
    """How many records are taken over at once, all or none of them; what is missing goes alone.

    `create` makes those that are new here under the ids given, in their order, as `create` of
    `upsert` does. `change` changes those that are known, by a newer version, and returns whether
    each changed. `prepare` locks what an act on any item of the batch may touch, in the order of
    single acts. All are given the system that sent the records.
    """

    create: Callable[[Work, str, Sequence[tuple[UUID, I]]], Awaitable[None]] | None = None
    change: Callable[[Work, str, Sequence[tuple[UUID, I]]], Awaitable[Sequence[bool]]] | None = None
    prepare: Callable[[Work, str, Sequence[I]], Awaitable[None]] | None = None


async def upsert_one(
    work: Work, sent: Sent, item: Any, by: InBulk[Any], *, reads: Reads[Any] | None = None
) -> Upserted:
    """Upsert a record alone, by the acts that take over many."""

    async def create(ours: UUID) -> None:
        if by.create:
            await by.create(work, sent.system, [(ours, item)])

    async def change(ours: UUID) -> bool:
        return by.change is not None and (await by.change(work, sent.system, [(ours, item)]))[0]

    return await upsert(work, sent, create=create, change=change, reads=reads)


async def upsert_each(
    work: Work,
    request: BatchRequest,
    entity: type[Identified],
    items: Sequence[I],
    act: Callable[[Work, str, str, I], Awaitable[Upserted]],
    *,
    in_bulk: InBulk[I] | None = None,
    reads: Reads[Any] | None = None,
) -> BatchReply:
    """Upsert each item as if alone, in the order sent; a refused one leaves the others as they are.

    `reads` says which known records the actor may change; without it, all. Neighbours are written
    at once, as far as `in_bulk` can or nothing is to be done; of these the
    new ones are published first. Batches of one type from one system pass one at a time: their
    items may name the same records in different order, and side by side they would deadlock.
    """
    table: FromClause = entity.__table__  # type: ignore[attr-defined] # mapped
    entity_type = table.description
    await advisory_lock(work, f"batch:{entity_type}:{request.system}")
    known = await external.resolve_all(
        work.sql, entity_type, request.system, [item.external_id for item in items]
    )
    ours = {one.entity_id for one in known.values()}
    batch = _Batch(
        work,
        request.system,
        table,
        known,
        reads,
        set(await reads.changeable_ids(work, ours)) if reads else ours,
        Counter(item.external_id for item in items),
        act,
        in_bulk or InBulk(),
    )
    if in_bulk and in_bulk.prepare:
        await in_bulk.prepare(work, request.system, items)
    return await each_in_savepoint(
        work,
        items,
        batch.one,
        language=request.language,
        texts=request.texts,
        dry_run=request.dry_run,
        traces=request.traces,
        at_once=AtOnce(batch.fits, batch.several),
    )


async def versions_of(work: Work, table: FromClause, ids: Collection[UUID]) -> dict[UUID, Present]:
    """The versions that records of the table have now."""
    rows = await work.sql.fetch(
        f"select id, {version_columns(table)} from {table.description} where id = any($1::uuid[])",
        ids,
    )
    return {row["id"]: Present(**row) for row in rows}


@dataclass(frozen=True)
class _Batch(Generic[I]):
    """A batch being taken over; `known` are the links that were there when it came.

    `changeable` are the records of those that the actor may change; others go alone, refused.
    """

    work: Work
    system: str
    table: FromClause
    known: Mapping[str, external.External]
    reads: Reads[Any] | None
    changeable: Collection[UUID]
    times: Mapping[str, int]
    act: Callable[[Work, str, str, I], Awaitable[Upserted]]
    in_bulk: InBulk[I]

    async def one(self, item: I) -> tuple[Outcome, Present]:
        """Take over an item alone."""
        link = self.known.get(item.external_id)
        if self.reads and link and link.entity_id not in self.changeable:
            await self.reads.require_changeable(self.work, [link.entity_id], named=item.external_id)
        done = await self.act(self.work, self.system, item.external_id, item)
        return done.outcome, (await versions_of(self.work, self.table, [done.id]))[done.id]

    def fits(self, item: I, trace: Trace) -> bool:
        """Whether the item may be written together with its neighbours."""
        if self.times[item.external_id] > 1:
            return False
        link = self.known.get(item.external_id)
        if link is None:
            return self.in_bulk.create is not None
        if link.entity_id not in self.changeable:
            return False
        if not is_news(link, item.source_version, trace):
            return True
        step_max = source_version_step_max(self.work)
        near = not is_too_far(item.source_version, link.last_in(trace.history), step_max=step_max)
        return near and self.in_bulk.change is not None

    async def several(self, sent: Sequence[tuple[I, Trace]]) -> list[tuple[Outcome, Present]]:
        """Create what is new of the items, change what is newer, and leave the rest as it is."""
        done = await self._created([one for one in sent if one[0].external_id not in self.known])
        newer = [one for one in sent if self._is_news(*one)]
        others = await self._advanced(newer)
        done |= await self._changed([one for one in newer if one[0].external_id in others])
        same = {item.external_id for item, _ in newer} - others
        outcomes = [
            done.get(one.external_id) or self._left(one, trace, same) for one, trace in sent
        ]
        present = await versions_of(self.work, self.table, [one.id for one in outcomes])
        return [(one.outcome, present[one.id]) for one in outcomes]

    def _is_news(self, item: I, trace: Trace) -> bool:
        """Whether the item is known here, and to be looked at."""
        link = self.known.get(item.external_id)
        return link is not None and is_news(link, item.source_version, trace)

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
        await external.claim_all(self.work.sql, self.table.description, self.system, links)
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

    def _left(self, item: I, trace: Trace, same: Collection[str]) -> Upserted:
        link = self.known[item.external_id]
        if item.external_id in same:
            return Upserted("unchanged", link.entity_id)
        return unchanged(item.source_version, link, trace.history)


def batch_of(command: type[Command], one: str, many: str, *, most: int) -> type[BaseModel]:
    """The batch of a command: `UpsertPriceLists`, of items `UpsertPriceListItem` with their id."""
    item = create_model(
        f"{command.__name__}Item",
        __base__=command,
        __doc__=f"One {one} of a batch.",
        external_id=(ExternalId, ...),
    )
    return create_model(
        command.__name__.removesuffix(_class_name(one)) + _class_name(many),
        __base__=Command,
        __doc__=f"{many.capitalize()} as another system knows them.",
        items=(list[item], Field(min_length=1, max_length=most)),  # type: ignore[valid-type] # made just now
    )


def _class_name(text: str) -> str:
    return text.title().replace(" ", "")
