"""The acts of identity: who is whom, made once, and told to those who wait for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from sync_bridge.flows import Need
from sync_bridge.identity import queries
from sync_bridge.identity.matching import (
    Candidate,
)
from sync_bridge.identity.models import Pair, Review
from sync_bridge.ownership import Half, other
from sync_bridge.states import LinkOrigin, ReviewState

__all__ = [
    "Creation",
    "Decision",
    "FoundPair",
    "LinkedRecord",
    "Pair",
    "Review",
    "answer_link",
    "begin_creations",
    "creations",
    "decisions",
    "drop_creations",
    "end_pair",
    "forget_pairs",
    "linked_records",
    "lock_needs",
    "needs_of_pair",
    "open_review",
    "pair_for_update",
    "paired",
    "record_pairs",
    "review_across",
    "review_need",
    "twins_of",
    "withdraw_review",
]


@dataclass(frozen=True)
class LinkedRecord:
    """A record's twin, and the hash of what the other half holds of it; None: never sent."""

    twin: UUID
    digest: bytes | None


@dataclass(frozen=True)
class Decision:
    """What a person decided: that record is the twin, or (None) a new one is to be made.

    `apart`: neither; the record stays without a twin until a person says otherwise.
    """

    twin: UUID | None
    apart: bool = False


@dataclass(frozen=True)
class Creation:
    """A twin that is being made: the record it is made of, and what is put across.

    `event_id` is the event that led to it.
    """

    half: Half
    id: UUID
    event_id: UUID
    history: int
    version: int
    body: Mapping[str, Any]


@dataclass(frozen=True)
class FoundPair:
    """A pair that was seen or made, and how it is known.

    `replaces`: it takes the place of a pair that one of the two was in, because the other record of
    that is lost.
    """

    entity: str
    crm_id: UUID
    erp_id: UUID
    how: LinkOrigin
    replaces: bool = False

    @classmethod
    def of(
        cls,
        entity: str,
        half: Half,
        subject: UUID,
        twin: UUID,
        how: LinkOrigin,
        *,
        replaces: bool = False,
    ) -> "FoundPair":
        """The pair of a half's record and its twin across."""
        crm_id, erp_id = (subject, twin) if half == "crm" else (twin, subject)
        return cls(entity, crm_id, erp_id, how, replaces)


async def linked_records(
    reading: Reading, entity: str, half: Half, subjects: Sequence[UUID]
) -> dict[UUID, LinkedRecord]:
    """The twins of a half's records, as far as they are known."""
    rows = await queries.known(reading.sql, entity, half, subjects)
    return {row["subject"]: LinkedRecord(row["twin"], row["digest"]) for row in rows}


async def twins_of(reading: Reading, needs: Sequence[Need]) -> Mapping[tuple[str, UUID], UUID]:
    """The twins of the needed records, as far as they are across."""
    return await queries.twins_of(reading.sql, needs) if needs else {}


async def decisions(
    reading: Reading, entity: str, half: Half, subjects: Sequence[UUID]
) -> dict[UUID, Decision]:
    """What persons decided on the records, as far as they were asked."""
    if not subjects:
        return {}
    rows = await queries.decided(reading.sql, entity, half, subjects)
    return {row["subject"]: Decision(row["chosen"], row["apart"]) for row in rows}


async def creations(
    reading: Reading,
    entity: str,
    half: Half,
    ids: Sequence[UUID],
    *,
    causes: Sequence[UUID] = (),
) -> list[Creation]:
    """Twins that are being made of those records of the half, or because of those events."""
    rows = await queries.creations(reading.sql, entity, half, ids, causes)
    return [
        Creation(
            row["half"],
            row["id"],
            row["event_id"],
            row["history"],
            row["version"],
            orjson.loads(row["body"]),
        )
        for row in rows
    ]


async def begin_creations(work: Work, entity: str, half: Half, new: Sequence[Creation]) -> None:
    """Keep, before it is done, what is put across of records whose twins are made now."""
    kept = [(one.id, one.event_id, one.history, one.version, one.body) for one in new]
    await queries.insert_creations(work.sql, entity, half, kept)


async def drop_creations(work: Work, entity: str, half: Half, ids: Sequence[UUID]) -> None:
    """Forget twins that the other half refused: the next try begins anew."""
    await queries.delete_creations(work.sql, entity, half, ids)


def needs_of_pair(pairs: FoundPair) -> list[str]:
    """What lanes wait for that this pair brings."""
    return [
        str(Need(pairs.entity, "crm", pairs.crm_id)),
        str(Need(pairs.entity, "erp", pairs.erp_id)),
        review_need(pairs.entity, "crm", pairs.crm_id),
        review_need(pairs.entity, "erp", pairs.erp_id),
    ]


