"""Waiting for a condition, instead of sleeping for a time that is hopefully long enough."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

__all__ = ["until"]

_POLL_SECONDS = 0.02


async def until(
    condition: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within_seconds: float = 30.0
) -> None:
    """Return as soon as the condition is true. Raises TimeoutError when it never is."""
    async with asyncio.timeout(within_seconds):
        while not await _holds(condition):  # noqa: ASYNC110 - conditions lie in other processes
            await asyncio.sleep(_POLL_SECONDS)


async def _holds(condition: Callable[[], bool] | Callable[[], Awaitable[bool]]) -> bool:
    answer = condition()
    return await answer if inspect.isawaitable(answer) else answer
