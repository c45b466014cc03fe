"""The rule: operations one after another, each at its first possible moment (E67, E68).

The order in which they are taken decides. Several orders are tried, all within milliseconds, and
the one with the smallest weighted sum is the schedule: always there, whatever the solver does.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from erp.scheduling.rules import conflicts
from erp.scheduling.rules.board import Board, Spot
from erp.scheduling.rules.indexed import Indexed, objective_of
from erp.scheduling.rules.problem import (
    Assignment,
    Conflict,
    Impossible,
    Operation,
    Problem,
    Schedule,
)
from erp.scheduling.states import ConflictKind, ScheduleMethod

__all__ = ["generate", "in_sequence", "moved_forward", "place_all", "schedule_of", "tails"]

Key = Callable[[Operation], Any]


def generate(problem: Problem) -> Schedule:
    """A schedule within milliseconds: rush orders first, then by priority and due date.

    What is published already stays where it is, unless that costs more than moving it. Raises
    Impossible.
    """
    began = perf_counter()
    if found := conflicts.find(problem):
        raise Impossible(tuple(found))
    indexed = Indexed(problem)
    best: tuple[int, tuple[Assignment, ...]] | None = None
    refused: Impossible | None = None
    for candidate in _candidates(indexed):
        try:
            assignments = candidate()
        except Impossible as failed:
            refused = refused or failed
            continue
        objective = objective_of(indexed, assignments)
        if best is None or objective < best[0]:
            best = (objective, assignments)
    if best is None:
        raise refused or Impossible(())
    return schedule_of(indexed, best[1], ScheduleMethod.RULE, seconds=perf_counter() - began)


def in_sequence(problem: Problem, sequence: Sequence[str]) -> Schedule:
    """Operations taken in exactly this order; one named before what it waits for waits."""
    began = perf_counter()
    indexed = Indexed(problem)
    places = {operation_id: place for place, operation_id in enumerate(sequence)}
    assignments = place_all(indexed, _listed(indexed, lambda one: places[one.id]))
    return schedule_of(indexed, assignments, ScheduleMethod.RULE, seconds=perf_counter() - began)


def schedule_of(
    indexed: Indexed,
    assignments: tuple[Assignment, ...],
    method: ScheduleMethod,
    *,
    bound: int | None = None,
    seconds: float = 0.0,
) -> Schedule:
    """The schedule of these assignments, with its figures."""
    return Schedule(
        assignments=assignments,
        method=method,
        objective=objective_of(indexed, assignments),
        makespan=max((one.end for one in assignments), default=0),
        bound=bound,
        moved=sum(
            indexed.moved(one)
            for one in assignments
            if indexed.operations[one.operation_id].fixed is None
        ),
        seconds=seconds,
    )


def place_all(
    indexed: Indexed,
    operations: Iterable[Operation],
    keep: Mapping[str, Assignment] | None = None,
) -> tuple[Assignment, ...]:
    """Each operation at its first possible moment, or where `keep` has it if it can stay there.

    Raises Impossible: one does not end before the horizon, or not before a frozen one.
    """
    fixed = (one.fixed for one in indexed.problem.operations if one.fixed is not None)
    board = Board(indexed, fixed)
    for operation in operations:
        if operation.fixed is None:
            _place(indexed, board, operation, (keep or {}).get(operation.id))
    return board.assignments()


def moved_forward(indexed: Indexed, assignments: tuple[Assignment, ...]) -> tuple[Assignment, ...]:
    """Each operation on its machine as early as possible, in the order of the starts.

    What stays where it is published is not moved. Raises Impossible.
    """
    places = {one.operation_id: one for one in assignments}
    keep = {key: one for key, one in places.items() if key in indexed.previous}
    keep = {key: one for key, one in keep.items() if not indexed.moved(one)}
    board = Board(indexed, (one.fixed for one in indexed.problem.operations if one.fixed))
    for operation in _listed(indexed, lambda one: places[one.id].start):
        if operation.fixed is None:
            resource_id = places[operation.id].resource_id
            chosen = tuple(one for one in operation.options if one.resource_id == resource_id)
            _place(indexed, board, replace(operation, options=chosen), keep.get(operation.id))
    return board.assignments()


def _place(indexed: Indexed, board: Board, operation: Operation, before: Assignment | None) -> None:
    ready = board.ready(operation)
    spot = None if before is None else board.spot_at(operation, before, ready)
    _put(indexed, board, operation, spot or board.best_spot(operation, ready))


def _put(indexed: Indexed, board: Board, operation: Operation, spot: Spot | None) -> None:
    """Put it there. Raises Impossible: nowhere, or too late for a frozen one after it."""
    if spot is None:
        conflict = Conflict(
            ConflictKind.BEYOND_HORIZON,
            (operation.id,),
            operation.options[0].resource_id,
            available=indexed.problem.horizon,
        )
        raise Impossible((conflict,))
    for follower in indexed.followers.get(operation.id, ()):
        if follower.fixed and spot.end + follower.lag > follower.fixed.start:
            raise Impossible(
                (Conflict(ConflictKind.FROZEN_BEFORE_EARLIER, (operation.id, follower.id)),)
            )
    board.add(spot.assignment)


def _dispatched(indexed: Indexed, key: Key) -> tuple[Assignment, ...]:
    """Always what can begin first is placed next; of several the one that the key prefers.

    So no machine waits for what is urgent but not there yet. Places only become later, so one is
    looked at again only when it is next.
    """
    board = Board(indexed, (one.fixed for one in indexed.problem.operations if one.fixed))
    urgent = _before_fixed(indexed)
    waiting = {one.id: len(set(one.after)) for one in indexed.problem.operations}
    places = {one.id: place for place, one in enumerate(indexed.ordered)}

    def entry(operation: Operation) -> Any:
        spot = None if operation.fixed else board.best_spot(operation, board.ready(operation))
        start = 0 if spot is None else spot.assignment.start
        rank = (operation.id not in urgent, start, key(operation), places[operation.id])
        return (rank, operation, spot, board.changes(operation))

    ready = [entry(one) for one in indexed.problem.operations if not one.after]
    heapq.heapify(ready)
    while ready:
        _, operation, spot, changes = heapq.heappop(ready)
        if operation.fixed is None:
            if changes != board.changes(operation):
                heapq.heappush(ready, entry(operation))
                continue
            _put(indexed, board, operation, spot)
        for follower in indexed.followers.get(operation.id, ()):
            waiting[follower.id] -= 1
            if not waiting[follower.id]:
                heapq.heappush(ready, entry(follower))
    return board.assignments()


def _candidates(indexed: Indexed) -> Iterator[Callable[[], tuple[Assignment, ...]]]:
    after = tails(indexed)
    orders = indexed.orders

    def by_order(operation: Operation) -> Any:
        return indexed.place(orders[operation.order_id])

    def by_due(operation: Operation) -> Any:
        order = orders[operation.order_id]
        return (not order.rush, order.due, *indexed.place(order))

    def by_latest_start(operation: Operation) -> Any:
        order = orders[operation.order_id]
        return (not order.rush, order.due - after[operation.id], operation.id)

    def by_family(operation: Operation) -> Any:
        order = orders[operation.order_id]
        return (not order.rush, operation.family or "", *indexed.place(order))

    keys: list[Key] = [by_order, by_due, by_latest_start]
    if indexed.problem.changeovers:
        keys.append(by_family)
    for key in keys:
        yield lambda key=key: place_all(indexed, _listed(indexed, key))  # type: ignore[misc]
    yield lambda: _dispatched(indexed, by_latest_start)
    if indexed.previous:
        yield lambda: _keeping(indexed, set())
        yield lambda: _keeping(indexed, _late(indexed, _keeping(indexed, set())))


def _keeping(indexed: Indexed, first: set[str]) -> tuple[Assignment, ...]:
    """What is published stays; the orders named `first` are placed anew before all others."""
    orders, previous = indexed.orders, indexed.previous

    def key(operation: Operation) -> Any:
        placed = previous.get(operation.id)
        place = indexed.place(orders[operation.order_id])
        if operation.order_id in first:
            return (0, 0, *place)
        return (2, 0, *place) if placed is None else (1, placed.start, *place)

    keep = {
        operation_id: one
        for operation_id, one in previous.items()
        if operation_id in indexed.operations
        and indexed.operations[operation_id].order_id not in first
    }
    return place_all(indexed, _listed(indexed, key), keep)


def _late(indexed: Indexed, assignments: tuple[Assignment, ...]) -> set[str]:
    orders = ((indexed.operations[one.operation_id].order_id, one.end) for one in assignments)
    return {order_id for order_id, end in orders if end > indexed.orders[order_id].due}


def tails(indexed: Indexed) -> dict[str, int]:
    """Minutes of work and queue at least from the start of each operation to its order's end."""
    found: dict[str, int] = {}
    for operation in reversed(indexed.ordered):
        shortest = min((one.minutes for one in operation.options), default=0)
        after = (
            found[one.id] + one.lag
            for one in indexed.followers.get(operation.id, ())
            if one.order_id == operation.order_id
        )
        found[operation.id] = shortest + max(after, default=0)
    return found


