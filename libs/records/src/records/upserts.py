"""Upserts by another system's id: the one way in which foreign records enter and stay current.

The link is made before the record, so however often and however concurrently a record is sent,
it becomes one of ours. A version that is not newer than the last one taken changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from fastapi import Response, status

from chassis.http.batch import Outcome
from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage import external
from chassis.storage.source_versions import Versioned, digest, require_near
from chassis.telemetry.trace import Trace
from chassis.work.unit_of_work import Work
from records.reads import Reads
from records.settings import source_version_step_max

__all__ = [
    "OUTCOMES",
    "REFUSED",
    "UPSERTED",
    "UPSERTED_PART",
    "Sent",
    "Upserted",
    "is_news",
    "reply_outcome",
    "require",
    "unchanged",
    "upsert",
]

_OUTCOME = {
    "Tandem-Outcome": {
        "description": "created, updated, unchanged, stale, or refused: the record is as it was, "
        "and tells why.",
        "schema": {"type": "string"},
    }
}
UPSERTED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Taken over, or nothing to do.", "headers": _OUTCOME},
    201: {"description": "New here.", "headers": _OUTCOME},
}
"""What an upsert may answer, for its route's `responses`."""

UPSERTED_PART: dict[int | str, dict[str, Any]] = {200: UPSERTED[200]}
"""The same of what is kept with a record and makes none of its own."""

REFUSED: Literal["refused"] = "refused"
"""A change that was not taken, and of which the record itself tells why."""

OUTCOMES: Mapping[int, Outcome] = {1: "updated", 0: "unchanged", -1: "stale"}
"""What becomes of a version that was sent, by how it compares with the one that is known."""


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


async def upsert(
    work: Work,
    sent: Sent,
    *,
    create: Callable[[UUID], Awaitable[object]],
    change: Callable[[UUID], Awaitable[object]],
    repeat: Callable[[UUID], Awaitable[object]] | None = None,
    reads: Reads[Any] | None = None,
) -> Upserted:
    """Create the record at first sight, change it by a newer version, else leave it alone.

    A newer version that says what the last one said changes nothing; `repeat` is called then. Where
    the two are to be level, the record itself is looked at. `change` returns whether anything
    changed, or REFUSED where the record tells that it did not take the change. All may refuse with
    a problem. Raises VersionTooFar; by the `reads` of the record NotFound or Forbidden, before
    its version is looked at.
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
    if reads:
        await reads.require_changeable(work, [known.entity_id], named=sent.external_id)
    if not is_news(known, version, work.trace):
        return unchanged(version, known, history)
    require_near(version, known.last_in(history), step_max=source_version_step_max(work))
    await external.advance(work.sql, known, version, content, history=history)
    changed: object = False
    if work.trace.level or content != known.content:
        changed = await change(known.entity_id)
    elif repeat is not None:
        await repeat(known.entity_id)
    if changed == REFUSED:
        return Upserted(REFUSED, known.entity_id)
    return Upserted("updated" if changed else "unchanged", known.entity_id)


def is_news(known: external.External, version: int, trace: Trace) -> bool:
    """Whether the version is to be looked at: a newer one, or the last one, to be level with it."""
    age = known.age_of(version, trace.history)
    return age > 0 or (trace.level and age == 0)


def unchanged(version: int, known: external.External, history: int | None) -> Upserted:
    """What became of a version that is no news: the last one taken, or one before it."""
    return Upserted(OUTCOMES[known.age_of(version, history)], known.entity_id)


def require(values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The values, if none of the named ones is missing: what a record must have that is new here.

    Raises InvalidInput naming each one that is missing.
    """
    missing = [name for name in names if values.get(name) is None]
    if missing:
        raise InvalidInput(
            errors=[
                FieldError(f"/{name}", "missing", "Needed when the record is new here.")
                for name in missing
            ]
        )
    return values


def reply_outcome(response: Response, done: Upserted) -> None:
    """Put the outcome on the reply: 201 when the record is new, and the header always."""
    response.headers["Tandem-Outcome"] = done.outcome
    if done.outcome == "created":
        response.status_code = status.HTTP_201_CREATED
