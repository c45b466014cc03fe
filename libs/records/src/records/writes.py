"""The one way in which records are written: created, changed, archived, linked, taken over."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel

from chassis.http.batch import BatchReply
from chassis.ids import uuid7
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.storage.base import PartlyEdited
from chassis.storage.source_versions import PROTOCOL
from chassis.work.locking import lock_all
from chassis.work.unit_of_work import Work
from records import links
from records.batches import InBulk, Item, upsert_each, upsert_one
from records.conflicts import require_revision
from records.custom_writes import keep_order, lay_custom_values
from records.entities import Record, Values
from records.history import keep_change, keep_first_values, keep_link
from records.links import ExternalRef, LinkExternal, linked
from records.reads import View
from records.redirects import RecordMerged, winner_of
from records.senders import BatchRequest
from records.types import Change, RecordType
from records.upserts import Sent, Upserted, require

__all__ = [
    "change",
    "create",
    "create_all",
    "given_values",
    "link",
    "lock_visible",
    "put",
    "unlink",
    "upsert",
    "upsert_batch",
    "upsert_of",
    "write",
]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)


def given_values(command: BaseModel) -> dict[str, Any]:
    """The values of the fields that were given; how the record was sent is none of them."""
    return {name: getattr(command, name) for name in command.model_fields_set - PROTOCOL}


async def lock_visible(
    work: Work, kind: RecordType[E, V], ids: Collection[UUID]
) -> Mapping[UUID, E]:
    """The records by id, locked until the act ends.

    Raises NotFound, also for one that the actor may not see: it learns nothing of its version.
    Raises Forbidden for one that it may see but not change, RecordMerged for one that was merged.
    """
    try:
        found = await (kind.lock(work, ids) if kind.lock else lock_all(work, kind.entity, ids))
    except NotFound as missing:
        raise await _merged_or(work, kind, missing) from missing
    await kind.reads.require_changeable(work, ids)
    return found


async def _require_unmerged(work: Work, kind: RecordType[E, V], record_id: UUID) -> None:
    """Raise RecordMerged where it was merged: nothing new is kept under its id."""
    missing = NotFound(entity=kind.name, id=record_id)
    found = await _merged_or(work, kind, missing)
    if found is not missing:
        raise found


async def _merged_or(work: Work, kind: RecordType[E, V], missing: NotFound) -> Problem:
    """The problem that the record was merged, where the actor may see into which; else as it is."""
    record_id = missing.facts["id"]
    into = await winner_of(work, kind.name, record_id) if kind.merging else None
    if into is None or not await kind.reads.found_ids(work, [into]):
        return missing
    return RecordMerged(entity=kind.name, id=record_id, into_id=into)


async def create(work: Work, kind: RecordType[E, V], command: BaseModel) -> UUID:
    """Make a record. Raises what the type's steps raise."""
    record_id = uuid7()
    await create_all(work, kind, [(record_id, given_values(command))])
    return record_id


