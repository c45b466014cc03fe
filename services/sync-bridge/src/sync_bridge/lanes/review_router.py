"""Paths of links and reviews. A decision moves a lane, so they stand beside the lanes."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response, status

from chassis.http.dependencies import IfMatch, InWork, OnlyOnce
from chassis.http.etag import reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    NotFound,
)
from chassis.storage.reading import Reading
from records.paths import RecordPaths
from records.read_routes import Explain, get_route, list_route
from sync_bridge.identity import views
from sync_bridge.identity.errors import (
    AnswerTookEffect,
    NotACandidate,
    NotUnlinked,
    PairTaken,
    RecordLinked,
    ReviewClosed,
)
from sync_bridge.identity.schemas import (
    Decide,
    LinkByHand,
    ReviewView,
    Unlink,
)
from sync_bridge.lanes import pairing
from sync_bridge.lanes.errors import LaneMoving, NothingToCarry
from sync_bridge.routes import READ, WRITE, Operator
from sync_bridge.translator import InLanguage

__all__ = ["mapping_router", "review_router"]


mapping_router = api_router(prefix="/v1/mappings", tag="mappings")
review_router = api_router(prefix="/v1/reviews", tag="reviews")


async def explained(translator: InLanguage) -> Explain:
    """What says to this caller why records are compared."""

    async def in_words(at: Reading, reviews: Sequence[ReviewView]) -> Sequence[ReviewView]:
        return await views.explain_reviews(at, reviews, translator)

    return in_words


Explained = Annotated[Explain, Depends(explained)]
MAPPING = RecordPaths(mapping_router, views.PAIRS, "mapping", READ, WRITE)
list_route(MAPPING, "Which record of one half is which of the other, the newest link first.")
REVIEW = RecordPaths(review_router, views.REVIEWS, "review", READ, WRITE)
list_route(
    REVIEW,
    "Records that may have a twin already, the oldest question first.",
    explain=Explained,
)
get_route(
    REVIEW,
    "A question, with the records of both sides, and why they may be the same.",
    explain=Explained,
)


@mapping_router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses=refuses(PairTaken, LaneMoving, NothingToCarry),
)
async def mapping_create(
    command: LinkByHand, _by: Operator, _once: OnlyOnce, work: InWork, translator: InLanguage
) -> ReviewView:
    """Say that two records without links are the same; they are linked a moment later."""
    review = await pairing.link(work, command)
    return await views.review_view(work, review.id, translator)


@mapping_router.post(
    "/{mapping_id}/unlink",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=refuses(NotFound, NotUnlinked, LaneMoving),
)
async def mapping_unlink(
    mapping_id: UUID, command: Unlink, _by: Operator, _once: OnlyOnce, work: InWork
) -> None:
    """End a link: both records stay, apart from each other, until a person says otherwise."""
    await pairing.unlink(work, mapping_id, note=command.note)


@review_router.post(
    "/{review_id}/decision",
    responses=refuses(
        NotFound,
        ReviewClosed,
        NotACandidate,
        AnswerTookEffect,
        RecordLinked,
        PairTaken,
        LaneMoving,
        NothingToCarry,
    ),
)
async def review_decide(
    review_id: UUID,
    command: Decide,
    revision: IfMatch,
    _by: Operator,
    _once: OnlyOnce,
    work: InWork,
    *,
    translator: InLanguage,
    response: Response,
) -> ReviewView:
    """Say which candidate is the same thing, or that a new record is to be made, or neither.

    An answer may be changed until it took effect, and again once its link was ended.
    """
    review = await pairing.decide(work, review_id, command, revision=revision)
    reply_with(response, review)
    return await views.review_view(work, review_id, translator)
