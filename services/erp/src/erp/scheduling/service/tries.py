"""Schedule tries: asked for, shown, kept exactly once, or dropped."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference, NotFound
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.production_orders.service.orders import change_scheduling
from erp.scheduling.errors import NotAnOpenOrder, ScheduleOutdated, ScheduleWrong, TryNotReady
from erp.scheduling.events import SchedulePublished
from erp.scheduling.queries import reading, schedules
from erp.scheduling.queries import tries as queries
from erp.scheduling.rules import checker
from erp.scheduling.schemas.schedules import ScheduleView
from erp.scheduling.schemas.tries import (
    NewScheduleTry,
    OrderChange,
    Profile,
    ScheduleTryResult,
    ScheduleTryView,
)
from erp.scheduling.service.building import Built, build
from erp.scheduling.service.results import Words, schedule_of
from erp.scheduling.service.running import CHANGES
from erp.scheduling.states import TryState

__all__ = ["ask_for_try", "drop_try", "keep_try", "result_of_try"]

_DEFAULT = "default"


async def ask_for_try(work: Work, command: NewScheduleTry) -> ScheduleTryView:
    """Ask for a try; nothing that is published changes by it.

    Raises MissingReference (profile), NotAnOpenOrder.
    """
    code = command.profile or _DEFAULT
    said = await queries.profile_of(work.sql, code)
    if said is None and command.profile:
        raise MissingReference(entity="scheduling_profile", reference=code)
    named = {one.production_order_id for one in command.changes}
    unknown = named - await queries.open_orders(work.sql, named) if named else ()
    for order_id in sorted(unknown):
        raise NotAnOpenOrder(order_id=order_id)
    try_id = uuid7()
    await queries.add(
        work.sql,
        try_id,
        method=command.method,
        profile=Profile.model_validate(said or {}).model_dump(),
        changes=[one.model_dump(mode="json") for one in command.changes],
        asked_by=work.actor.reference,
        at=work.now,
    )
    return await queries.TRIES.get(work, try_id)


async def result_of_try(at: Reading, try_id: UUID) -> ScheduleTryResult:
    """What a try says. Raises NotFound, TryNotReady (nothing is found yet, or it was dropped)."""
    found = await queries.load(at.sql, try_id)
    if found is None:
        raise NotFound(entity="schedule_try", id=try_id)
    if found["result"] is None:
        raise TryNotReady(try_id=try_id, state=found["state"], wanted=TryState.READY)
    return ScheduleTryResult.model_validate_json(found["result"])


async def drop_try(work: Work, try_id: UUID) -> ScheduleTryView:
    """Let nothing of the try count. Raises NotFound, TryNotReady (it has ended)."""
    if not await queries.drop(work.sql, try_id, work.now):
        found = await queries.TRIES.get(work, try_id)
        wanted = f"{TryState.QUEUED} or {TryState.COMPUTING} or {TryState.READY}"
        raise TryNotReady(try_id=try_id, state=found.state, wanted=wanted)
    return await queries.TRIES.get(work, try_id)


async def keep_try(work: Work, try_id: UUID) -> ScheduleView:
    """Publish the try in place of the schedule before, exactly once.

    Of two who keep tries made from the same schedule one is refused. What the try supposes of
    orders becomes true: due day, priority, rush. Raises NotFound, TryNotReady, ScheduleOutdated,
    ScheduleWrong.
    """
    await advisory_lock(work, "schedule")
    found = await queries.lock(work.sql, try_id)
    if found is None:
        raise NotFound(entity="schedule_try", id=try_id)
    if found["state"] != TryState.READY:
        raise TryNotReady(try_id=try_id, state=found["state"], wanted=TryState.READY)
    await reading.lock_open_orders(work.sql)
    changes = CHANGES.validate_json(found["changes"])
    profile = Profile.model_validate_json(found["profile"])
    built = await build(work, found["read_at"], profile, changes)
    _require_current(found, built)
    result = ScheduleTryResult.model_validate_json(found["result"])
    _require_right(found, built, result)
    schedule_id = uuid7()
    figures = {name: found[name] for name in queries.FIGURES}
    number, changed = await schedules.publish(
        work.sql,
        schedule_id,
        result,
        figures=figures,
        input_hash=found["input_hash"],
        by=work.actor.reference,
        at=work.now,
    )
    await queries.keep(work.sql, try_id, schedule_id, work.now)
    await _take_over(work, changes)
    await work.record(_published(schedule_id, number, figures, changed, work))
    return await schedules.SCHEDULES.get(work, schedule_id)


def _require_current(found: Mapping[str, Any], built: Built) -> None:
    """Raises ScheduleOutdated."""
    if found["base_id"] != built.rows.base_id:
        raise ScheduleOutdated(try_id=found["id"], changed="the published schedule")
    if found["input_hash"] != built.input_hash:
        changed = "orders, work centres, changeovers, shared resources or calendars"
        raise ScheduleOutdated(try_id=found["id"], changed=changed)


def _require_right(found: Mapping[str, Any], built: Built, result: ScheduleTryResult) -> None:
    """Prove the schedule against what is true now (E68). Raises ScheduleWrong."""
    schedule = schedule_of(result, built.problem.origin, found)
    wrong = checker.violations(built.problem, schedule)
    if wrong:
        first = wrong[0]
        said = f"{first.kind} at {Words(built).step(first.operation_id) or first.operation_id}"
        raise ScheduleWrong(try_id=found["id"], number=len(wrong), violation=said)


async def _take_over(work: Work, changes: Sequence[OrderChange]) -> None:
    """Let the orders be what the try supposed."""
    wanted = {
        one.production_order_id: {
            name: value
            for name in ("due_on", "priority", "rush")
            if (value := getattr(one, name)) is not None
        }
        for one in changes
    }
    await change_scheduling(work, {order: values for order, values in wanted.items() if values})


def _published(
    schedule_id: UUID,
    number: int,
    figures: Mapping[str, Any],
    changed: Sequence[Mapping[str, Any]],
    work: Work,
) -> SchedulePublished:
    own = {name: figures[name] for name in ("made_by", "operations", "moved", "late_orders")}
    said = own | {"number": number, "published_at": work.now, "orders": changed}
    return SchedulePublished.model_validate(
        said | {"id": schedule_id, "version": 1, "changed": sorted(said)}
    )
