"""A plan computed in a process of its own, so that nothing else waits for it."""

import asyncio
import gc
import multiprocessing
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from erp.planning.rules.planning import Plan, make_plan
from erp.planning.rules.possible import Delay, delays_of
from erp.planning.rules.snapshot import Snapshot

__all__ = ["Computed", "compute", "computed"]

POLL_SECONDS = 0.25
Computed = tuple[Plan, dict[tuple[str, int], Delay]]
"""The plan, and what of it is late."""

_done: Any = None


def _share(done: Any) -> None:
    """Let the process say how far it is."""
    global _done  # noqa: PLW0603 - the one thing that the process and its parent share
    _done = done


def computed(snapshot: Snapshot) -> Computed:
    """The plan of the snapshot. Raises CircularBill.

    It makes no cycles of objects, so nothing is searched for them meanwhile.
    """
    gc.disable()
    try:
        plan = make_plan(snapshot, progress=_note)
        return plan, delays_of(plan)
    finally:
        gc.enable()


def _note(done: int, of: int) -> None:
    if _done is not None:
        _done.value = done * 100 // of


async def compute(snapshot: Snapshot, progress: Callable[[int], Awaitable[None]]) -> Computed:
    """As `computed`, in another process; `progress` is given percents. Raises CircularBill."""
    context = multiprocessing.get_context("spawn")
    done = context.Value("i", 0)
    with ProcessPoolExecutor(1, context, initializer=_share, initargs=(done,)) as pool:
        running = asyncio.get_running_loop().run_in_executor(pool, computed, snapshot)
        shown = 0
        while not running.done():
            await asyncio.wait([running], timeout=POLL_SECONDS)
            if done.value != shown:
                shown = done.value
                await progress(shown)
        return await running