async def change(
    work: Work, kind: RecordType[E, V], record_id: UUID, command: BaseModel, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, and what the type's steps raise.
    """
    record = (await lock_visible(work, kind, [record_id]))[record_id]
    await require_revision(work, kind, record, command, revision=revision)
    await write(work, kind, [Change(record, given_values(command))])


async def put(work: Work, kind: RecordType[E, V], record_id: UUID, values: Values) -> None:
    """Set the values, whatever they are now: archived, restored.

    Raises NotFound, and what the type's steps raise.
    """
    record = (await lock_visible(work, kind, [record_id]))[record_id]
    await write(work, kind, [Change(record, values)])


async def link(work: Work, kind: RecordType[E, V], record_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system it is. Raises NotFound, AlreadyLinked, SystemReserved.

    A change that is under way ends first: from the link on another system may lead in some fields.
    """
    await kind.reads.require_changeable(work, [record_id])
    await _require_unmerged(work, kind, record_id)
    made = await links.link(work, kind.name, record_id, command)
    found = await lock_visible(work, kind, [record_id])
    if made:
        keep_link(work, kind.name, found[record_id], made=made)


async def unlink(work: Work, kind: RecordType[E, V], record_id: UUID, gone: ExternalRef) -> None:
    """Forget which record of another system it is. Raises NotFound.

    All that the other system led in is ours to change again.
    """
    await kind.reads.require_changeable(work, [record_id])
    ended = await links.unlink(work, kind.name, record_id, gone)
    found = await lock_visible(work, kind, [record_id])
    if ended:
        keep_link(work, kind.name, found[record_id], ended=gone)


async def upsert(
    work: Work, kind: RecordType[E, V], system: str, external_id: str, command: Any
) -> Upserted:
    """Take over a record as another system knows it; only a newer version changes it.

    Raises VersionTooFar, InvalidInput (a new one without what is required), and what the type's
    steps raise.
    """
    sent = Sent(kind.name, system, external_id, command)
    by = _in_bulk(kind, external_id)
    return await upsert_one(work, sent, command, by, reads=kind.reads)


async def upsert_batch(
    work: Work, kind: RecordType[E, V], request: BatchRequest, items: Sequence[Item]
) -> BatchReply:
    """Take over many records, each judged alone."""
    in_bulk = _in_bulk(kind) if kind.in_bulk else InBulk()
    in_bulk = replace(in_bulk, prepare=kind.lock_batch)
    return await upsert_each(
        work, request, kind.entity, items, upsert_of(kind), in_bulk=in_bulk, reads=kind.reads
    )


def upsert_of(kind: RecordType[E, V]) -> Callable[[Work, str, str, Any], Awaitable[Upserted]]:
    """`upsert` of this type: what is called with the work, system, external id and command."""

    async def act(work: Work, system: str, external_id: str, command: Any) -> Upserted:
        return await upsert(work, kind, system, external_id, command)

    return act


def _in_bulk(kind: RecordType[E, V], external_id: str = "") -> InBulk[Any]:
    """How many are taken over; `external_id`: of one sent alone, items of batches have theirs."""

    async def make(work: Work, system: str, sent: Sequence[tuple[UUID, Any]]) -> None:
        new = [(one, require(given_values(command), *kind.required)) for one, command in sent]
        ids = [external_id or command.external_id for _, command in sent]
        links = [ExternalRef(system=system, external_id=one) for one in ids]
        await create_all(work, kind, new, sender=system, links=links)

    async def alter(work: Work, system: str, sent: Sequence[tuple[UUID, Any]]) -> list[bool]:
        found = await lock_visible(work, kind, [one for one, _ in sent])
        changes = [Change(found[one], given_values(command)) for one, command in sent]
        return await write(work, kind, changes, sender=system)

    return InBulk(create=make, change=alter)


async def create_all(
    work: Work,
    kind: RecordType[E, V],
    new: Sequence[tuple[UUID, Values]],
    *,
    sender: str | None = None,
    links: Sequence[ExternalRef | None] = (None,),
) -> None:
    """Make records under the ids given, all or none of them."""
    make: Callable[..., E] = kind.entity
    times = {"created_at": work.now, "updated_at": work.now}
    defaults = await kind.defaults(work, len(new))
    changes = [
        Change(make(id=record_id, **times, **own), values, is_new=True, link=link)
        for (record_id, values), own, link in zip(new, defaults, links, strict=True)
    ]
    await write(work, kind, changes, sender=sender)


async def write(
    work: Work,
    kind: RecordType[E, V],
    changes: Sequence[Change[E]],
    *,
    sender: str | None = None,
) -> list[bool]:
    """Whether each of the locked or new records changed; then it is one version and one event more.

    The order of the steps stands at `RecordType`.
    """
    fields = await lay_custom_values(work, kind, changes) if kind.has_custom_fields else None
    found = await kind.look_up(work, changes, sender)
    for one, values in zip(changes, found, strict=True):
        one.values = values
        prepared = await kind.prepare(work, one, sender)
        custom = {} if one.custom is None else {"custom": one.custom}
        before = one.record.apply({**prepared, **custom})
        one.before = {} if one.is_new else before
    changed = [one for one in changes if one.is_any]
    if changed:
        await _require_led_here(work, kind, changed, sender)
        await kind.check(work, changed, sender)
        _count(work, kind, changed, sender)
        await work.flush()
        for one in changed:
            _keep(work, kind, one)
        if fields:
            keep_order(work, fields, changed)
        await kind.publish(work, changed)
    return [one.is_any for one in changes]


def _keep(work: Work, kind: RecordType[E, V], change: Change[E]) -> None:
    """Keep in the history what the change was."""
    if change.is_new:
        keep_first_values(work, kind.name, change.record, kind.kept_fields, change.link)
    else:
        keep_change(work, kind.name, change.record, change.before)


async def _require_led_here(
    work: Work, kind: RecordType[E, V], changed: Sequence[Change[E]], sender: str | None
) -> None:
    """Raise the leader's refusal where a field changed in which the linked leader leads."""
    leader = kind.leader
    if leader is None or sender == leader.system:
        return
    led = {
        one.record.id: fields
        for one in changed
        if (fields := [name for name in one.before if name in leader.fields])
    }
    for record_id in await linked(work, kind.name, led.keys(), system=leader.system):
        raise leader.refusal(fields=", ".join(led[record_id]), entity=kind.name)


def _count(
    work: Work, kind: RecordType[E, V], changed: Sequence[Change[E]], sender: str | None
) -> None:
    """Count a version of each; what is copied from elsewhere leaves the ETag as it is."""
    work.session.add_all([one.record for one in changed if one.is_new])
    for one in changed:
        if one.is_new:
            continue
        if kind.leader:
            copied = kind.leader.copied(sender).issuperset(one.before)
            cast("PartlyEdited", one.record).touch(work.now, edited=not copied)
        else:
            one.record.touch(work.now)
