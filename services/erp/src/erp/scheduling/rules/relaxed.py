"""What a large problem costs at least: each work centre alone, as if all others were free.

Of an operation there remain its earliest start, what must follow it, and its machine; changeovers,
pools and places elsewhere fall away. So what is proven for this holds for every schedule.
"""

from dataclasses import replace

from erp.scheduling.rules import serial
from erp.scheduling.rules.bounds import Searched, searched
from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Impossible, Limit, Operation, Problem
from erp.scheduling.rules.solving.model import build
from erp.scheduling.rules.solving.search import search

__all__ = ["bound_of_machines"]

CENTRES = 3
"""The busiest ones are looked at."""


def bound_of_machines(indexed: Indexed, space: Searched, limit: Limit, seed: int) -> int:
    """The largest bound that one of the busiest work centres gives; 0: none."""
    alone = _alone(indexed)
    busiest = sorted(alone, key=lambda key: (-_load(indexed, alone[key], key), key))[:CENTRES]
    share = Limit(limit.work / CENTRES, limit.seconds / CENTRES, limit.workers)
    bounds = [
        _bound(space, _problem(indexed, space, key, alone[key]), share, seed) for key in busiest
    ]
    return max(bounds, default=0)


def _alone(indexed: Indexed) -> dict[str, list[Operation]]:
    """The operations that can be done at one work centre only, by it."""
    found: dict[str, list[Operation]] = {}
    for one in indexed.ordered:
        if one.fixed is None and len(one.options) == 1:
            found.setdefault(one.options[0].resource_id, []).append(one)
    return found


def _load(indexed: Indexed, operations: list[Operation], resource_id: str) -> float:
    """The part of its hours that a work centre is needed for."""
    needed = sum(one.options[0].minutes for one in operations)
    return needed / max(
        1, indexed.hours(resource_id).total * indexed.resources[resource_id].capacity
    )


def _bound(space: Searched, problem: Problem, limit: Limit, seed: int) -> int:
    """What is proven of a work centre, and what the orders that do not need it cost at least."""
    inner = Indexed(problem)
    others = sum(cost for order_id, cost in space.orders.items() if order_id not in inner.of_order)
    try:
        start = serial.generate(problem)
    except Impossible:
        return 0
    here = searched(inner, start.objective, problem.horizon)
    found = search(inner, build(inner, here, start.assignments), limit, seed, None)
    return others + min(max(found.bound, here.least), here.outside)


def _problem(
    indexed: Indexed, space: Searched, resource_id: str, operations: list[Operation]
) -> Problem:
    problem = indexed.problem
    tails = serial.tails(indexed)
    left: dict[str, int] = {}
    for one in operations:
        tail = tails[one.id] - one.options[0].minutes
        left[one.order_id] = min(left.get(one.order_id, tail), tail)
    return replace(
        problem,
        resources=tuple(one for one in problem.resources if one.id == resource_id),
        orders=tuple(
            replace(one, due=one.due - left[one.id]) for one in problem.orders if one.id in left
        ),
        operations=tuple(
            replace(
                one,
                after=(),
                lag=0,
                earliest=space.windows[one.id].earliest,
                family=None,
                pools=(),
            )
            for one in operations
        ),
        pools=(),
        changeovers=(),
        previous=(),
        weights=replace(problem.weights, setup=0, moved=0, alternate=0),
    )
