"""Searching a model: the same result each time, and the schedule that it stands for."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from math import ceil

from ortools.sat.python import cp_model

from erp.scheduling.rules.indexed import Indexed
from erp.scheduling.rules.problem import Assignment, Limit, Progress
from erp.scheduling.rules.solving.model import Model

__all__ = ["Found", "search"]

_TOLERANCE = 1e-6
"""Bounds are whole numbers that the solver reports as floating-point ones."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the search ends with; None: no schedule. `bound` holds within what is searched."""

    assignments: tuple[Assignment, ...] | None
    bound: int
    work: float
    """What the search took, in the solver's own seconds."""
    proven: bool
    """Whether nothing better is within what is searched."""


class _Report(cp_model.CpSolverSolutionCallback):
    def __init__(self, progress: Callable[[Progress], bool]) -> None:
        super().__init__()
        self._progress = progress

    def on_solution_callback(self) -> None:
        """Pass on how good the new one is."""
        found = Progress(
            round(self.objective_value),
            ceil(self.best_objective_bound - _TOLERANCE),
            self.wall_time,
        )
        if not self._progress(found):
            self.stop_search()


def search(
    indexed: Indexed,
    model: Model,
    limit: Limit,
    seed: int,
    progress: Callable[[Progress], bool] | None,
) -> Found:
    """Search until it is proven that there is none better, or until the limit."""
    solver = cp_model.CpSolver()
    solver.parameters.random_seed = seed
    solver.parameters.num_workers = limit.workers
    solver.parameters.interleave_search = True
    solver.parameters.max_deterministic_time = limit.work
    solver.parameters.max_time_in_seconds = limit.seconds
    status = solver.solve(model.proto, None if progress is None else _Report(progress))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Found(None, 0, limit.work, proven=False)
    bound = ceil(solver.best_objective_bound - _TOLERANCE)
    work = float(solver.response_proto.deterministic_time)
    proven = status == cp_model.OPTIMAL
    return Found(_assignments(indexed, model, solver), bound, work, proven=proven)


def _assignments(
    indexed: Indexed, model: Model, solver: cp_model.CpSolver
) -> tuple[Assignment, ...]:
    fixed = [one.fixed for one in indexed.problem.operations if one.fixed is not None]
    units = {
        (visit.operation.id, resource_id): unit
        for resource_id in model.by_unit
        for visit in model.visits[resource_id]
        for unit, there in visit.units.items()
        if visit.fixed is None and (len(visit.units) == 1 or solver.boolean_value(there))
    }
    setups = {
        (visit.operation.id, resource_id): solver.value(visit.setup)
        for resource_id, visits in model.visits.items()
        for visit in visits
        if visit.setup is not None
    }
    found: list[Assignment] = []
    for run in model.runs:
        choice = next(
            one for one in run.choices if len(run.choices) == 1 or solver.boolean_value(one.taken)
        )
        resource_id, hours = choice.option.resource_id, choice.group.hours
        start = hours.begin(solver.value(choice.group.start)) or 0
        end = hours.add(start, choice.option.minutes) or start
        key = (run.operation.id, resource_id)
        begin = indexed.hours(resource_id).back(start, setups.get(key, 0))
        found.append(
            Assignment(
                run.operation.id,
                resource_id,
                units.get(key, -1),
                start if begin is None else begin,
                start,
                end,
            )
        )
    placed = _with_units(indexed, found)
    return tuple(sorted(chain(placed, fixed), key=lambda one: (one.start, one.operation_id)))


def _with_units(indexed: Indexed, found: list[Assignment]) -> list[Assignment]:
    """Give out machines that are alike: to each the first that is free, the former one if it is."""
    free: dict[str, list[int]] = {}
    given: list[Assignment] = []
    for one in sorted(found, key=lambda each: (each.start, each.end)):
        if one.unit >= 0:
            given.append(one)
            continue
        capacity = indexed.resources[one.resource_id].capacity
        until = free.setdefault(one.resource_id, [0] * capacity)
        before = indexed.previous.get(one.operation_id)
        former = before.unit if before and before.resource_id == one.resource_id else 0
        units = sorted(range(capacity), key=lambda unit: unit != former)
        unit = next(each for each in units if until[each] <= one.start)
        until[unit] = one.end
        given.append(
            Assignment(one.operation_id, one.resource_id, unit, one.setup_start, one.start, one.end)
        )
    return given
