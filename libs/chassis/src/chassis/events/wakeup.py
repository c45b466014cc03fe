"""Wake-ups: they make a reader look at once. One that is lost costs time, never an event.

Inside a process a signal wakes its waiters. Other processes learn of it by NOTIFY, sent on a
connection of its own and at most once each few milliseconds: inside the business transaction it
would serialize all commits of the server. Every waiter looks again after its poll interval.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from chassis.storage.lost import LOST

__all__ = ["Connect", "Signal", "Wakeups"]

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]
"""Opens a connection that the caller owns and closes."""

GATHER_SECONDS = 0.005
PING_SECONDS = 15.0
RECONNECT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Signal:
    """Wakes everyone who waits. Note `count`, look, then wait: what came in between counts."""

    def __init__(self, notify_others: Callable[[], None] = lambda: None) -> None:
        self.count = 0
        self.closed = False
        self._notify_others = notify_others
        self._next = asyncio.Event()

    def notify(self) -> None:
        """Wake the waiters of this process and let the other processes know."""
        self.wake()
        self._notify_others()

    def wake(self) -> None:
        """Wake the waiters of this process."""
        self.count += 1
        event, self._next = self._next, asyncio.Event()
        event.set()

    def close(self) -> None:
        """Wake the waiters for the last time: this process ends."""
        self.closed = True
        self.wake()

    async def wait(self, seen: int, seconds: float) -> bool:
        """Wait until there was a signal since `count` was `seen`; False after `seconds`."""
        if self.count != seen:
            return True
        # Not wait_for: in Python 3.11 it forgets a cancellation that comes with the signal itself.
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._next.wait()
        return self.count != seen


class Wakeups:
    """The signals of a service, passed on between its processes while `run` runs.

    `committed` is given after an act with events has committed, `asked` after one that asked for
    jobs, `sequenced` after the sequencer has numbered events.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._unsent: set[str] = set()
        self._to_send = asyncio.Event()
        self.committed = Signal(lambda: self._to_notify("tandem_committed"))
        self.sequenced = Signal(lambda: self._to_notify("tandem_sequenced"))
        self.asked = Signal(lambda: self._to_notify("tandem_asked"))
        self._signals = {
            "tandem_committed": self.committed,
            "tandem_sequenced": self.sequenced,
            "tandem_asked": self.asked,
        }
        self.connected = asyncio.Event()

    def close(self) -> None:
        """Let no one wait any more: this process ends."""
        for signal in self._signals.values():
            signal.close()

    def _to_notify(self, channel: str) -> None:
        self._unsent.add(channel)
        self._to_send.set()

    async def run(self) -> None:
        """Pass signals both ways until cancelled; a lost connection is made again."""
        while True:
            try:
                await self._pass_on()
            except LOST as broken:
                _log.warning("wakeups_interrupted", reason=repr(broken))
            finally:
                self.connected.clear()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _pass_on(self) -> None:
        connection = await self._connect()
        try:
            for channel, signal in self._signals.items():
                await connection.add_listener(channel, self._notified)
                signal.wake()
            self.connected.set()
            while True:
                await self._send(connection)
        finally:
            connection.terminate()

    def _notified(self, connection: Any, pid: int, channel: str, _payload: object) -> None:
        if pid != connection.get_server_pid():
            self._signals[channel].wake()

    async def _send(self, connection: "asyncpg.Connection[Any]") -> None:
        """Send what was notified here, gathered; when nothing is, see that the connection lives."""
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
