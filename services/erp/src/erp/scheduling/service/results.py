"""What a computed schedule says, in the words and times of its readers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from erp.scheduling.rules.problem import (
    Assignment,
    Conflict,
    MovedOperation,
    Problem,
    Reason,
    Schedule,
)
from erp.scheduling.schemas.tries import (
    LeftOutOrder,
    ScheduleConflict,
    ScheduleReason,
    ScheduleTryResult,
    TryAssignment,
    TryMove,
    TryOrder,
)
from erp.scheduling.service.building import Built
from erp.scheduling.service.computing import Computed
from erp.scheduling.service.terms import minute_of
from erp.scheduling.states import ScheduleMethod

__all__ = ["Words", "figures_of", "result_of", "schedule_of"]


class Words:
    """Numbers, codes and names of the ids that a problem has."""

    def __init__(self, built: Built) -> None:
        rows = built.rows
        self.orders = {str(one.id): one.number for one in rows.orders}
        self.places = {str(one.id): one.code for one in rows.places}
        self.shared = {str(one.id): one.name for one in rows.shared}
        self.steps = {
            str(one.id): (str(one.order_id), self.orders[str(one.order_id)], one.sequence)
            for one in rows.operations
        }
        self._origin = built.problem.origin

    def at(self, minute: int) -> datetime:
        """The instant of a minute."""
        return self._origin + timedelta(minutes=minute)

    def step(self, operation_id: str | None) -> str | None:
        """Order and operation, such as MO-00012/10."""
        if operation_id not in self.steps:
            return None
        _, number, sequence = self.steps[operation_id]
        return f"{number}/{sequence}"

    def conflicts(self, found: Sequence[Conflict]) -> list[dict[str, Any]]:
        """Why no schedule can exist."""
        return [
            ScheduleConflict(
                kind=one.kind,
                operations=[step for each in one.operation_ids if (step := self.step(each))],
                work_centre=self.places.get(one.resource_id or ""),
                shared_resource=self.shared.get(one.pool_id or ""),
                needed=one.needed,
                available=one.available,
            ).model_dump(mode="json")
            for one in found
        ]

    def reasons(self, found: Sequence[Reason]) -> list[ScheduleReason]:
        """Why an order is late."""
        return [
            ScheduleReason(
                kind=one.kind,
                operation=self.step(one.operation_id),
                minutes=one.minutes,
                work_centre=self.places.get(one.resource_id or ""),
                shared_resource=self.shared.get(one.pool_id or ""),
                by_operation=self.step(one.by_operation_id),
            )
            for one in found
        ]


def result_of(built: Built, computed: Computed) -> ScheduleTryResult:
    """What the try says of the schedule."""
    words = Words(built)
    fixed = {one.id for one in built.problem.operations if one.fixed}
    found = computed.schedule.assignments
    return ScheduleTryResult(
        assignments=[_assignment(words, one, fixed) for one in found],
        moves=[_move(words, one) for one in (*computed.moves.operations, *_lost(built))],
        moved_share=_part(computed.moves.share),
        orders=_orders(built.problem, words, computed),
        left_out=[
            LeftOutOrder(
                number=one.order.number,
                reason=one.reason,
                operation=words.step(str(one.operation_id)),
            )
            for one in built.left_out
        ],
    )


def _lost(built: Built) -> list[MovedOperation]:
    """Published operations of orders that are left out: they would be nowhere."""
    there = {one.id for one in built.problem.operations}
    left_out = {one.order.id for one in built.left_out}
    waiting = {str(one.id) for one in built.rows.operations if one.order_id in left_out}
    return [
        MovedOperation(one.operation_id, one, None)
        for one in built.terms.published.values()
        if one.operation_id in waiting and one.operation_id not in there
    ]


def _move(words: Words, one: MovedOperation) -> TryMove:
    _, number, sequence = words.steps[one.operation_id]
    before, after = one.before, one.after
    return TryMove(
        operation_id=UUID(one.operation_id),
        number=number,
        sequence=sequence,
        work_centre_before=words.places.get(before.resource_id) if before else None,
        work_centre_after=words.places.get(after.resource_id) if after else None,
        starts_at_before=words.at(before.start) if before else None,
        starts_at_after=words.at(after.start) if after else None,
    )


def _assignment(words: Words, one: Assignment, fixed: set[str]) -> TryAssignment:
    order_id, number, sequence = words.steps[one.operation_id]
    return TryAssignment(
        operation_id=UUID(one.operation_id),
        production_order_id=UUID(order_id),
        number=number,
        sequence=sequence,
        work_centre_id=UUID(one.resource_id),
        work_centre=words.places[one.resource_id],
        unit=one.unit,
        setup_starts_at=words.at(one.setup_start),
        starts_at=words.at(one.start),
        ends_at=words.at(one.end),
        is_fixed=one.operation_id in fixed,
    )


def _ends(problem: Problem, found: Sequence[Assignment]) -> dict[str, tuple[int, int]]:
    """Order -> its first start and when it is done, with what follows its last operation."""
    order_of = {one.id: one.order_id for one in problem.operations}
    tails = {one.id: one.tail for one in problem.orders}
    ends: dict[str, tuple[int, int]] = {}
    for one in found:
        order_id = order_of[one.operation_id]
        start, end = ends.get(order_id, (one.start, one.end))
        ends[order_id] = min(start, one.start), max(end, one.end)
    return {one: (start, end + tails[one]) for one, (start, end) in ends.items()}


def _orders(problem: Problem, words: Words, computed: Computed) -> list[TryOrder]:
    due = {one.id: one.due + one.tail for one in problem.orders}
    before = _ends(problem, problem.previous)
    ends = _ends(problem, computed.schedule.assignments)
    return [
        TryOrder(
            production_order_id=UUID(order_id),
            number=words.orders[order_id],
            due_at=words.at(due[order_id]),
            starts_at=words.at(start),
            ends_at=words.at(end),
            ends_at_before=words.at(before[order_id][1]) if order_id in before else None,
            late_minutes=max(0, end - due[order_id]),
            late_minutes_before=max(0, before[order_id][1] - due[order_id])
            if order_id in before
            else 0,
            reasons=words.reasons(computed.reasons.get(order_id, ())),
        )
        for order_id, (start, end) in sorted(ends.items(), key=lambda one: (one[1][1], one[0]))
    ]


def _part(share: float) -> Decimal:
    return Decimal(share).quantize(Decimal("0.000001"))


def figures_of(computed: Computed, result: ScheduleTryResult) -> dict[str, Any]:
    """What the schedule comes to, as the columns of a try."""
    schedule = computed.schedule
    gap = schedule.gap
    return {
        "made_by": schedule.method,
        "operations": len(schedule.assignments),
        "moved": sum(1 for one in computed.moves.operations if one.before and one.after),
        "late_orders": sum(1 for one in result.orders if one.late_minutes),
        "lateness_minutes": sum(one.late_minutes for one in result.orders),
        "makespan_minutes": schedule.makespan,
        "objective": schedule.objective,
        "bound": schedule.bound,
        "gap": None if gap is None else _part(gap),
    }


def schedule_of(
    result: ScheduleTryResult, origin: datetime, figures: Mapping[str, Any]
) -> Schedule:
    """The schedule of a stored result, for the checker."""
    return Schedule(
        tuple(
            Assignment(
                str(one.operation_id),
                str(one.work_centre_id),
                one.unit,
                minute_of(one.setup_starts_at, origin),
                minute_of(one.starts_at, origin),
                minute_of(one.ends_at, origin),
            )
            for one in result.assignments
        ),
        method=ScheduleMethod(figures["made_by"]),
        objective=figures["objective"] or 0,
        makespan=figures["makespan_minutes"],
    )
