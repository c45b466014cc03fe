"""What no schedule can go below: each operation alone, with all machines free."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Operation, Option

__all__ = ["Searched", "Window", "earliest_ends", "earliest_run", "lead_ends", "searched"]


def earliest_run(indexed: Indexed, operation: Operation, ready: int) -> tuple[int, int] | None:
    """Start and end where it ends first, on machines that do nothing else; None: nowhere."""
    runs = (
        indexed.hours_of(operation, option).next_run(ready, option.minutes, split=operation.split)
        for option in operation.options
    )
    return min((run for run in runs if run), key=lambda run: run[1], default=None)


def earliest_ends(indexed: Indexed) -> dict[str, int | None]:
    """When each operation can end at the earliest; None: not before the horizon."""
    return _ends(indexed, material=True)


def lead_ends(indexed: Indexed) -> dict[str, int | None]:
    """The same if all material were there: by work and queues alone."""
    return _ends(indexed, material=False)


def _ends(indexed: Indexed, *, material: bool) -> dict[str, int | None]:
    ends: dict[str, int | None] = {}
    for operation in indexed.ordered:
        if operation.fixed is not None:
            ends[operation.id] = operation.fixed.end
            continue
        before = [ends[earlier] for earlier in operation.after]
        known = [end for end in before if end is not None]
        if len(known) < len(before):
            ends[operation.id] = None
            continue
        ready = max((end + operation.lag for end in known), default=0)
        ready = max(0, ready, operation.earliest if material else 0)
        run = earliest_run(indexed, operation, ready)
        ends[operation.id] = None if run is None else run[1]
    return ends


@dataclass(frozen=True, slots=True)
class Window:
    """An operation begins no earlier and ends no later in what is searched."""

    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class Searched:
    """What is searched: a window for each free operation, and what it costs to leave one."""

    windows: dict[str, Window]
    outside: int
    """No schedule that leaves a window costs less than this."""
    least: int
    """No schedule costs less than this: each order as if it were alone."""
    orders: dict[str, int]
    """What each order costs at least, by itself."""


def searched(indexed: Indexed, objective: int, latest: int) -> Searched:
    """Where each operation must lie if the schedule is to cost less than `objective`.

    An order that ends too late costs more than that by itself, beside the least that the others
    cost. Where that leaves too much time, it ends at `latest`: what lies beyond is not searched,
    and costs at least `outside`.
    """
    weights, horizon = indexed.problem.weights, indexed.problem.horizon
    ends = {key: end if end is not None else horizon for key, end in earliest_ends(indexed).items()}
    order_ends = {
        order_id: max(ends[one.id] for one in operations)
        for order_id, operations in indexed.of_order.items()
    }
    least = {
        order_id: weights.factor(indexed.orders[order_id])
        * max(0, end - indexed.orders[order_id].due)
        + weights.flow * end
        for order_id, end in order_ends.items()
    }
    shortest = max([*order_ends.values(), *_load_ends(indexed, ends)], default=0)
    room = objective - sum(least.values()) - weights.makespan * shortest
    until: dict[str, int] = {}
    outside = objective
    for order_id, end in order_ends.items():
        order, factor = indexed.orders[order_id], weights.factor(indexed.orders[order_id])
        last = horizon
        if factor:
            last = min(last, max(end, order.due) + room // factor)
        if weights.makespan:
            last = min(last, shortest + room // weights.makespan)
        if last > latest:
            cost = objective - room + factor * max(0, latest + 1 - max(end, order.due))
            cost += weights.makespan * max(0, latest + 1 - shortest)
            outside = min(outside, cost)
            last = latest
        until[order_id] = last
    return Searched(_windows(indexed, ends, until), outside, objective - room, least)


def _load_ends(indexed: Indexed, ends: dict[str, int]) -> Iterator[int]:
    """When each work centre has done what only it can do, if it does nothing else."""
    for resource in indexed.problem.resources:
        mine = [
            one
            for one in indexed.problem.operations
            if one.fixed is None and {each.resource_id for each in one.options} == {resource.id}
        ]
        hours = indexed.hours(resource.id)
        before = min((hours.worked(_ready(one, ends)) for one in mine), default=0)
        needed = sum(one.options[0].minutes for one in mine)
        if needed:
            yield hours.end(before + ceil(needed / resource.capacity))


def _ready(operation: Operation, ends: dict[str, int]) -> int:
    before = (ends[earlier] + operation.lag for earlier in operation.after)
    return max(0, operation.earliest, max(before, default=0))


def _windows(indexed: Indexed, ends: dict[str, int], until: dict[str, int]) -> dict[str, Window]:
    latest_starts: dict[str, int] = {}
    found: dict[str, Window] = {}
    for operation in reversed(indexed.ordered):
        if operation.fixed is not None:
            latest_starts[operation.id] = operation.fixed.start
            continue
        latest = until[operation.order_id]
        for follower in indexed.followers.get(operation.id, ()):
            latest = min(latest, latest_starts[follower.id] - follower.lag)
        found[operation.id] = Window(_ready(operation, ends), latest)
        latest_starts[operation.id] = max(
            (_latest_start(indexed, operation, option, latest) for option in operation.options),
            default=0,
        )
    return found


def _latest_start(indexed: Indexed, operation: Operation, option: Option, latest: int) -> int:
    hours = indexed.hours_of(operation, option)
    start = hours.begin(hours.worked(latest) - option.minutes)
    return 0 if start is None else start
