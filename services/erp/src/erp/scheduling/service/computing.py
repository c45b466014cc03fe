"""Schedules computed apart from the worker's own work: the rule first, then the solver.

The solver has a process of its own: whatever becomes of it, what the rule found is there.
"""

import asyncio
import multiprocessing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

from erp.scheduling.rules import checker, conflicts, lateness, moves, serial, solver
from erp.scheduling.rules.problem import (
    Conflict,
    Impossible,
    Limit,
    Moves,
    Problem,
    Progress,
    Reason,
    Schedule,
)

__all__ = ["Computed", "SolverStopped", "by_rule", "improved"]

POLL_SECONDS = 0.25
WORKERS = 2
_ON_THE_CLOCK = 4
"""So many times its own seconds the solver may take on the clock."""

_best: Any = None


class SolverStopped(Exception):
    """The solver ended without a result."""


@dataclass(frozen=True)
class Computed:
    """A schedule that the checker has proven, what it moves, and why orders are late."""

    schedule: Schedule
    moves: Moves
    reasons: Mapping[str, Sequence[Reason]]


def _described(problem: Problem, schedule: Schedule) -> Computed:
    wrong = checker.violations(problem, schedule)
    if wrong:
        message = f"{len(wrong)} violations, such as {wrong[0]}"
        raise AssertionError(message)
    moved = moves.compare(problem.previous, schedule.assignments, problem)
    return Computed(schedule, moved, lateness.reasons(problem, schedule))


def _by_rule(problem: Problem) -> Computed | Sequence[Conflict]:
    found = conflicts.find(problem)
    if found:
        return found
    try:
        return _described(problem, serial.generate(problem))
    except Impossible as impossible:
        return impossible.conflicts


async def by_rule(problem: Problem) -> Computed | Sequence[Conflict]:
    """The schedule of the rule, or why there can be none."""
    return await asyncio.to_thread(_by_rule, problem)


def _share(best: Any) -> None:
    """Let the process say how far it is."""
    global _best  # noqa: PLW0603 - the one thing that the process and its parent share
    _best = best


def _improved(problem: Problem, start: Schedule, seconds: int) -> Computed:
    limit = Limit(work=seconds, seconds=seconds * _ON_THE_CLOCK, workers=WORKERS)

    def note(progress: Progress) -> bool:
        if _best is not None:
            _best.value = min(99, int(progress.seconds * 100 / seconds))
        return True

    return _described(problem, solver.improve(problem, start, limit, progress=note))


async def improved(
    problem: Problem, start: Schedule, seconds: int, progress: Callable[[int], Awaitable[None]]
) -> Computed:
    """A schedule no worse than the start, from another process; `progress` is given percents.

    Raises SolverStopped where the process was killed or the solver is not installed.
    """
    context = multiprocessing.get_context("spawn")
    best = context.Value("i", 0)
    try:
        with ProcessPoolExecutor(1, context, initializer=_share, initargs=(best,)) as pool:
            loop = asyncio.get_running_loop()
            running = loop.run_in_executor(pool, _improved, problem, start, seconds)
            shown = 0
            while not running.done():
                await asyncio.wait([running], timeout=POLL_SECONDS)
                if best.value != shown:
                    shown = best.value
                    await progress(shown)
            return await running
    except (BrokenProcessPool, ImportError) as stopped:
        raise SolverStopped from stopped
