"""Paths of comparisons."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from chassis.http.dependencies import InReading, InWork, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    NotFound,
)
from chassis.storage.paging import Page
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from sync_bridge.comparisons import service, views
from sync_bridge.comparisons.errors import ComparisonRunning, NothingToCompare
from sync_bridge.comparisons.schemas import (
    BeginComparison,
    ComparisonView,
    DifferenceQuery,
    DifferenceView,
    LevelDifferences,
)
from sync_bridge.routes import READ, WRITE, Observer, Operator

__all__ = ["comparison_router"]


comparison_router = api_router(prefix="/v1/comparisons", tag="comparisons")


@comparison_router.post("", status_code=202, responses=refuses(ComparisonRunning, NothingToCompare))
async def comparison_create(
    command: BeginComparison, _by: Operator, _once: OnlyOnce, work: InWork, request: Request
) -> ComparisonView:
    """Compare what both halves have of the same records, as after a restore. Changes nothing.

    All records of both halves are read in the background; the view tells how far that is.
    """
    settings = request.app.state.settings
    begun = await service.begin(work, command, connects=settings.connects)
    return await views.COMPARISONS.get(work, begun)


COMPARISON = RecordPaths(comparison_router, views.COMPARISONS, "comparison", READ, WRITE)
list_route(COMPARISON, "The last comparisons, the newest first.")
get_route(COMPARISON, "A comparison: how far it is, and what it found.")


@comparison_router.get("/{comparison_id}/differences", responses=refuses(NotFound))
async def comparison_difference_list(
    comparison_id: UUID,
    wanted: Annotated[DifferenceQuery, Query()],
    _by: Observer,
    asked: PageAsked,
    at: InReading,
) -> Page[DifferenceView]:
    """What differs, record by record."""
    return await views.difference_page(at, comparison_id, wanted, asked)


@comparison_router.post(
    "/{comparison_id}/level",
    status_code=202,
    responses=refuses(NotFound, ComparisonRunning),
)
async def comparison_level(
    comparison_id: UUID, command: LevelDifferences, _by: Operator, _once: OnlyOnce, work: InWork
) -> ComparisonView:
    """Level what differs: both halves have what the half has that leads.

    In the background, through the ordinary lanes. What was levelled before stays as it is; compare
    anew to see what is left.
    """
    await service.level(work, comparison_id, command)
    return await views.COMPARISONS.get(work, comparison_id)
