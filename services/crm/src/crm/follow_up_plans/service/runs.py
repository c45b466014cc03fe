"""Plans run on records: they begin, make their activities once each, and stop."""

from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from calendars.errors import CalendarError
from calendars.working import WorkingCalendar
from chassis.ids import uuid7
from chassis.problems.standard import MissingReference, NotFound
from chassis.service import Schedule
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.activities.service.activities import ACTIVITY
from crm.activities.states import ActivityKind, Priority
from crm.calendars.service import working_calendars
from crm.follow_up_plans.errors import (
    FollowUpPlanArchived,
    FollowUpRecordClosed,
    FollowUpRunEnded,
    FollowUpRunning,
)
from crm.follow_up_plans.queries import runs
from crm.follow_up_plans.queries.plans import FOLLOW_UP_PLANS
from crm.follow_up_plans.queries.runs import FOLLOWED, DueRun, NewRun
from crm.follow_up_plans.rules.days import due_day, is_weekday
from crm.follow_up_plans.schemas import FollowUpRunView, StartFollowUp
from crm.follow_up_plans.states import RunState, StopReason
from crm.staff.service.members import member_view
from records.entities import ACTIVE
from records.writes import create_all

__all__ = ["FOLLOW_UP", "SCHEDULE", "follow_up", "start", "stop"]

FOLLOW_UP = "crm.follow_up_plans"
SCHEDULE = Schedule(name=FOLLOW_UP, every=timedelta(minutes=1), kind=FOLLOW_UP)
AT_ONCE = 200
"""So many steps are made in one transaction."""


async def start(work: Work, command: StartFollowUp) -> UUID:
    """Follow a record up by a plan; the id of the run.

    Raises MissingReference (plan, record), Forbidden, FollowUpPlanArchived, FollowUpRecordClosed,
    FollowUpRunning.
    """
    plan = await _plan(work, command.plan_id)
    kind = FOLLOWED[command.record_type]
    is_there = await runs.lock_record(work.sql, command.record_type, command.record_id)
    if not is_there or not await kind.reads.found_ids(work, [command.record_id]):
        raise MissingReference(entity=command.record_type, reference=command.record_id)
    await kind.reads.require_changeable(work, [command.record_id])
    owner_id, closed = await runs.owner_of(
        work.sql, command.record_type, command.record_id, plan.stop_stages
    )
    if closed:
        raise FollowUpRecordClosed(record_type=command.record_type)
    calendar_id = (await member_view(work, owner_id)).calendar_id if owner_id else None
    calendars = await working_calendars(work, [calendar_id] if calendar_id else [])
    first = plan.steps[0].model_dump()
    run = NewRun(
        id=uuid7(),
        plan_id=plan.id,
        record_type=command.record_type,
        record_id=command.record_id,
        next_on=_day_of(first, work.today(), calendars.get(calendar_id) if calendar_id else None),
        started_by=work.actor.reference,
        now=work.now,
    )
    if not await runs.add_run(work.sql, run):
        raise FollowUpRunning(plan=plan.name, record_type=command.record_type)
    work.enqueue(FOLLOW_UP, {}, key="begun")
    return run.id


async def _plan(work: Work, plan_id: UUID) -> Any:
    try:
        plan = await FOLLOW_UP_PLANS.get(work, plan_id)
    except NotFound as missing:
        raise MissingReference(entity="follow_up_plan", reference=plan_id) from missing
    if plan.status != ACTIVE:
        raise FollowUpPlanArchived(plan=plan.name)
    return plan


async def stop(work: Work, run_id: UUID) -> FollowUpRunView:
    """Stop a run by hand; what was made stays. Raises NotFound, Forbidden, FollowUpRunEnded."""
    seen = await runs.RUNS.get(work, run_id)
    await FOLLOWED[seen.record_type].reads.require_changeable(work, [seen.record_id])
    state = await runs.lock_run(work.sql, run_id)
    if state != RunState.RUNNING:
        raise FollowUpRunEnded(state=state)
    await runs.stop_run(work.sql, run_id, StopReason.BY_HAND, work.now)
    return await runs.RUNS.get(work, run_id)


async def follow_up(work: Work, _payload: Mapping[str, Any]) -> None:
    """Stop the runs that are to stop, and make the steps that are due.

    The activity, the note that the step made it, and where the run goes on are one transaction: a
    worker that dies has made nothing. What another worker has locked comes with the next call.
    """
    await runs.stop_ended(work.sql, work.now)
    today = work.today()
    found = await runs.lock_due(work.sql, today, AT_ONCE)
    due = await runs.lock_free(work.sql, found)
    if not due:
        return
    calendars = await _calendars(work, due)
    made = [(uuid7(), run) for run in due]
    await create_all(
        work, ACTIVITY, [(one, _activity(run)) for one, run in made], links=[None] * len(made)
    )
    await work.flush()
    steps = [(run["id"], run["next_step"], one) for one, run in made]
    await runs.keep_steps(work.sql, steps, work.now)
    ahead = [_after(run, today, calendars.get(run["calendar_id"])) for run in due]
    await runs.advance_runs(work.sql, ahead, work.now)
    if len(due) == AT_ONCE or any(one.next_on and one.next_on <= today for one in ahead):
        work.enqueue(FOLLOW_UP, {}, key="again")


async def _calendars(at: Reading, due: Collection[Any]) -> Mapping[UUID, WorkingCalendar]:
    return await working_calendars(at, {row["calendar_id"] for row in due if row["calendar_id"]})


def _activity(run: Any) -> dict[str, Any]:
    """What the step makes: the record's owner is to do it by the end of the day."""
    step = run["steps"][run["next_step"]]
    return {
        "kind": ActivityKind(step["kind"]),
        "name": step["name"],
        "text": step["text"],
        "record_type": run["record_type"],
        "record_id": run["record_id"],
        "owner_id": run["owner_id"],
        "due_on": run["next_on"],
        "priority": Priority.NORMAL,
    }


def _after(run: Any, today: date, calendar: WorkingCalendar | None) -> DueRun:
    """The step after the one that was made: so many days after it, never before today."""
    number = run["next_step"] + 1
    if number >= len(run["steps"]):
        return DueRun(run["id"], number, None)
    return DueRun(run["id"], number, _day_of(run["steps"][number], today, calendar))


def _day_of(step: Mapping[str, Any], begin: date, calendar: WorkingCalendar | None) -> date:
    return due_day(
        begin,
        step["delay_days"],
        working_days=step["working_days"],
        is_working=_is_working(calendar),
    )


def _is_working(calendar: WorkingCalendar | None) -> Callable[[date], bool]:
    def works(day: date) -> bool:
        try:
            return bool(calendar.blocks_of(day)) if calendar else is_weekday(day)
        except CalendarError:
            return is_weekday(day)

    return works