def review_need(entity: str, half: str, subject: UUID) -> str:
    """What a lane waits for whose record is under review."""
    return f"review {entity} {half}:{subject}"


async def lock_needs(work: Work, needs: Sequence[str]) -> None:
    """Lock, until the transaction ends, what lanes wait for (B54)."""
    await queries.lock_needs(work.sql, needs)


async def record_pairs(work: Work, pairs: Sequence[FoundPair]) -> tuple[set[FoundPair], list[str]]:
    """Join records; the pairs of which one is joined to another record, and what lanes wait for.

    An open question about one of the joined is answered by it; a question that names one of them
    as a candidate is to be looked at again (B51).
    """
    replaced = [(one.entity, one.crm_id, one.erp_id) for one in pairs if one.replaces]
    if replaced:
        await queries.delete_replaced(work.sql, replaced)
    joined = await queries.insert_pairs(
        work.sql, [(one.entity, one.crm_id, one.erp_id, one.how) for one in pairs]
    )
    conflicting = {one for one in pairs if (one.entity, one.crm_id, one.erp_id) not in joined}
    affected = await queries.withdraw_reviews(work.sql, sorted(joined)) if joined else []
    return conflicting, [review_need(*one) for one in affected]


async def review_across(
    work: Work, entity: str, half: Half, subject: UUID, candidates: Sequence[Candidate]
) -> UUID | None:
    """The candidate of whom a person is asked already whether this record is its twin.

    One question is enough for two records, whichever of them was seen first. It stands until the
    answer took effect.
    """
    ids = [one.id for one in candidates]
    return await queries.review_naming(work.sql, entity, other(half), ids, candidate=subject)


async def open_review(
    work: Work, entity: str, half: Half, subject: UUID, candidates: Sequence[Candidate]
) -> UUID:
    """Ask a person which of the candidates is the twin; the id of the review (B52)."""
    plain: list[dict[str, Any]] = [one.plain() for one in candidates]
    return await queries.open_review(work.sql, entity, half, subject, plain)


async def withdraw_review(work: Work, entity: str, half: str, subject: UUID) -> None:
    """Close the open question about a record, if there is one."""
    await queries.withdraw_review(work.sql, entity, half, subject)


async def review_for_update(work: Work, review_id: UUID) -> Review | None:
    """The review, its row locked until the act ends."""
    return await work.session.get(Review, review_id, with_for_update=True)


async def pair_for_update(work: Work, pair_id: UUID) -> Pair | None:
    """The pair, its row locked until the act ends."""
    return await work.session.get(Pair, pair_id, with_for_update=True)


async def end_pair(work: Work, pair: Pair, *, note: str) -> None:
    """End a pair; both records stay without a twin until a person says otherwise."""
    await queries.delete_pair(work.sql, pair.id)
    for half, subject, twin in (
        ("crm", pair.crm_id, pair.erp_id),
        ("erp", pair.erp_id, pair.crm_id),
    ):
        review = _review_by_person(work, pair.entity, half, subject, twin)
        review.keep_apart(by=work.actor.reference, at=work.now, note=note)
        work.session.add(review)
    await work.flush()


async def forget_pairs(
    work: Work, entity: str, pairs: Sequence[tuple[UUID, UUID]], *, copies: Sequence[str]
) -> set[tuple[UUID, UUID]]:
    """Forget pairs (CRM id, ERP id) of which a half has lost its record; those that there were.

    The record that is left is without a twin, as if it had never been seen; nobody is asked.
    """
    return await queries.forget_pairs(work.sql, entity, pairs, copies=copies)


async def answer_link(
    work: Work, entity: str, half: Half, subject: UUID, twin: UUID, *, note: str
) -> Review:
    """Say which record is the twin, as if it had been asked."""
    review = _review_by_person(work, entity, half, subject, twin)
    review.link(twin, by=work.actor.reference, at=work.now, note=note)
    work.session.add(review)
    await work.flush()
    return review


async def paired(work: Work, entity: str, *, crm_id: UUID, erp_id: UUID) -> bool:
    """Whether one of the two has a twin."""
    return await queries.paired(work.sql, entity, crm_id=crm_id, erp_id=erp_id)


def _review_by_person(work: Work, entity: str, half: str, subject: UUID, twin: UUID) -> Review:
    """A question that nobody asked, for the answer that a person gives by itself."""
    candidate = Candidate(twin, "", "person", None)
    return Review(
        id=uuid7(),
        entity=entity,
        half=half,
        subject=subject,
        candidates=[candidate.plain()],
        state=ReviewState.OPEN,
        version=1,
        created_at=work.now,
        updated_at=work.now,
    )
