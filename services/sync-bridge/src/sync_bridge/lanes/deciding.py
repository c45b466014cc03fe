"""A person's decision on a review: recorded, and the lane that waits for it moves."""

from typing import TYPE_CHECKING
from uuid import UUID

from chassis.http.problems import NotFound
from sync_bridge.identity import service as identity
from sync_bridge.identity.schemas import Decide
from sync_bridge.identity.service import Review
from sync_bridge.lanes import queries

if TYPE_CHECKING:
    from chassis.storage.work import Work

__all__ = ["decide"]


async def decide(work: "Work", review_id: UUID, command: Decide, *, revision: int) -> Review:
    """Answer a review; the next try of its lane goes by the answer (B52).

    Raises NotFound, StaleRevision, ReviewClosed, NotACandidate.
    """
    review = await identity.review_for_update(work, review_id)
    if review is None:
        raise NotFound(entity="review", id=review_id)
    review.check_revision(revision)
    by = work.actor.reference
    if command.candidate is not None:
        review.link(command.candidate, by=by, at=work.now)
    else:
        review.create(by=by, at=work.now)
    need = identity.review_need(review.entity, review.half, review.subject)
    await identity.lock_needs(work, [need])
    await queries.wake(work.sql, [need])
    return review
