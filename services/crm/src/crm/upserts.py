"""Upserts by another system's id: the one way in which foreign records enter and stay current.

The link is made before the record, so however often and however concurrently a record is sent,
it becomes one of ours. A version that is not newer than the last one taken changes nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Request, Response, status

from chassis.http.batch import BatchReply, DryRun, ItemTraces, Outcome, each_in_savepoint
from chassis.http.dependencies import Language
from chassis.http.problems import FieldError, InvalidInput
from chassis.http.texts import Texts
from chassis.ids import uuid7
from chassis.storage import external
from chassis.storage.work import Work
from chassis.telemetry.trace import Trace
from crm.fields import Facts, System
from crm.lines import stand_in_line

__all__ = [
    "UPSERTED",
    "InBatch",
    "Sent",
    "Upserted",
    "reply_outcome",
    "required",
    "upsert",
    "upsert_each",
]

_OUTCOME = {
    "Tandem-Outcome": {
        "description": "created, updated, unchanged or stale.",
        "schema": {"type": "string"},
    }
}
UPSERTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Taken over, or nothing to do.", "headers": _OUTCOME},
    201: {"description": "New here.", "headers": _OUTCOME},
}
"""What an upsert may answer, for its route's `responses`."""


class Item(Protocol):
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
    """A foreign record: what it is here, where it comes from, and which version was sent."""

    entity_type: str
    system: str
    external_id: str
    source_version: int


async def upsert(
    work: Work,
    sent: Sent,
    *,
    create: Callable[[UUID], Awaitable[object]],
    change: Callable[[UUID], Awaitable[object]],
) -> Upserted:
    """Create the record at first sight, change it by a newer version, else leave it alone.

    `change` returns whether anything changed. Both may refuse with a problem.
    """
    key = (sent.entity_type, sent.system, sent.external_id)
    known = await external.resolve(work.sql, *key)
    if known is None:
        ours = uuid7()
        version = sent.source_version
        await external.claim(work.sql, *key, entity_id=ours, source_version=version)
        await create(ours)
        return Upserted("created", ours)
    if sent.source_version <= known.source_version:
        seen = sent.source_version == known.source_version
        return Upserted("unchanged" if seen else "stale", known.entity_id)
    await external.advance(work.sql, known, sent.source_version)
    changed = await change(known.entity_id)
    return Upserted("updated" if changed else "unchanged", known.entity_id)


@dataclass(frozen=True)
class BatchAsked:
    """How a batch was sent: from which system, in earnest or as a dry run, in which language."""

    system: str
    dry_run: bool
    language: str
    texts: Texts
    traces: Sequence[Trace]


async def batch_asked(
    request: Request,
    system: System,
    language: Language,
    item_traces: ItemTraces = None,
    *,
    dry_run: DryRun = False,
) -> BatchAsked:
    """How the batch at hand was sent."""
    texts, traces = request.app.state.texts, Trace.of_items(item_traces)
    return BatchAsked(system, dry_run, language, texts, traces)


InBatch = Annotated[BatchAsked, Depends(batch_asked)]


@dataclass(frozen=True)
class Present:
    """A record and the version it has now."""

    id: UUID
    version: int


async def upsert_each(
    work: Work,
    asked: BatchAsked,
    entity_type: str,
    items: Sequence[I],
    act: Callable[[Work, str, str, I], Awaitable[Upserted]],
) -> BatchReply:
    """Upsert each item alone, in the order sent; a refused one leaves the others as they are.

    Batches of one kind from one system pass one at a time: their items may name the same
    records in different order, and side by side they would deadlock.
    """
    await stand_in_line(work, f"batch:{entity_type}:{asked.system}")

    async def one(item: I) -> tuple[Outcome, Present]:
        done = await act(work, asked.system, item.external_id, item)
        version = await work.sql.fetchval(
            f"select version from {entity_type} where id = $1", done.id
        )
        return done.outcome, Present(done.id, version)

    return await each_in_savepoint(
        work,
        items,
        one,
        language=asked.language,
        texts=asked.texts,
        dry_run=asked.dry_run,
        traces=asked.traces,
    )


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
