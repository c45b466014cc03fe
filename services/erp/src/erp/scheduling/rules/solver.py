"""The solver: a schedule that is better, and how far from the best it is at most (E70)."""

from collections.abc import Callable
from importlib.util import find_spec
from time import perf_counter

from erp.scheduling.rules.bounds import searched
from erp.scheduling.rules.indexed import Indexed, objective_of
from erp.scheduling.rules.problem import (
    Assignment,
    Impossible,
    Limit,
    Problem,
    Progress,
    Schedule,
)
from erp.scheduling.rules.serial import moved_forward, schedule_of
from erp.scheduling.states import Method

__all__ = ["improve", "is_installed"]

TWO_DAYS = 2 * 24 * 60


def is_installed() -> bool:
    """Whether the extra `aps` is there."""
    return find_spec("ortools") is not None


def improve(
    problem: Problem,
    start: Schedule,
    limit: Limit | None = None,
    seed: int = 0,
    progress: Callable[[Progress], bool] | None = None,
) -> Schedule:
    """A schedule no worse than `start`, with its bound; the same for the same problem and seed.

    `progress` is called with each better one; False stops. Raises ImportError without `aps`.
    """
    from erp.scheduling.rules.solving.model import build  # noqa: PLC0415 - needs the extra
    from erp.scheduling.rules.solving.search import search  # noqa: PLC0415 - needs the extra

    began = perf_counter()
    indexed = Indexed(problem)
    objective = objective_of(indexed, start.assignments)
    latest = min(problem.horizon, start.makespan + max(start.makespan // 2, TWO_DAYS))
    space = searched(indexed, objective, latest)
    model = build(indexed, space, start.assignments)
    found = search(indexed, model, limit or Limit(), seed, progress)
    bound = min(found.bound, space.outside) if model.complete else space.least
    best, method = start.assignments, start.method
    for assignments in _variants(indexed, found.assignments):
        cost = objective_of(indexed, assignments)
        if cost < objective:
            best, objective, method = assignments, cost, Method.SOLVER
    return schedule_of(
        indexed,
        best,
        method,
        bound=min(objective, max(bound, space.least)),
        seconds=start.seconds + perf_counter() - began,
    )


def _variants(
    indexed: Indexed, found: tuple[Assignment, ...] | None
) -> list[tuple[Assignment, ...]]:
    """What was found, and the same without idle time that serves nothing."""
    if found is None:
        return []
    try:
        return [moved_forward(indexed, found), found]
    except Impossible:
        return [found]
