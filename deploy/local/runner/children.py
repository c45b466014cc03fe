"""Services as child processes: started, watched, started again after a crash, stopped in order."""

import asyncio
import json
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress

from runner.child import DONE
from runner.plan import Runnable
from runner.telling import Refusal, paint, say

__all__ = ["Child"]

BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses before each new start; after the last one the runner gives up."""
HEALTHY_SECONDS = 60.0
"""After this long a crash counts as the first one again."""
STOP_SECONDS = 30.0
UNUSABLE = 2
TAIL_LINES = 30
LINE_BYTES_MAX = 1024 * 1024
FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")


class Child:
    """One service. Its lines are printed with its name in front, the last ones are kept."""

    def __init__(self, service: Runnable, command: list[str], environment: dict[str, str]) -> None:
        self.service = service
        self.command = command
        self.environment = environment
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.crashes = 0
        self._process: asyncio.subprocess.Process | None = None
        self._began = 0.0
        self._stopping = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process and running else None

    async def begin(self) -> None:
        """Start its process, which loads the service and waits for a word."""
        if self.pid is None:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                env=self.environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                limit=LINE_BYTES_MAX,
                start_new_session=True,  # Ctrl-C reaches the runner alone, which stops it in order
            )
        if self._stopping.is_set():
            self.kill()  # it was just born while we were being stopped

    async def do_first(self, *command: str) -> str:
        """Let it do this before it serves; the last line it says. Raises Refusal with its words."""
        await self.begin()
        await self._tell(json.dumps(command))
        said: list[str] = []
        async for line in self._lines():
            if line.startswith(DONE):
                if line == f"{DONE}0":
                    return f"{self.service.name}: {said[-1] if said else 'done'}"
                break
            said.append(line)
        last = "\n".join(said[-TAIL_LINES:])
        message = f"`{self.service.name} {' '.join(command)}` failed:\n{last}{_advice(last)}"
        raise Refusal(message)

    async def run(self) -> None:
        """Keep it running until `stop`. Raises Refusal when it crashes again and again."""
        while not self._stopping.is_set():
            code = await self._once()
            if self._stopping.is_set():
                return
            await asyncio.sleep(self._pause_after(code))

    async def stop(self) -> None:
        """End it in order; after 30 seconds without order."""
        self._stopping.set()
        if self._process is None or self._process.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.say(f"did not stop within {STOP_SECONDS:.0f} s and was killed")
            self.kill()
            await self._process.wait()

    def kill(self) -> None:
        """End it and whatever it started, at once."""
        self._stopping.set()
        self._signal(signal.SIGKILL)

    def say(self, text: str) -> None:
        """A line with the service's name in front."""
        say(f"{paint(f'{self.service.name:<6} |', self.service.name)} {text}")

    def last_lines(self) -> str:
        """The last lines it wrote, for an error message."""
        return "\n".join(f"    {line}" for line in self.tail)

    async def _once(self) -> int:
        """Let it serve until it ends; its exit code."""
        await self.begin()
        self._began = time.monotonic()
        await self._tell("")
        async for line in self._lines():
            self.tail.append(line)
            self.say(line)
        return await self._running.wait()

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None  # noqa: S101 - it has begun
        return self._process

    async def _tell(self, line: str) -> None:
        """Give it a line. One that has just ended hears nothing; what it said is still read."""
        pipe = self._running.stdin
        assert pipe is not None  # noqa: S101 - it was asked for
        with suppress(ConnectionError):
            pipe.write(f"{line}\n".encode())
            await pipe.drain()

    async def _lines(self) -> AsyncIterator[str]:
        """What it says, line by line, to its end."""
        pipe = self._running.stdout
        assert pipe is not None  # noqa: S101 - it was asked for
        while True:
            try:
                line = await pipe.readline()
            except ValueError:
                continue  # longer than the limit: the reader has dropped it
            if not line:
                return
            yield _shown(line.decode(errors="replace").rstrip())

    def _pause_after(self, code: int) -> float:
        lived = time.monotonic() - self._began
        self.crashes = 1 if lived > HEALTHY_SECONDS else self.crashes + 1
        reason = _reason(code)
        if code == UNUSABLE or self.crashes > len(BACKOFF_SECONDS):
            again = "" if code == UNUSABLE else f" for the {self.crashes}th time"
            message = (
                f"The {self.service.title} {reason}{again}. Its last lines:\n{self.last_lines()}"
                f"{_advice(self.last_lines())}"
            )
            raise Refusal(message)
        pause = BACKOFF_SECONDS[self.crashes - 1]
        self.say(paint(f"{reason}; it is started again in {pause} s", "bad"))
        return pause

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)


def _shown(text: str) -> str:
    """Services colour their lines for people; a file or a pipe gets them plain."""
    return text if sys.stdout.isatty() else COLOUR_CODES.sub("", text)


def _advice(said: str) -> str:
    """What to do about it, where the words of a service's last lines tell."""
    if FULL.search(said):
        return "\nThe disk is full: free some space, then try again."
    return ""


def _reason(code: int) -> str:
    if code < 0:
        return f"was ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
