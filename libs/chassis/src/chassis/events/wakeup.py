"""Wake-ups: they make a reader look at once. One that is lost costs time, never an event.

Inside a process a bell is rung. Other processes hear of it by NOTIFY, sent on a connection of its
own and at most once each few milliseconds: inside the business transaction it would put all
commits of the server in one line. Every waiter looks again after its poll interval anyway.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from chassis.storage.lost import LOST

__all__ = ["Bell", "Connect", "Wakeups"]

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]
"""Opens a connection that the caller owns and closes."""

GATHER_SECONDS = 0.005
PING_SECONDS = 15.0
RECONNECT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Bell:
    """Wakes everyone who waits. Note `rings`, look, then wait: a ring in between is not missed."""

    def __init__(self, rung_here: Callable[[], None] = lambda: None) -> None:
        self.rings = 0
        self.closed = False
        self._rung_here = rung_here
        self._next = asyncio.Event()

    def ring(self) -> None:
        """Wake the waiters of this process and let the other processes know."""
        self.hear()
        self._rung_here()

    def hear(self) -> None:
        """Wake the waiters of this process."""
        self.rings += 1
        rung, self._next = self._next, asyncio.Event()
        rung.set()

    def close(self) -> None:
        """Wake the waiters for the last time: this process ends."""
        self.closed = True
        self.hear()

    async def wait(self, seen: int, seconds: float) -> bool:
        """Wait until the bell has been rung since `rings` was `seen`; False after `seconds`."""
        if self.rings != seen:
            return True
        # Not wait_for: in Python 3.11 it forgets a cancellation that comes with the ring itself.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._next.wait()
        return self.rings != seen


class Wakeups:
    """The bells of a service, carried between its processes while `run` runs.

    `committed` is rung after an act with events has committed, `asked` after one that asked for
    jobs, `sequenced` after the sequencer has numbered events.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._unsent: set[str] = set()
        self._to_send = asyncio.Event()
        self.committed = Bell(lambda: self._rung("tandem_committed"))
        self.sequenced = Bell(lambda: self._rung("tandem_sequenced"))
        self.asked = Bell(lambda: self._rung("tandem_asked"))
        self._bells = {
            "tandem_committed": self.committed,
            "tandem_sequenced": self.sequenced,
            "tandem_asked": self.asked,
        }
        self.connected = asyncio.Event()

    def close(self) -> None:
        """Let no one wait any more: this process ends."""
        for bell in self._bells.values():
            bell.close()

    def _rung(self, channel: str) -> None:
        self._unsent.add(channel)
        self._to_send.set()

    async def run(self) -> None:
        """Carry rings both ways until cancelled; a lost connection is made again."""
        while True:
            try:
                await self._carry()
            except LOST as broken:
                _log.warning("wakeups_interrupted", reason=repr(broken))
            finally:
                self.connected.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _carry(self) -> None:
        connection = await self._connect()
        try:
            for channel, bell in self._bells.items():
                await connection.add_listener(channel, self._heard)
                bell.hear()
            self.connected.set()
            while True:
                await self._send(connection)
        finally:
            connection.terminate()

    def _heard(self, connection: Any, pid: int, channel: str, _payload: object) -> None:
        if pid != connection.get_server_pid():
            self._bells[channel].hear()

    async def _send(self, connection: "asyncpg.Connection[Any]") -> None:
        """Send what was rung here, gathered; when nothing is, see that the connection lives."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                await self._to_send.wait()
        except TimeoutError:
            await connection.execute("select 1", timeout=PING_SECONDS)
            return
        await asyncio.sleep(GATHER_SECONDS)
        self._to_send.clear()
        channels, self._unsent = self._unsent, set()
        for channel in sorted(channels):
            await connection.execute(f"notify {channel}", timeout=PING_SECONDS)
