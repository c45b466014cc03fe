"""Large problems: round after round a part of the schedule is searched, and the rest stands still.

A part is what happens in a while, what some orders need, or what some machines do. Its size
follows how hard the rounds before were. What is chosen follows from the seed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from time import perf_counter

from erp.scheduling.rules.bounds import searched
from erp.scheduling.rules.indexed import Indexed, objective_of
from erp.scheduling.rules.problem import Assignment, Impossible, Limit, Operation, Progress
from erp.scheduling.rules.serial import moved_forward
from erp.scheduling.rules.solving.model import build
from erp.scheduling.rules.solving.search import Found, search

__all__ = ["improve_in_rounds"]

WORK = 0.3
"""Of one round, in the solver's own seconds."""
SECONDS = 5.0
"""Of one round on the clock, on a computer with much else to do."""
SMALLEST, LARGEST = 12, 120
"""Operations of one round."""
ROUNDS_MAX = 10_000


@dataclass(slots=True)
class _State:
    """The best schedule so far, by operation, with what it costs."""

    placed: dict[str, Assignment]
    objective: int
    size: int = 40


def improve_in_rounds(
    indexed: Indexed,
    start: tuple[Assignment, ...],
    limit: Limit,
    seed: int,
    progress: Callable[[Progress], bool] | None,
) -> tuple[Assignment, ...]:
    """A schedule that costs no more than `start`, until the limit or until `progress` stops it."""
    began, work = perf_counter(), limit.work
    chance = Random(seed)  # noqa: S311 - it only spreads what is searched
    state = _State({one.operation_id: one for one in start}, objective_of(indexed, start))
    least = searched(indexed, state.objective, indexed.problem.horizon).least
    for number in range(ROUNDS_MAX):
        seconds = limit.seconds - (perf_counter() - began)
        if work <= 0 or seconds <= 0 or state.objective <= least:
            break
        part = _part(chance, indexed, state, number)
        once = Limit(WORK, min(SECONDS, seconds), limit.workers)
        found = _search_part(indexed, state, part, once, seed + number)
        work -= max(found.work, WORK / 20)
        grown = state.size * (1.15 if found.proven else 0.85)
        state.size = max(SMALLEST, min(LARGEST, round(grown)))
        if _accept(indexed, state, found) and progress is not None:
            news = Progress(state.objective, least, perf_counter() - began)
            if not progress(news):
                break
    return tuple(sorted(state.placed.values(), key=lambda one: (one.start, one.operation_id)))


def _search_part(indexed: Indexed, state: _State, part: set[str], limit: Limit, seed: int) -> Found:
    """The part searched anew; all else is frozen where it is."""
    problem = indexed.problem

    def frozen(operation: Operation) -> Operation:
        if operation.fixed is not None or operation.id in part:
            return operation
        return replace(operation, fixed=state.placed[operation.id])

    inner = Indexed(replace(problem, operations=tuple(map(frozen, problem.operations))))
    placed = tuple(state.placed.values())
    latest = max(one.end for one in placed)
    space = searched(inner, objective_of(inner, placed), min(problem.horizon, latest))
    model = build(inner, space, placed)
    return search(inner, model, limit, seed, None)


def _accept(indexed: Indexed, state: _State, found: Found) -> bool:
    """Take over what is not worse; True if it is better.

    Changeovers are those of the whole sequence: what a frozen operation has beyond its need is
    given back.
    """
    if found.assignments is None:
        return False
    try:
        assignments = moved_forward(indexed, found.assignments)
    except Impossible:
        return False
    objective = objective_of(indexed, assignments)
    better = objective < state.objective
    if objective <= state.objective:
        state.placed = {one.operation_id: one for one in assignments}
        state.objective = objective
    return better


def _part(chance: Random, indexed: Indexed, state: _State, number: int) -> set[str]:
    free = [one for one in indexed.problem.operations if one.fixed is None]
    chosen = (_of_orders, _of_a_while, _of_machines)[number % 3](chance, indexed, state, free)
    return {one.id for one in chosen[: state.size]}


def _of_orders(
    chance: Random, indexed: Indexed, state: _State, free: list[Operation]
) -> list[Operation]:
    """A late order, and others that run at the same time, as many as there is room for."""
    ends: dict[str, int] = {}
    for one in free:
        end = state.placed[one.id].end
        ends[one.order_id] = max(ends.get(one.order_id, 0), end)
    late = [key for key, end in ends.items() if end > indexed.orders[key].due]
    first = chance.choice(late or sorted(ends))
    by_distance = {
        key: abs(end - ends[first]) * chance.uniform(0.2, 1) for key, end in ends.items()
    }
    nearest = sorted(ends, key=lambda key: (by_distance[key], key))
    return [one for key in nearest for one in indexed.of_order[key] if one.fixed is None]


def _of_a_while(
    chance: Random, _indexed: Indexed, state: _State, free: list[Operation]
) -> list[Operation]:
    """What begins one after another from some moment."""
    ordered = sorted(free, key=lambda one: (state.placed[one.id].start, one.id))
    begin = chance.randrange(max(1, len(ordered) - state.size // 2))
    return ordered[begin:]


def _of_machines(
    chance: Random, _indexed: Indexed, state: _State, free: list[Operation]
) -> list[Operation]:
    """What one machine does, and then another, and those that could."""
    names = sorted({option.resource_id for one in free for option in one.options})
    chance.shuffle(names)
    rank = {name: place for place, name in enumerate(names)}
    return sorted(
        free, key=lambda one: (rank[state.placed[one.id].resource_id], state.placed[one.id].start)
    )