def _listed(indexed: Indexed, key: Key) -> Iterator[Operation]:
    """By the key, each after those that it waits for; what frozen ones wait for is first."""
    urgent = _before_fixed(indexed)
    waiting = {one.id: len(set(one.after)) for one in indexed.problem.operations}
    places = {one.id: place for place, one in enumerate(indexed.ordered)}

    def entry(operation: Operation) -> Any:
        frozen = operation.fixed is not None
        rank = 0 if frozen else 1 if operation.id in urgent else 2
        return (rank, () if frozen else key(operation), places[operation.id], operation)

    ready = [entry(one) for one in indexed.problem.operations if not one.after]
    heapq.heapify(ready)
    while ready:
        operation = heapq.heappop(ready)[-1]
        yield operation
        for follower in indexed.followers.get(operation.id, ()):
            waiting[follower.id] -= 1
            if not waiting[follower.id]:
                heapq.heappush(ready, entry(follower))


def _before_fixed(indexed: Indexed) -> set[str]:
    """The operations that a frozen one waits for, near and far."""
    found: set[str] = set()
    open_ones = [one for one in indexed.problem.operations if one.fixed]
    while open_ones:
        for earlier in open_ones.pop().after:
            if earlier not in found:
                found.add(earlier)
                open_ones.append(indexed.operations[earlier])
    return found
