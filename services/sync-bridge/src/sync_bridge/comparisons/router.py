"""Paths of comparisons."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.routing import house_router, problem_responses
from chassis.problems.standard import (
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    NotFound,
)
from chassis.storage.paging import Page
from sync_bridge.comparisons import service, views
from sync_bridge.comparisons.errors import ComparisonRunning, NothingToCompare
from sync_bridge.comparisons.schemas import (
    BeginComparison,
    ComparisonView,
    DifferenceQuery,
    DifferenceView,
    LevelDifferences,
)

__all__ = ["comparison_router"]

Observer = Annotated[Actor, Needs("bridge.read")]
Operator = Annotated[Actor, Needs("bridge.write")]

_KEYED = (NotFound, IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight)
comparison_router = house_router(prefix="/v1/comparisons", tag="comparisons", problems=_KEYED)


@comparison_router.post(
    "", status_code=202, responses=problem_responses(ComparisonRunning, NothingToCompare)
)
async def comparison_create(
    command: BeginComparison, _by: Operator, _once: OnlyOnce, work: InWork, request: Request
) -> ComparisonView:
    """Compare what both halves have of the same records, as after a restore. Changes nothing.

    All records of both halves are read in the background; the view tells how far that is.
    """
    settings = request.app.state.settings
    begun = await service.begin(work, command, connects=settings.connects)
    return await views.comparison_view(work.sql, begun)


@comparison_router.get("")
async def comparison_list(_by: Observer, asked: PageAsked, at: InReading) -> Page[ComparisonView]:
    """The last comparisons, the newest first."""
    return await views.comparison_page(at.sql, asked)


@comparison_router.get("/{comparison_id}")
async def comparison_get(comparison_id: UUID, _by: Observer, at: InReading) -> ComparisonView:
    """A comparison: how far it is, and what it found."""
    return await views.comparison_view(at.sql, comparison_id)


@comparison_router.get("/{comparison_id}/differences")
async def comparison_difference_list(
    comparison_id: UUID,
    wanted: Annotated[DifferenceQuery, Query()],
    _by: Observer,
    asked: PageAsked,
    at: InReading,
) -> Page[DifferenceView]:
    """What differs, record by record."""
    return await views.difference_page(at.sql, comparison_id, wanted, asked)


@comparison_router.post(
    "/{comparison_id}/level", status_code=202, responses=problem_responses(ComparisonRunning)
)
async def comparison_level(
    comparison_id: UUID, command: LevelDifferences, _by: Operator, _once: OnlyOnce, work: InWork
) -> ComparisonView:
    """Level what differs: both halves have what the half has that leads.

    In the background, through the ordinary lanes. What was levelled before stays as it is; compare
    anew to see what is left.
    """
    await service.level(work, comparison_id, command)
    return await views.comparison_view(work.sql, comparison_id)
