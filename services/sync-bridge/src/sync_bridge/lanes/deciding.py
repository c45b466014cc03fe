"""A person's decision on a review: recorded, and the lane that waits for it moves."""

from datetime import datetime
from typing import TYPE_CHECKING, cast
from uuid import UUID

from chassis.http.problems import NotFound
from sync_bridge.identity import service as identity
from sync_bridge.identity.errors import AnswerTookEffect
from sync_bridge.identity.schemas import Decide
from sync_bridge.identity.service import Review
from sync_bridge.lanes import pairing, queries

if TYPE_CHECKING:
    from chassis.storage.work import Work
    from sync_bridge.ownership import Half

__all__ = ["decide"]


async def decide(work: "Work", review_id: UUID, command: Decide, *, revision: int) -> Review:
    """Answer a review; the next try of its lane goes by the answer (B52).

    An answer may be changed until it took effect, and again once its link was ended.
    Raises NotFound, StaleRevision, ReviewClosed, NotACandidate, AnswerTookEffect, LaneMoving,
    NothingToCarry.
    """
    review = await identity.review_for_update(work, review_id)
    if review is None:
        raise NotFound(entity="review", id=review_id)
    review.check_revision(revision)
    entity, half, subject = review.entity, cast("Half", review.half), review.subject
    anew = review.state != "open"
    if anew and await identity.acquaintances(work, entity, half, [subject]):
        raise AnswerTookEffect(entity=entity, half=half, subject=subject)
    need = identity.review_need(entity, half, subject)
    await identity.lock_needs(work, [need])
    lane = pairing.lane_of(entity, half, subject)
    if anew:
        await pairing.must_stand_still(work, [lane])
    _answer(review, command, by=work.actor.reference, at=work.now)
    pairing.keep_acts(work, [lane], act=command.decision, note=command.note)
    await work.flush()
    if anew:
        await pairing.carry_again(work, entity, half, subject)
    await queries.wake(work.sql, [need])
    return review


def _answer(review: Review, command: Decide, *, by: str, at: datetime) -> None:
    if command.candidate is not None:
        review.link(command.candidate, by=by, at=at, note=command.note)
    elif command.decision == "create":
        review.create(by=by, at=at, note=command.note)
    else:
        review.keep_apart(by=by, at=at, note=command.note)
