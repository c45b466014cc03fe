"""Cancellation that a library cannot swallow.

Some library calls catch the CancelledError of their own helpers, and take ours for one of those:
the caller then goes on as if nobody had told it to stop. Such a call runs as a task of its own.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["apart"]

T = TypeVar("T")
STOP_SECONDS = 2.0


async def apart(act: Coroutine[Any, Any, T], *, stop_seconds: float = STOP_SECONDS) -> T:
    """Await the act. Cancelled, this always ends, whatever the act does.

    The act has `stop_seconds` to clean up behind itself; then it is left behind.
    """
    task = asyncio.ensure_future(act)
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        task.add_done_callback(_look)
        await asyncio.wait({task}, timeout=stop_seconds)
        raise
    return task.result()


def _look(task: "asyncio.Task[Any]") -> None:
    """Take note of how it ended, so that it is not reported as overlooked."""
    if not task.cancelled():
        task.exception()
