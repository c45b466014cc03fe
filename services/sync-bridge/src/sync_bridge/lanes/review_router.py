"""Paths of links and reviews. A decision moves a lane, so they stand beside the lanes."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.http.dependencies import IfMatch, InReading, InWork, OnlyOnce
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    NotFound,
)
from chassis.storage.paging import Page
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
    PairQuery,
    PairView,
    ReviewQuery,
    ReviewView,
    Unlink,
)
from sync_bridge.lanes import pairing
from sync_bridge.lanes.errors import LaneMoving, NothingToCarry
from sync_bridge.routes import Observer, Operator
from sync_bridge.translator import InLanguage

__all__ = ["mapping_router", "review_router"]


mapping_router = api_router(prefix="/v1/mappings", tag="mappings")
review_router = api_router(prefix="/v1/reviews", tag="reviews")


@mapping_router.get("")
async def mapping_list(
    _by: Observer, wanted: Annotated[PairQuery, Query()], asked: PageAsked, at: InReading
) -> Page[PairView]:
    """Which record of one half is which of the other, the newest link first."""
    return await views.pair_page(at, wanted, asked)


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


@review_router.get("")
async def review_list(
    _by: Observer,
    wanted: Annotated[ReviewQuery, Query()],
    asked: PageAsked,
    at: InReading,
    translator: InLanguage,
) -> Page[ReviewView]:
    """Records that may have a twin already, the oldest question first."""
    return await views.review_page(at, wanted, asked, translator)


@review_router.get("/{review_id}", responses=refuses(NotFound))
async def review_get(
    review_id: UUID, _by: Observer, at: InReading, translator: InLanguage, response: Response
) -> ReviewView:
    """A question, with the records of both sides, and why they may be the same."""
    review = await views.review_view(at, review_id, translator)
    reply_with(response, review)
    return review


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
