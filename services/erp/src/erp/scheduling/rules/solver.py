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
from erp.scheduling.states import ScheduleMethod

__all__ = ["improve", "is_installed"]

TWO_DAYS = 2 * 24 * 60
WHOLE_MAX = 4_000
"""Variables of a model that is searched as a whole; larger ones are in rounds, part after part."""


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
    from erp.scheduling.rules.relaxed import bound_of_machines  # noqa: PLC0415 - needs the extra
    from erp.scheduling.rules.rounds import improve_in_rounds  # noqa: PLC0415 - needs the extra
    from erp.scheduling.rules.solving.model import build  # noqa: PLC0415 - needs the extra
    from erp.scheduling.rules.solving.search import search  # noqa: PLC0415 - needs the extra

    began = perf_counter()
    limit = limit or Limit()
    indexed = Indexed(problem)
    objective = objective_of(indexed, start.assignments)
    latest = min(problem.horizon, start.makespan + max(start.makespan // 2, TWO_DAYS))
    space = searched(indexed, objective, latest)
    model = build(indexed, space, start.assignments)
    bound = space.least
    if model.size > WHOLE_MAX:
        part = Limit(limit.work / 5, limit.seconds / 5, limit.workers)
        bound = max(bound, bound_of_machines(indexed, space, part, seed))
        rest = limit.seconds - (perf_counter() - began)
        limit = Limit(limit.work * 4 / 5, max(0.0, rest), limit.workers)
        variants = [improve_in_rounds(indexed, start.assignments, limit, seed, progress)]
    else:
        found = search(indexed, model, limit, seed, progress)
        variants = _variants(indexed, found.assignments)
        if model.complete:
            bound = max(bound, min(found.bound, space.outside))
    best, method = start.assignments, start.method
    for assignments in variants:
        cost = objective_of(indexed, assignments)
        if cost < objective:
            best, objective, method = assignments, cost, ScheduleMethod.SOLVER
    return schedule_of(
        indexed,
        best,
        method,
        bound=min(objective, bound),
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
