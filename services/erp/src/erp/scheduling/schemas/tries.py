"""Schedule tries: commands, views and queries."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from erp.scheduling.states import ConflictKind, LeftOutReason, ReasonKind, ScheduleMethod, TryState
from records.filters import AnyOf
from values.days import Day
from values.decimals import NonNegativeDecimal
from values.text import Code, Command

__all__ = [
    "Figures",
    "LeftOutOrder",
    "NewScheduleTry",
    "OrderChange",
    "Profile",
    "ScheduleConflict",
    "ScheduleReason",
    "ScheduleTryQuery",
    "ScheduleTryResult",
    "ScheduleTryView",
    "TryAssignment",
    "TryMove",
    "TryOrder",
    "View",
]


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Profile(BaseModel):
    """How a try is made: what its profile said when it was asked for."""

    horizon_days: int = 90
    frozen_hours: int = 0
    lateness_weight: int = 10
    setup_weight: int = 1
    makespan_weight: int = 1
    stability_weight: int = 240
    solver_seconds: int = 30


class OrderChange(Command):
    """What a try supposes of an order; what is left out is as it is."""

    production_order_id: UUID = Field(description="An order that is firm, released or started.")
    due_on: Day | None = Field(default=None, description="Another day on which it is due.")
    priority: Annotated[int, Field(strict=True, ge=1, le=9)] | None = Field(
        default=None, description="Another priority."
    )
    rush: StrictBool | None = Field(
        default=None, description="Whether it goes before all orders that are not rush."
    )
    added_minutes: Annotated[int, Field(strict=True, ge=0, le=100_000)] = Field(
        default=0, description="So much longer its next operation takes."
    )


class NewScheduleTry(Command):
    """Have a schedule made; nothing that is published changes by it."""

    method: ScheduleMethod = Field(
        default=ScheduleMethod.RULE, description="rule: order after order; solver: improves that."
    )
    profile: Code | None = Field(
        default=None,
        description="Code of the scheduling profile; left out: `default`, or what is usual.",
    )
    changes: Annotated[list[OrderChange], Field(max_length=200)] = Field(
        default=[], description="What if: changes of orders that the try supposes."
    )


class Figures(View):
    """What a schedule comes to."""

    made_by: ScheduleMethod | None = Field(
        description="Whether rule or solver made it; null: not yet."
    )
    operations: int = Field(description="Operations that are scheduled.")
    moved: int = Field(description="Operations that begin elsewhere, or at another minute.")
    late_orders: int = Field(description="Orders that end after they are due.")
    lateness_minutes: int = Field(description="Minutes of all of them after they are due.")
    makespan_minutes: int = Field(description="Minutes until the end of the last operation.")
    objective: int | None = Field(description="The weighted sum that is to be small.")
    bound: int | None = Field(description="What no schedule goes below; null: not proven.")
    gap: NonNegativeDecimal | None = Field(
        description="Part of the objective above the bound, from 0 to 1; null: not proven."
    )


class ScheduleConflict(BaseModel):
    """Why no schedule can exist: these operations, with this work centre, skill or tool."""

    kind: ConflictKind = Field(description="What excludes it.")
    operations: list[str] = Field(description="Orders and operations, such as MO-00012/10.")
    work_centre: str | None = Field(description="Code of the work centre.")
    shared_resource: str | None = Field(description="The skill or tool.")
    needed: int | None = Field(description="Minutes, or how many, are needed.")
    available: int | None = Field(description="Minutes, or how many, there are.")


class ScheduleReason(BaseModel):
    """Why an order is late: so many minutes because of this."""

    kind: ReasonKind = Field(description="What it waits for.")
    operation: str | None = Field(description="Order and operation, such as MO-00012/10.")
    minutes: int = Field(description="For how long.")
    work_centre: str | None = Field(description="Code of the work centre that was occupied.")
    shared_resource: str | None = Field(description="The skill or tool that was in use.")
    by_operation: str | None = Field(description="The order and operation that occupied it.")


class ScheduleTryView(Figures):
    """A schedule try, and how far it is."""

    id: UUID
    state: TryState = Field(description="queued, computing, ready, failed, kept or dropped.")
    method: ScheduleMethod = Field(description="How it is to be made.")
    progress: int = Field(description="Percent of the work that is done.")
    changes: list[OrderChange] = Field(description="What it supposes of orders.")
    asked_by: str
    created_at: datetime
    finished_at: datetime | None = Field(description="Null: it is not done yet.")
    base_id: UUID | None = Field(description="The published schedule that it was made from.")
    schedule_id: UUID | None = Field(description="The published schedule that it became.")
    conflicts: list[ScheduleConflict] = Field(description="Why no schedule can exist.")
    problem: str | None = Field(description="Why there is none, or why it is not improved.")


class ScheduleTryQuery(BaseModel):
    """Which schedule tries are wanted."""

    state: Annotated[str, AnyOf(TryState)] | None = None
    method: Annotated[str, AnyOf(ScheduleMethod)] | None = Field(
        default=None, description="Only by the rule, or by the solver."
    )


class TryAssignment(BaseModel):
    """An operation of a try: on which machine of a work centre, and when."""

    operation_id: UUID = Field(description="Id of the operation of the order.")
    production_order_id: UUID
    number: str = Field(description="Number of the production order.")
    sequence: int = Field(description="Number of the operation.")
    work_centre_id: UUID
    work_centre: str = Field(description="Code of the work centre.")
    unit: int = Field(description="Which of the machines there; the first is 0.")
    setup_starts_at: datetime = Field(description="When the changeover begins.")
    starts_at: datetime
    ends_at: datetime
    is_fixed: bool = Field(description="Whether it runs or is frozen, and so does not move.")


class TryMove(BaseModel):
    """An operation that begins elsewhere than published, or at another minute."""

    operation_id: UUID = Field(description="Id of the operation of the order.")
    number: str = Field(description="Number of the production order.")
    sequence: int = Field(description="Number of the operation.")
    work_centre_before: str | None = Field(description="Where it is published; null: nowhere.")
    work_centre_after: str | None = Field(description="Where it would be; null: nowhere.")
    starts_at_before: datetime | None = Field(description="When it is published to begin.")
    starts_at_after: datetime | None = Field(description="When it would begin.")


class TryOrder(BaseModel):
    """When an order would end, beside when it is published to end."""

    production_order_id: UUID
    number: str = Field(description="Number of the production order.")
    due_at: datetime = Field(description="When it is due: the end of its day.")
    starts_at: datetime
    ends_at: datetime
    ends_at_before: datetime | None = Field(description="When it is published to end.")
    late_minutes: int = Field(description="Minutes after it is due; 0: in time.")
    late_minutes_before: int = Field(description="As published.")
    reasons: list[ScheduleReason] = Field(description="Why it is late, the last cause first.")


class LeftOutOrder(BaseModel):
    """An order that is not scheduled."""

    number: str = Field(description="Number of the production order.")
    reason: LeftOutReason = Field(
        description="material: nothing brings it; beyond_horizon: it begins so late that it does "
        "not end before the horizon; no_place: no active work centre with a calendar has what the "
        "operation needs."
    )
    operation: str | None = Field(
        description="The order and operation that is the reason, such as MO-00012/10."
    )


class ScheduleTryResult(BaseModel):
    """What a try says: where operations would be, what moves, which orders end when."""

    assignments: list[TryAssignment] = Field(description="By their start.")
    moves: list[TryMove] = Field(description="What moves against the published schedule.")
    moved_share: NonNegativeDecimal = Field(description="Moved ones of those in both, 0 to 1.")
    orders: list[TryOrder] = Field(description="Orders by their end.")
    left_out: list[LeftOutOrder] = Field(
        description="Orders that are not scheduled, so that the others are."
    )
