"""Schedule tries: asked for, shown, kept exactly once, or dropped."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
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
from erp.scheduling.service.building import Built, build, fixed_at, setups_at
from erp.scheduling.service.results import Words, schedule_of
from erp.scheduling.service.running import CHANGES
from erp.scheduling.states import TryState

__all__ = ["ask_for_try", "drop_try", "keep_try", "result_of_try"]

_DEFAULT = "default"
LATEST = timedelta(hours=1)
"""So long ago a free operation of a try that is kept may begin."""


async def ask_for_try(work: Work, command: NewScheduleTry) -> ScheduleTryView:
    """Ask for a try; nothing that is published changes by it.

    Raises MissingReference (profile), NotAnOpenOrder, InvalidInput (an order is named twice, or
    due before it begins).
    """
    code = command.profile or _DEFAULT
    said = await queries.profile_of(work.sql, code)
    if said is None and command.profile:
        raise MissingReference(entity="scheduling_profile", reference=code)
    await _require_possible(work, command.changes)
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


async def _require_possible(work: Work, changes: Sequence[OrderChange]) -> None:
    """What keeping would refuse is not tried. Raises NotAnOpenOrder, InvalidInput."""
    begins = await queries.open_orders(work.sql, {one.production_order_id for one in changes})
    errors: list[FieldError] = []
    seen: set[UUID] = set()
    for at, one in enumerate(changes):
        order_id = one.production_order_id
        if order_id not in begins:
            raise NotAnOpenOrder(order_id=order_id)
        if order_id in seen:
            place, message = f"/changes/{at}/production_order_id", "This order is named twice."
            errors.append(FieldError(place, "duplicate_order", message))
        seen.add(order_id)
        if one.due_on is not None and one.due_on < begins[order_id]:
            message = "The order is due before it begins."
            errors.append(FieldError(f"/changes/{at}/due_on", "due_before_start", message))
    if errors:
        raise InvalidInput(errors=errors)


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
    _require_unbegun(found, built, result, work.now)
    await asyncio.to_thread(_require_right, found, built, result)
    schedule_id = uuid7()
    figures = {name: found[name] for name in queries.FIGURES}
    number, changed = await schedules.publish(
        work.sql,
        schedule_id,
        result,
        figures=figures,
        input_hash=found["input_hash"],
        setups=setups_at(built.rows, max(work.now, found["read_at"])),
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


def _require_unbegun(
    found: Mapping[str, Any], built: Built, result: ScheduleTryResult, now: datetime
) -> None:
    """What runs or is frozen by now does not move either (E69). Raises ScheduleOutdated."""
    if now <= found["read_at"]:
        return
    placed = {
        one.operation_id: one
        for one in schedule_of(result, built.problem.origin, found).assignments
    }
    words = Words(built)
    for operation_id, stays in fixed_at(built, now).items():
        would = placed.get(operation_id)
        where = None if would is None else (would.resource_id, would.unit, would.start)
        if where != (stays.resource_id, stays.unit, stays.start):
            changed = f"the time ({words.step(operation_id)} runs or is frozen by now)"
            raise ScheduleOutdated(try_id=found["id"], changed=changed)
    for one in result.assignments:
        if not one.is_fixed and one.starts_at < now - LATEST:
            changed = f"the time ({one.number}/{one.sequence} would have begun long ago)"
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
