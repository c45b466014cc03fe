"""Paths of schedule tries and published schedules."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.etag import LOCATED
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.scheduling.errors import NotAnOpenOrder, ScheduleOutdated, ScheduleWrong, TryNotReady
from erp.scheduling.queries.schedules import ASSIGNMENTS, SCHEDULED_ORDERS, SCHEDULES
from erp.scheduling.queries.tries import TRIES
from erp.scheduling.schemas.schedules import LoadsAsked, ScheduleLoads, ScheduleView
from erp.scheduling.schemas.tries import NewScheduleTry, ScheduleTryResult, ScheduleTryView
from erp.scheduling.service import tries
from erp.scheduling.service.loads import loads_of
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = [
    "LISTS",
    "assignment_router",
    "schedule_router",
    "scheduled_order_router",
    "try_router",
]

READ, WRITE = "scheduling.read", "scheduling.write"
Planner = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
OrderPlanner = Annotated[Actor, Needs("production_orders.write")]

try_router = api_router(prefix="/v1/schedule-tries", tag="schedule-tries")
TRY = RecordPaths(try_router, TRIES, "schedule try", READ, WRITE)
list_route(TRY, "Schedule tries and how far they are, the newest first.")


@try_router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses=LOCATED | refuses(MissingReference, NotAnOpenOrder),
)
async def schedule_try_create(
    command: NewScheduleTry, _by: Planner, _once: OnlyOnce, work: InWork, response: Response
) -> ScheduleTryView:
    """Have a schedule made by a worker, also as what if; the published one stays as it is."""
    made = await tries.ask_for_try(work, command)
    response.headers["Location"] = f"/v1/schedule-tries/{made.id}"
    return made


get_route(TRY)


@try_router.get("/{schedule_try_id}/result", responses=refuses(NotFound, TryNotReady))
async def schedule_try_result_get(
    schedule_try_id: UUID, _by: Reader, at: InReading
) -> ScheduleTryResult:
    """Where operations would be, what would move, and which orders would end when."""
    return await tries.result_of_try(at, schedule_try_id)


@try_router.post(
    "/{schedule_try_id}/keep",
    responses=refuses(NotFound, TryNotReady, ScheduleOutdated, ScheduleWrong),
)
async def schedule_try_keep(
    schedule_try_id: UUID, _by: Planner, _orders: OrderPlanner, _once: OnlyOnce, work: InWork
) -> ScheduleView:
    """Publish the try, once the checker has proven it; orders become what it supposes."""
    return await tries.keep_try(work, schedule_try_id)


@try_router.post("/{schedule_try_id}/drop", responses=refuses(NotFound, TryNotReady))
async def schedule_try_drop(
    schedule_try_id: UUID, _by: Planner, _once: OnlyOnce, work: InWork
) -> ScheduleTryView:
    """Let nothing of the try count."""
    return await tries.drop_try(work, schedule_try_id)


schedule_router = api_router(prefix="/v1/schedules", tag="schedules")
SCHEDULE = RecordPaths(schedule_router, SCHEDULES, "schedule", READ, WRITE)
list_route(SCHEDULE, "Schedules that were published, the newest first.")


@schedule_router.get("/loads")
async def schedule_loads_get(
    _by: Reader, asked: Annotated[LoadsAsked, Query()], at: InReading
) -> ScheduleLoads:
    """Load of the published schedule by work centre and day, against capacity."""
    return await loads_of(at, asked)


get_route(SCHEDULE)

assignment_router = api_router(prefix="/v1/schedule-assignments", tag="schedules")
ASSIGNMENT = RecordPaths(assignment_router, ASSIGNMENTS, "schedule assignment", READ, WRITE)
list_route(ASSIGNMENT, "Operations of the published schedule, the first to begin first.")

scheduled_order_router = api_router(prefix="/v1/scheduled-orders", tag="schedules")
SCHEDULED = RecordPaths(scheduled_order_router, SCHEDULED_ORDERS, "scheduled order", READ, WRITE)
list_route(SCHEDULED, "When orders are done by the published schedule, and why they are late.")

LISTS = (
    add_export(
        assignment_router,
        RecordSheet(name="schedule_assignment", reads=ASSIGNMENTS, read=READ, tagged=False),
        "schedule assignments",
    ),
)
"""What leaves as files."""
