"""What scheduling publishes: that a schedule took the place of the one before."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event
from erp.scheduling.states import ScheduleMethod

__all__ = ["SchedulePublished", "ScheduledTimes"]


class ScheduledTimes(BaseModel):
    """When an order begins and ends now; null: it is in the schedule no more."""

    production_order_id: UUID
    number: str = Field(description="Number of the production order.")
    scheduled_start_at: datetime | None = Field(description="When its first operation begins.")
    scheduled_end_at: datetime | None = Field(description="When its last operation ends.")


class SchedulePublished(Event):
    """A schedule was published, and is the current one from now on."""

    event_name = "schedule-published"
    topic = "scheduling"
    aggregate = "schedule"

    number: int = Field(description="Counts the schedules that were published.")
    published_at: datetime = Field(description="When it became the current schedule.")
    made_by: ScheduleMethod = Field(description="Whether rule or solver made it.")
    operations: int = Field(description="Operations that are scheduled.")
    moved: int = Field(description="Operations that begin elsewhere than in the one before.")
    late_orders: int = Field(description="Orders that end after they are due.")
    orders: list[ScheduledTimes] = Field(description="Orders whose times changed.")
