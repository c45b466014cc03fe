"""Whether a schedule keeps every rule: proven apart from what makes schedules (E67 to E69).

It counts minutes and intervals on its own, and reads nothing but the problem. What runs or is
frozen is taken as it is: its hours, its duration and its place after others were decided by people.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from erp.scheduling.rules.problem import (
    Assignment,
    Hours,
    Operation,
    Problem,
    Resource,
    Schedule,
    Violation,
)
from erp.scheduling.states import ViolationKind

__all__ = ["violations"]


def violations(problem: Problem, schedule: Schedule) -> list[Violation]:
    """Everything that is wrong with it; empty: it may be published."""
    operations = {one.id: one for one in problem.operations}
    resources = {one.id: one for one in problem.resources}
    found = [*_presence(problem, schedule)]
    placed = {
        one.operation_id: one for one in schedule.assignments if one.operation_id in operations
    }
    for operation_id, assignment in placed.items():
        operation = operations[operation_id]
        if operation.fixed is not None:
            if assignment != operation.fixed:
                found.append(Violation(ViolationKind.FROZEN_MOVED, operation_id))
            continue
        resource = resources.get(assignment.resource_id)
        minutes = {option.resource_id: option.minutes for option in operation.options}
        if (
            resource is None
            or resource.id not in minutes
            or not 0 <= assignment.unit < resource.capacity
        ):
            kind = ViolationKind.WRONG_RESOURCE
            found.append(Violation(kind, operation_id, resource_id=assignment.resource_id))
            continue
        found += _run(problem, operation, assignment, minutes[resource.id])
    found += _precedences(placed, operations)
    found += _machines(problem, placed, operations, resources)
    found += _pools(problem, placed, operations)
    return found


def _presence(problem: Problem, schedule: Schedule) -> Iterator[Violation]:
    known = {one.id for one in problem.operations}
    times: dict[str, int] = defaultdict(int)
    for one in schedule.assignments:
        times[one.operation_id] += 1
    for operation_id, number in times.items():
        if operation_id not in known or number > 1:
            yield Violation(ViolationKind.UNKNOWN, operation_id)
    for operation_id in sorted(known - set(times)):
        yield Violation(ViolationKind.MISSING, operation_id)


def _run(
    problem: Problem, operation: Operation, assignment: Assignment, minutes: int
) -> Iterator[Violation]:
    """Working time, duration, breaks, material and horizon of one operation."""
    resource_id = assignment.resource_id

    def wrong(kind: ViolationKind) -> Violation:
        return Violation(kind, operation.id, resource_id=resource_id)

    needed = {use.pool_id for use in operation.pools}
    calendars = [
        *(one.hours for one in problem.resources if one.id == resource_id),
        *(one.hours for one in problem.pools if one.id in needed),
    ]
    worked = _worked_by_all(calendars, assignment.start, assignment.end)
    if assignment.start < max(0, operation.earliest):
        yield wrong(ViolationKind.TOO_EARLY)
    if assignment.end > problem.horizon:
        yield wrong(ViolationKind.BEYOND_HORIZON)
    if sum(until - begin for begin, until in worked) != minutes:
        yield wrong(ViolationKind.WRONG_DURATION)
    elif minutes and (worked[0][0] != assignment.start or worked[-1][1] != assignment.end):
        yield wrong(ViolationKind.OUTSIDE_WORKING_TIME)
    elif not operation.split and assignment.end - assignment.start != minutes:
        yield wrong(ViolationKind.INTERRUPTED)


def _worked_by_all(calendars: list[Hours], start: int, end: int) -> list[tuple[int, int]]:
    """The parts of an interval in which all calendars work, those that touch made one."""
    edges = {start, end}
    for hours in calendars:
        for interval in hours:
            edges.update(edge for edge in interval if start < edge < end)
    parts: list[tuple[int, int]] = []
    for begin, until in pairwise(sorted(edges)):
        if all(any(low <= begin and until <= high for low, high in hours) for hours in calendars):
            if parts and parts[-1][1] == begin:
                parts[-1] = (parts[-1][0], until)
            else:
                parts.append((begin, until))
    return parts


def _precedences(
    placed: dict[str, Assignment], operations: dict[str, Operation]
) -> Iterator[Violation]:
    for operation_id, assignment in placed.items():
        operation = operations[operation_id]
        for earlier in operation.after:
            before = placed.get(earlier)
            both_fixed = operation.fixed is not None and operations[earlier].fixed is not None
            if before is None or both_fixed:
                continue
            if before.end + operation.lag > assignment.start:
                yield Violation(ViolationKind.PRECEDENCE, operation_id, earlier)


def _machines(
    problem: Problem,
    placed: dict[str, Assignment],
    operations: dict[str, Operation],
    resources: dict[str, Resource],
) -> Iterator[Violation]:
    lines: dict[tuple[str, int], list[Assignment]] = defaultdict(list)
    for assignment in placed.values():
        lines[assignment.resource_id, assignment.unit].append(assignment)
    for (resource_id, _), line in lines.items():
        if resource_id not in resources:
            continue
        line.sort(key=lambda one: (one.start, one.end))
        latest = line[0]
        for assignment in line[1:]:
            if latest.end > min(assignment.setup_start, assignment.start):
                yield Violation(
                    ViolationKind.OVERLAP,
                    assignment.operation_id,
                    latest.operation_id,
                    resource_id,
                )
            latest = max(latest, assignment, key=lambda one: one.end)
        yield from _setups(problem, line, operations, resources[resource_id])


def _setups(
    problem: Problem,
    line: list[Assignment],
    operations: dict[str, Operation],
    resource: Resource,
) -> Iterator[Violation]:
    """Each changeover takes what the sequence on the machine asks; a frozen one at least that."""
    own = {
        (one.from_family, one.to_family): one.minutes
        for given in (None, resource.id)
        for one in problem.changeovers
        if one.resource_id == given
    }
    family, decided = resource.family_at(line[0].unit), True
    for assignment in line:
        operation = operations[assignment.operation_id]
        parts = _worked_by_all([resource.hours], assignment.setup_start, assignment.start)
        given = sum(until - begin for begin, until in parts)
        needed = 0
        if family is not None and operation.family is not None:
            needed = own.get((family, operation.family), 0)
        if operation.fixed is None:
            right = given == needed and 0 <= assignment.setup_start <= assignment.start
        else:
            right = given >= needed or decided
        if not right:
            kind = ViolationKind.WRONG_SETUP
            yield Violation(kind, operation.id, resource_id=resource.id)
        if operation.family is not None:
            family, decided = operation.family, operation.fixed is not None


def _pools(
    problem: Problem, placed: dict[str, Assignment], operations: dict[str, Operation]
) -> Iterator[Violation]:
    for pool in problem.pools:
        taken = [
            (assignment, use.count, operations[assignment.operation_id].fixed is None)
            for assignment in placed.values()
            for use in operations[assignment.operation_id].pools
            if use.pool_id == pool.id
        ]
        for one, _, _ in taken:
            there = [each for each in taken if each[0].start <= one.start < each[0].end]
            load = sum(number for _, number, _ in there)
            # What runs or is frozen is taken as it is; what is free fits beside it.
            if load > pool.capacity and any(is_free for _, _, is_free in there):
                yield Violation(ViolationKind.POOL_OVERLOAD, one.operation_id, other_id=pool.id)
