"""Paths of figures about deals."""

from typing import Annotated

from fastapi import Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, Needs
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from crm.insights.schemas import (
    Conversion,
    ConversionQuery,
    FollowUpQuery,
    FollowUps,
    LossQuery,
    LostReasons,
    NextTouches,
    NextTouchQuery,
    Velocity,
    VelocityQuery,
    WinRateQuery,
    WinRates,
)
from crm.insights.service import figures, next_touches

__all__ = ["insight_router"]

Reader = Annotated[Actor, Needs("insights.read")]

insight_router = api_router(prefix="/v1/insights", tag="insights")


@insight_router.get("/conversion", responses=refuses(MissingReference))
async def conversion_get(
    wanted: Annotated[ConversionQuery, Query()], _by: Reader, at: InReading
) -> Conversion:
    """How far the deals came that were opened in some days: each counts once for each stage."""
    return await figures.conversion(at, wanted)


@insight_router.get("/win-rates")
async def win_rate_list(
    wanted: Annotated[WinRateQuery, Query()], _by: Reader, at: InReading
) -> WinRates:
    """Deals won of those that closed, by owner, team, source, product, account or quarter."""
    return await figures.win_rates(at, wanted)


@insight_router.get("/lost-reasons")
async def lost_reason_figure_list(
    wanted: Annotated[LossQuery, Query()], _by: Reader, at: InReading
) -> LostReasons:
    """For what deals were lost, how often, and what they were to come to."""
    return await figures.lost_reasons(at, wanted)


@insight_router.get("/velocity")
async def velocity_get(
    wanted: Annotated[VelocityQuery, Query()], _by: Reader, at: InReading
) -> Velocity:
    """How many days won deals took, and how long closed ones were in each stage."""
    return await figures.velocity(at, wanted)


@insight_router.get("/follow-ups")
async def follow_up_figure_get(
    wanted: Annotated[FollowUpQuery, Query()], _by: Reader, at: InReading
) -> FollowUps:
    """Win rates by the number of follow-ups in the first days of deals, at equal age."""
    return await figures.followed_up(at, wanted)


@insight_router.get("/next-touches")
async def next_touch_list(
    wanted: Annotated[NextTouchQuery, Query()], _by: Reader, at: InReading
) -> NextTouches:
    """Open deals whose next call, meeting or e-mail is due, as closed deals of equal age say."""
    return await next_touches.due(at, wanted)
