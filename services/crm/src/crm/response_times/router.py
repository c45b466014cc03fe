"""Paths of response times."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.actor import Actor
from chassis.http.dependencies import InReading, Needs
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import InvalidInput, NotFound
from crm.response_times import service
from crm.response_times.schemas import ResponseTime, ResponseTimeQuery, ResponseTimes

__all__ = ["lead_response_router", "response_time_router"]

Reader = Annotated[Actor, Needs("leads.read")]

lead_response_router = api_router(prefix="/v1/leads", tag="leads")


@lead_response_router.get("/{lead_id}/response-time", responses=refuses(NotFound))
async def lead_response_time_get(lead_id: UUID, _by: Reader, at: InReading) -> ResponseTime:
    """How long the lead waited from its capture until staff first turned to it."""
    return await service.response_time(at, lead_id)


response_time_router = api_router(prefix="/v1/lead-response-times", tag="leads")


@response_time_router.get("", responses=refuses(InvalidInput))
async def lead_response_time_list(
    wanted: Annotated[ResponseTimeQuery, Query()], _by: Reader, at: InReading
) -> ResponseTimes:
    """How long the leads of a period waited: median and 90th percentile, in all and by group."""
    return await service.response_times(at, wanted)
