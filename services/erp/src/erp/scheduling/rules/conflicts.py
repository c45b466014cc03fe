"""Why no schedule can exist: each with the operations and the constraint that exclude it."""

from collections import defaultdict
from collections.abc import Iterator

from erp.scheduling.rules.bounds import earliest_ends
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Assignment, Conflict, Operation, Option, Problem
from erp.scheduling.states import ConflictKind

__all__ = ["find", "without_place"]


def find(problem: Problem) -> list[Conflict]:
    """What excludes every schedule; empty does not promise that there is one."""
    indexed = Indexed(problem)
    if found := [*_missing_records(indexed)]:
        return found
    if found := [*_cycles(indexed)]:
        return found
    found = [
        conflict
        for operation in problem.operations
        if operation.fixed is None
        for conflict in without_place(indexed, operation)
    ]
    found += _frozen_overlaps(indexed)
    return found or [*_too_late(indexed)] or [*_overloads(indexed)]


def _missing_records(indexed: Indexed) -> Iterator[Conflict]:
    for one in indexed.problem.operations:
        places = {option.resource_id for option in one.options}
        if one.fixed is not None:
            places.add(one.fixed.resource_id)
        for place in sorted(places - indexed.resources.keys()):
            yield Conflict(ConflictKind.UNKNOWN, (one.id,), resource_id=place)
        for pool_id in sorted({use.pool_id for use in one.pools} - indexed.pools.keys()):
            yield Conflict(ConflictKind.UNKNOWN, (one.id,), pool_id=pool_id)
        for earlier in sorted(set(one.after) - indexed.operations.keys()):
            yield Conflict(ConflictKind.UNKNOWN, (one.id, earlier))
        if one.order_id not in indexed.orders:
            yield Conflict(ConflictKind.UNKNOWN, (one.id,))


def _cycles(indexed: Indexed) -> Iterator[Conflict]:
    """One ring of those that wait for each other; what waits for the ring is not named."""
    open_ones = {one.id for one in indexed.problem.operations}
    open_ones -= {one.id for one in indexed.ordered}
    if not open_ones:
        return
    path = [min(open_ones)]
    while len(set(path)) == len(path):
        path.append(min(set(indexed.operations[path[-1]].after) & open_ones))
    yield Conflict(ConflictKind.CYCLE, tuple(reversed(path[path.index(path[-1]) + 1 :])))


def without_place(indexed: Indexed, operation: Operation) -> Iterator[Conflict]:
    """Why it can be done nowhere, whatever else is done: too few in a pool, or no hours."""
    for use in operation.pools:
        capacity = indexed.pools[use.pool_id].capacity
        if use.count > capacity:
            yield Conflict(
                ConflictKind.POOL_TOO_SMALL,
                (operation.id,),
                pool_id=use.pool_id,
                needed=use.count,
                available=capacity,
            )
    if not operation.options:
        yield Conflict(ConflictKind.NO_WORKING_TIME, (operation.id,))
    refused = [_refused(indexed, operation, option) for option in operation.options]
    if None not in refused:
        yield from (one for one in refused if one is not None)


def _refused(indexed: Indexed, operation: Operation, option: Option) -> Conflict | None:
    hours = indexed.hours_of(operation, option)
    resource = indexed.resources[option.resource_id]
    pool_id = next(
        (
            use.pool_id
            for use in operation.pools
            if hours.hours != resource.hours and indexed.pools[use.pool_id].hours != resource.hours
        ),
        None,
    )
    if hours.total < max(1, option.minutes) or resource.capacity < 1:
        kind, available = ConflictKind.NO_WORKING_TIME, hours.total
    elif not operation.split and hours.longest < option.minutes:
        kind, available = ConflictKind.BLOCK_TOO_LONG, hours.longest
    else:
        return None
    return Conflict(kind, (operation.id,), option.resource_id, pool_id, option.minutes, available)


def _frozen_overlaps(indexed: Indexed) -> Iterator[Conflict]:
    """Frozen ones of one machine at the same time; what they share of pools is as it is."""
    lines: dict[tuple[str, int], list[Assignment]] = defaultdict(list)
    for one in indexed.problem.operations:
        if one.fixed is not None:
            lines[one.fixed.resource_id, one.fixed.unit].append(one.fixed)
    for (resource_id, _), line in lines.items():
        line.sort(key=lambda one: (one.setup_start, one.end))
        latest = line[0]
        for each in line[1:]:
            if each.setup_start < latest.end:
                ids = (latest.operation_id, each.operation_id)
                yield Conflict(ConflictKind.FROZEN_OVERLAP, ids, resource_id)
            latest = max(latest, each, key=lambda one: one.end)


def _too_late(indexed: Indexed) -> Iterator[Conflict]:
    """What cannot end before the horizon, or before a frozen operation that comes after it."""
    ends = earliest_ends(indexed)
    for operation in indexed.ordered:
        if operation.fixed is not None:
            for earlier in operation.after:
                end = ends.get(earlier)
                free = indexed.operations[earlier].fixed is None
                if free and end is not None and end + operation.lag > operation.fixed.start:
                    yield Conflict(
                        ConflictKind.FROZEN_BEFORE_EARLIER,
                        (earlier, operation.id),
                        operation.fixed.resource_id,
                        needed=end + operation.lag,
                        available=operation.fixed.start,
                    )
        elif ends[operation.id] is None and all(
            ends[earlier] is not None for earlier in operation.after
        ):
            chain = [operation.id]
            while after := indexed.operations[chain[-1]].after:
                chain.append(max(after, key=lambda one: ends[one] or 0))
            yield Conflict(
                ConflictKind.BEYOND_HORIZON,
                tuple(reversed(chain)),
                operation.options[0].resource_id,
                available=indexed.problem.horizon,
            )


def _overloads(indexed: Indexed) -> Iterator[Conflict]:
    """A work centre whose operations, which can be done nowhere else, need more than its hours."""
    for resource in indexed.problem.resources:
        mine = [
            one
            for one in indexed.problem.operations
            if one.fixed is None and [each.resource_id for each in one.options] == [resource.id]
        ]
        needed = sum(one.options[0].minutes for one in mine)
        available = indexed.hours(resource.id).total * resource.capacity
        if needed > available:
            yield Conflict(
                ConflictKind.OVERLOAD,
                tuple(one.id for one in mine),
                resource.id,
                needed=needed,
                available=available,
            )
