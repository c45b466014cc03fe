"""Places for work that takes a core for a while: two at a time, and a short queue before them.

Whoever waits holds nothing else. The queue is ordered by how much the one who asks has had
already, so that one who comes for the first time does not wait behind a guesser's hundred.
"""

import asyncio
from bisect import insort
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from chassis.problems.problem import Problem

__all__ = ["LoginsBusy", "Places"]


class LoginsBusy(Problem):
    """So many passwords are to be tried or stored that this one cannot wait for its turn."""

    status = 503
    code = "logins_busy"
    title = "Too many people log in at once"
    detail = "Nothing was tried or changed. Send the request again in a moment."
    retry_after_seconds = 1


class Places:
    """So many places, and so many who may wait for one."""

    def __init__(self, places: int, *, waiting_max: int) -> None:
        self._free = places
        self._waiting_max = waiting_max
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def one(self, *, rank: int = 0) -> AsyncIterator[None]:
        """A place, the lowest rank first, and of one rank who came first.

        Raises LoginsBusy where more wait than may, for the last of them.
        """
        await self._enter(rank)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, rank: int) -> None:
        if self._free:
            self._free -= 1
            return
        granted = asyncio.get_running_loop().create_future()
        insort(self._waiting, (rank, next(self._numbers), granted))
        if len(self._waiting) > self._waiting_max:
            self._waiting.pop()[2].set_exception(LoginsBusy())
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled() and not granted.exception():
                self._leave()
            self._waiting = [one for one in self._waiting if one[2] is not granted]
            raise

    def _leave(self) -> None:
        while self._waiting:
            _, _, granted = self._waiting.pop(0)
            if not granted.done():
                granted.set_result(None)
                return
        self._free += 1
