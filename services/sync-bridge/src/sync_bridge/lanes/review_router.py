"""Paths of links and reviews. A decision moves a lane, so they stand beside the lanes."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce
from chassis.http.etag import reply_with
from chassis.http.paging import Page, PageAsked
from chassis.http.problems import (
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    NotFound,
    RevisionRequired,
    StaleRevision,
)
from chassis.http.routing import house_router
from chassis.identity.actor import Actor
from sync_bridge.identity import lists
from sync_bridge.identity.errors import NotACandidate, ReviewClosed
from sync_bridge.identity.schemas import Decide, PairQuery, PairView, ReviewQuery, ReviewView
from sync_bridge.lanes import deciding

__all__ = ["mapping_router", "review_router"]

Observer = Annotated[Actor, Needs("bridge.read")]
Operator = Annotated[Actor, Needs("bridge.write")]

_PROBLEMS = (
    NotFound,
    ReviewClosed,
    NotACandidate,
    StaleRevision,
    RevisionRequired,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    IdempotencyInFlight,
)

mapping_router = house_router(prefix="/v1/mappings", tag="mappings")
review_router = house_router(prefix="/v1/reviews", tag="reviews", problems=_PROBLEMS)


@mapping_router.get("")
async def list_mappings(
    _by: Observer, wanted: Annotated[PairQuery, Query()], asked: PageAsked, at: InReading
) -> Page[PairView]:
    """Which record of one half is which of the other, the newest link first."""
    return await lists.pair_page(at.sql, wanted, asked)


@review_router.get("")
async def list_reviews(
    _by: Observer, wanted: Annotated[ReviewQuery, Query()], asked: PageAsked, at: InReading
) -> Page[ReviewView]:
    """Records that may have a twin already, the oldest question first."""
    return await lists.review_page(at.sql, wanted, asked)


@review_router.post("/{review_id}/decision")
async def decide_review(
    review_id: UUID,
    command: Decide,
    revision: IfMatch,
    _by: Operator,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ReviewView:
    """Say which candidate is the same thing, or that a new record is to be made."""
    review = await deciding.decide(work, review_id, command, revision=revision)
    reply_with(response, review)
    return ReviewView.model_validate(review)
