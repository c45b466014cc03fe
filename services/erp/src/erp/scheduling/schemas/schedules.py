"""Published schedules and what they say: views and queries."""

from datetime import date, datetime
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from erp.scheduling.schemas.tries import Figures, ScheduleReason, View
from values.days import Day
from values.text import Code

__all__ = [
    "DayLoad",
    "LoadsAsked",
    "ScheduleAssignmentQuery",
    "ScheduleAssignmentView",
    "ScheduleLoads",
    "ScheduleQuery",
    "ScheduleView",
    "ScheduledOrderQuery",
    "ScheduledOrderView",
]


class ScheduleView(Figures):
    """A schedule that was published."""

    id: UUID
    number: int = Field(description="Counts the schedules that were published.")
    is_current: bool = Field(description="Whether assignments and orders are those of it.")
    published_at: datetime
    published_by: str
    input_hash: str = Field(description="SHA-256 of what it was made from.")


class ScheduleQuery(BaseModel):
    """Which published schedules are wanted."""

    is_current: bool | None = Field(default=None, description="Only the current one, or others.")


class ScheduleAssignmentView(View):
    """An operation of the published schedule."""

    id: UUID
    operation_id: UUID = Field(description="Id of the operation of the order.")
    production_order_id: UUID
    number: str = Field(description="Number of the production order.")
    sku: str
    sequence: int = Field(description="Number of the operation.")
    name: str = Field(description="What is done.")
    work_centre_id: UUID
    work_centre: str = Field(description="Code of the work centre.")
    unit: int = Field(description="Which of the machines there; the first is 0.")
    setup_family: str = Field(description="What is set up alike; empty: none.")
    setup_starts_at: datetime = Field(description="When the changeover begins.")
    starts_at: datetime
    ends_at: datetime
    is_fixed: bool = Field(description="Whether it ran or was frozen when it was scheduled.")


class ScheduleAssignmentQuery(BaseModel):
    """Which assignments are wanted."""

    work_centre: Code | None = Field(
        default=None, description="Only what is done at the work centre of this code."
    )
    production_order_id: UUID | None = None
    ends_after: AwareDatetime | None = Field(default=None, description="Only what ends after it.")
    starts_before: AwareDatetime | None = Field(
        default=None, description="Only what begins before it."
    )


class ScheduledOrderView(View):
    """When an order is done by the published schedule, and why it is late."""

    production_order_id: UUID
    number: str = Field(description="Number of the production order.")
    sku: str
    due_at: datetime = Field(description="When it is due: the end of its day.")
    starts_at: datetime
    ends_at: datetime
    late_minutes: int = Field(description="Minutes after it is due; 0: in time.")
    reasons: list[ScheduleReason] = Field(description="Why it is late, the last cause first.")


class ScheduledOrderQuery(BaseModel):
    """Which scheduled orders are wanted."""

    late: bool | None = Field(default=None, description="Whether they end after they are due.")
    sku: Code | None = None


class LoadsAsked(BaseModel):
    """For which days the load is asked."""

    first_day: Day = Field(description="The first day.")
    last_day: Day = Field(description="The last day, at most 91 days later.")
    work_centre: Code | None = Field(default=None, description="Only of this work centre.")


class DayLoad(BaseModel):
    """What a work centre is loaded with on a day, against its capacity."""

    work_centre: str = Field(description="Code of the work centre.")
    day: date
    available_minutes: int = Field(description="Working minutes of all machines there.")
    loaded_minutes: int = Field(description="Working minutes that are taken, changeovers too.")


class ScheduleLoads(BaseModel):
    """Load by work centre and day."""

    loads: list[DayLoad] = Field(description="By work centre, then day.")
