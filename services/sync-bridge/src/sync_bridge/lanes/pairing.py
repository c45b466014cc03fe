"""What a person does to links: end one, make one. Each act is kept, with who and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.telemetry.trace import Trace
from chassis.work.unit_of_work import Work
from sync_bridge.flows import CUSTOMER, ENTITIES
from sync_bridge.identity import service as identity
from sync_bridge.identity.errors import AnswerTookEffect, NotUnlinked, PairTaken, RecordLinked
from sync_bridge.identity.schemas import Decide, LinkByHand
from sync_bridge.identity.service import Review
from sync_bridge.lanes import queries
from sync_bridge.lanes.calls import Halves
from sync_bridge.lanes.errors import LaneMoving, NothingToCarry
from sync_bridge.lanes.models import LaneAct
from sync_bridge.ownership import Half, other
from sync_bridge.settings import BridgeSettings
from sync_bridge.states import ReviewState
from sync_bridge.targets import HttpTarget, path

__all__ = ["UNLINK", "decide", "forget_links", "link", "redeliver", "unlink", "unlink_halves"]

UNLINK = "pairs.unlink"
DONE = (200, 204, 404, 410)
"""Answers after which the half has no such link: also that it has no such record."""


class StillLinked(Exception):
    """A half did not forget a link; the job is tried again."""


async def unlink(work: Work, pair_id: UUID, *, note: str) -> None:
    """End a link. Both records stay; neither is linked or made again by the bridge itself.

    The halves forget each other's ids by a job, so that it happens however often it must be tried.
    Raises NotFound, NotUnlinked, LaneMoving.
    """
    pair = await identity.pair_for_update(work, pair_id)
    if pair is None:
        raise NotFound(entity="mapping", id=pair_id)
    if pair.entity != CUSTOMER.name:
        raise NotUnlinked(entity=pair.entity)
    lanes = [lane_of(pair.entity, "crm", pair.crm_id), lane_of(pair.entity, "erp", pair.erp_id)]
    await lock_idle_lanes(work, lanes)
    work.session.expunge(pair)
    await identity.end_pair(work, pair, note=note)
    log_acts(work, lanes, act="unlink", note=note)
    ids = {"pair_id": pair.id, "crm_id": pair.crm_id, "erp_id": pair.erp_id}
    payload = {"entity": pair.entity} | {name: str(one) for name, one in ids.items()}
    work.enqueue(UNLINK, payload)


async def link(work: Work, command: LinkByHand) -> Review:
    """Say that two records are the same; they are linked when the answer is delivered.

    Raises PairTaken, LaneMoving, NothingToCarry.
    """
    entity, crm_id, erp_id = command.type, command.crm_id, command.erp_id
    if await identity.paired(work, entity, crm_id=crm_id, erp_id=erp_id):
        raise PairTaken(entity=entity, crm_id=crm_id, erp_id=erp_id)
    sides: tuple[tuple[Half, UUID, UUID], ...] = (("crm", crm_id, erp_id), ("erp", erp_id, crm_id))
    lanes = [lane_of(entity, half, subject) for half, subject, _ in sides]
    await lock_idle_lanes(work, lanes)
    moved = [
        await queries.redeliver(work.sql, lane, subject)
        for lane, (_, subject, _) in zip(lanes, sides, strict=True)
    ]
    if not any(moved):
        raise NothingToCarry(lanes=", ".join(lanes))
    log_acts(work, lanes, act="link", note=command.note)
    answers = [
        await identity.answer_link(work, entity, half, subject, twin, note=command.note)
        for half, subject, twin in sides
    ]
    return answers[0]


async def redeliver(work: Work, entity: str, half: Half, subject: UUID) -> None:
    """Let the record's newest event be delivered once more. Raises NothingToCarry."""
    lane = lane_of(entity, half, subject)
    if not await queries.redeliver(work.sql, lane, subject):
        raise NothingToCarry(lanes=lane)


async def lock_idle_lanes(work: Work, lanes: Sequence[str]) -> None:
    """Lock the lanes, in key order, until the act ends. Raises LaneMoving."""
    for key in await queries.lock_unleased(work.sql, sorted(lanes)):
        raise LaneMoving(lane=key)


