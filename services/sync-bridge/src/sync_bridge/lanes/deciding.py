"""A person's decision on a review: recorded, and the lane that waits for it moves."""

from datetime import datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

from chassis.problems.standard import NotFound
from sync_bridge.identity import service as identity
from sync_bridge.identity.errors import AnswerTookEffect, PairTaken, RecordLinked
from sync_bridge.identity.schemas import Decide
from sync_bridge.identity.service import Review
from sync_bridge.lanes import pairing, queries
from sync_bridge.ownership import other
from sync_bridge.states import ReviewState

if TYPE_CHECKING:
    from chassis.work.unit_of_work import Work
    from sync_bridge.ownership import Half

__all__ = ["decide"]


async def decide(work: "Work", review_id: UUID, command: Decide, *, revision: int) -> Review:
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
    lane = pairing.lane_of(entity, half, subject)
    if anew:
        await pairing.lock_idle_lanes(work, [lane])
    _answer(review, command, by=work.actor.reference, at=work.now)
    pairing.log_acts(work, [lane], act=command.decision, note=command.note)
    await work.flush()
    if anew:
        await pairing.redeliver(work, entity, half, subject)
    await queries.wake(work.sql, [need])
    return review


async def _require_unlinked(
    work: "Work", entity: str, half: "Half", subject: UUID, candidate: UUID | None
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
