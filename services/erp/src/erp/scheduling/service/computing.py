"""Schedules computed apart from the worker's own work: the rule first, then the solver.

The solver has a process of its own: whatever becomes of it, what the rule found is there.
"""

import asyncio
import multiprocessing
import os
import threading
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
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

POLL_SECONDS = 1.0
STOP_SECONDS = 0.1
WORKERS = 2
_ON_THE_CLOCK = 4
"""So many times its own seconds the solver may take on the clock."""


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


def _improved(
    problem: Problem, start: Schedule, seconds: int, note: Callable[[Progress], bool]
) -> Computed:
    limit = Limit(work=seconds, seconds=seconds * _ON_THE_CLOCK, workers=WORKERS)
    return _described(problem, solver.improve(problem, start, limit, progress=note))


def _end_with_parent() -> None:
    """Do not work on for a worker that is not there any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _solve(
    found: Connection, percent: Any, problem: Problem, start: Schedule, seconds: int
) -> None:
    """What the process does: what it finds, or why there is nothing, goes to its parent."""
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def note(progress: Progress) -> bool:
        percent.value = min(99, int(progress.seconds * 100 / seconds))
        return True

    try:
        found.send(_improved(problem, start, seconds, note))
    except Exception:  # noqa: BLE001 - the parent says what failed, and goes on without it
        found.send(traceback.format_exc())


class _Solving:
    """The solver's process, watched by a thread: the loop of the worker never waits for it."""

    def __init__(self, problem: Problem, start: Schedule, seconds: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.percent = context.Value("i", 0)
        self._found, self._sender = context.Pipe(duplex=False)
        given = (self._sender, self.percent, problem, start, seconds)
        self.process = context.Process(target=_solve, args=given, daemon=True)
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the process, whatever it has found."""
        self._stopped.set()

    def run(self) -> Computed:
        """Start it, and wait. Raises SolverStopped."""
        try:
            self.process.start()
            self._sender.close()
            while not self._stopped.is_set():
                if self._found.poll(STOP_SECONDS):
                    return self._received()
            raise SolverStopped
        finally:
            if self.process.pid is not None:
                self.process.kill()
                self.process.join()
            self._found.close()

    def _received(self) -> Computed:
        try:
            found = self._found.recv()
        except (EOFError, OSError) as ended:
            raise SolverStopped from ended
        if isinstance(found, Computed):
            return found
        raise SolverStopped(found)


async def improved(
    problem: Problem, start: Schedule, seconds: int, progress: Callable[[int], Awaitable[bool]]
) -> Computed:
    """A schedule no worse than the start, from another process.

    `progress` is given percents, and says whether to go on. Raises SolverStopped: it was not to go
    on, its process was killed or failed, or the solver is not installed.
    """
    solving = _Solving(problem, start, seconds)
    running = asyncio.ensure_future(asyncio.to_thread(solving.run))
    try:
        while not running.done():
            await asyncio.wait([running], timeout=POLL_SECONDS)
            if not running.done() and not await progress(solving.percent.value):
                raise SolverStopped
        return running.result()
    finally:
        solving.stop()
        running.add_done_callback(_take_note)


def _take_note(ended: asyncio.Future[Computed]) -> None:
    """Nobody waits for it any more, so nobody is told of its failure either."""
    if not ended.cancelled():
        ended.exception()