def lane_of(entity: str, half: Half, subject: UUID) -> str:
    """The lane of the record's own events."""
    return f"{half}.{entity}:{subject}"


def log_acts(work: Work, lanes: Sequence[str], *, act: str, note: str) -> None:
    """Note who did it, and why."""
    for lane in lanes:
        work.session.add(
            LaneAct(
                id=uuid7(),
                lane=lane,
                act=act,
                actor=work.actor.reference,
                note=note,
                reason=None,
                at=work.now,
            )
        )


async def unlink_halves(work: Work, payload: Mapping[str, Any]) -> None:  # noqa: ARG001
    """Let both halves forget a link. Raises StillLinked, Unreachable: then it is tried again."""
    settings = BridgeSettings()
    crm, erp = HttpTarget.of(settings, "crm"), HttpTarget.of(settings, "erp")
    if crm is None or erp is None:
        return
    try:
        await forget_links({"crm": crm, "erp": erp}, payload)
    finally:
        await crm.close()
        await erp.close()


async def forget_links(halves: Halves, payload: Mapping[str, Any]) -> None:
    """Let both halves forget each other's id of a pair that ended. Safe to repeat."""
    entity = ENTITIES[payload["entity"]]
    ids: dict[Half, str] = {"crm": payload["crm_id"], "erp": payload["erp_id"]}
    for half, mine in ids.items():
        theirs = other(half)
        where = path(entity.path_in(half), mine, "external-refs", theirs, ids[theirs])
        key = f"unlink:{payload.get('pair_id', '')}:{ids['crm']}:{ids['erp']}"
        answer = await halves[half].delete(where, trace=Trace.new(), key=key)
        if answer.status not in DONE:
            message = f"{half} answered {answer.status} {answer.code}"
            raise StillLinked(message)


async def decide(work: Work, review_id: UUID, command: Decide, *, revision: int) -> Review:
    """Answer a review; the next try of its lane goes by the answer (B52).

    An answer may be changed until it took effect, and again once its link was ended.
    Raises NotFound, StaleRevision, ReviewClosed, NotACandidate, AnswerTookEffect, RecordLinked,
    PairTaken, LaneMoving, NothingToCarry.
    """
    review = await identity.review_for_update(work, review_id)
    if review is None:
        raise NotFound(entity="review", id=review_id)
    review.check_revision(revision)
    entity, half, subject = review.entity, cast("Half", review.half), review.subject
    anew = review.state != ReviewState.OPEN
    if await identity.linked_records(work, entity, half, [subject]):
        if anew:
            raise AnswerTookEffect(entity=entity, half=half, subject=subject)
        if command.decision != "create":
            raise RecordLinked(entity=entity, half=half, subject=subject)
    await _require_unlinked(work, entity, half, subject, command.candidate)
    need = identity.review_need(entity, half, subject)
    await identity.lock_needs(work, [need])
    lane = lane_of(entity, half, subject)
    if anew:
        await lock_idle_lanes(work, [lane])
    _answer(review, command, by=work.actor.reference, at=work.now)
    log_acts(work, [lane], act=command.decision, note=command.note)
    await work.flush()
    if anew:
        await redeliver(work, entity, half, subject)
    await queries.wake(work.sql, [need])
    return review


async def _require_unlinked(
    work: Work, entity: str, half: Half, subject: UUID, candidate: UUID | None
) -> None:
    """Raises PairTaken for a candidate that is linked to another record."""
    if candidate is None:
        return
    if await identity.linked_records(work, entity, other(half), [candidate]):
        crm_id, erp_id = (subject, candidate) if half == "crm" else (candidate, subject)
        raise PairTaken(entity=entity, crm_id=crm_id, erp_id=erp_id)


def _answer(review: Review, command: Decide, *, by: str, at: datetime) -> None:
    if command.candidate is not None:
        review.link(command.candidate, by=by, at=at, note=command.note)
    elif command.decision == "create":
        review.create(by=by, at=at, note=command.note)
    else:
        review.keep_apart(by=by, at=at, note=command.note)
