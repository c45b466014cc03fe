"""Who may die in an installation, and at which moments of a story.

A point is a moment around one act of the story, an act being a request that changes something.
Points are chosen by a seed; every kind of victim dies at least once.
"""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import httpx

from demonstration.patience import Patient
from embedded.cluster import EmbeddedCluster
from runner.plan import ALL
from runner.temporary import Temporary

POINTS = 8
Moment = Literal["before", "during", "after", "crossing"]
LATEST_SECONDS: dict[Moment, float] = {"before": 0, "during": 0.05, "after": 0, "crossing": 0.4}
"""A kill comes up to so long after the request was sent (during), or was answered (crossing)."""
UP_SECONDS_MAX = 60.0
DEAD_SECONDS = 10.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Point:
    """A moment of the story at which somebody dies."""

    act: int
    moment: Moment
    seconds: float
    victim: str

    def __str__(self) -> str:
        return f"{self.victim} {self.moment} act {self.act} + {self.seconds * 1000:.0f} ms"


def points(seed: int, victims: Sequence[str], acts: int) -> list[Point]:
    """Eight points of a story of so many acts, in their order; each victim at least once."""
    dice = random.Random(seed)
    dying = [*victims, *dice.choices(victims, k=POINTS - len(victims))]
    dice.shuffle(dying)
    at = sorted(dice.sample(range(1, acts + 1), POINTS))
    moments = dice.choices(list(LATEST_SECONDS), k=POINTS)
    return [
        Point(act, moment, dice.uniform(0, LATEST_SECONDS[moment]), victim)
        for act, moment, victim in zip(at, moments, dying, strict=True)
    ]


class Victims:
    """The processes of an installation. What dies is started again: by the runner, or by us."""

    def __init__(self, there: Temporary) -> None:
        self._there = there
        self._data = there.folder / "data"
        self._cluster = EmbeddedCluster(self._data, durable=True)
        self._helper = ThreadPoolExecutor(max_workers=1)
        self._broker_again: Future[str] | None = None
        self._asking = httpx.Client(trust_env=False, timeout=5)
        self.names = (*(service.name for service in ALL), "postgres")
        if there.broker:
            self.names += ("kafka",)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_why: object) -> None:
        self._helper.shutdown()
        self._asking.close()

    def kill(self, name: str) -> None:
        """End the whole of it at once, by SIGKILL; on return its first process is dead."""
        if name == "kafka":
            self._there.broker.kill()
            self._broker_again = self._helper.submit(self._there.broker.restart)
            return
        first = self._postmaster() if name == "postgres" else self._service(name)
        children = _children(first)
        os.kill(first, signal.SIGKILL)
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _await_death(first, name)

    def await_up(self, name: str) -> None:
        """Return when it works (again). Raises AssertionError when it never does."""
        if name == "kafka":
            if self._broker_again:
                self._broker_again.result(UP_SECONDS_MAX)
            return
        deadline = time.monotonic() + UP_SECONDS_MAX
        while not self._works(name):
            assert time.monotonic() < deadline, f"{name} did not come back"
            time.sleep(POLL_SECONDS)

    def _works(self, name: str) -> bool:
        if name == "postgres":
            return self._cluster.server.is_reachable() and self._cluster._answers()
        url = self._there.credentials[name]["url"]
        try:
            return self._asking.get(f"{url}/readyz").is_success
        except httpx.TransportError:
            return False

    def _postmaster(self) -> int:
        written = (self._cluster.place.data / "postmaster.pid").read_text(encoding="ascii")
        return int(written.split("\n", 1)[0])

    def _service(self, name: str) -> int:
        module = next(service.module for service in ALL if service.name == name)
        started = f"child.py\0{module}\0".encode()
        for pid in _processes():
            if started in _said(pid, "cmdline") and os.fsencode(self._data) in _said(
                pid, "environ"
            ):
                return pid
        message = f"no process of {name}"
        raise AssertionError(message)


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _children(parent: int) -> list[int]:
    """Processes that this one started."""
    return [pid for pid in _processes() if f"\nPPid:\t{parent}\n".encode() in _said(pid, "status")]


def _await_death(pid: int, name: str) -> None:
    """Return when the process runs no more. Raises AssertionError when it survives."""
    deadline = time.monotonic() + DEAD_SECONDS
    while _said(pid, "stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"]):
        assert time.monotonic() < deadline, f"{name} survived SIGKILL"
        time.sleep(POLL_SECONDS)


def _said(pid: int, what: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{what}").read_bytes()
    except OSError:
        return b""


class Sabotage:
    """Kills at its points while a story is told through it."""

    def __init__(self, points: Sequence[Point], victims: Victims) -> None:
        self._due = {point.act: point for point in points}
        self._victims = victims
        self._helper = ThreadPoolExecutor(max_workers=1)
        self._striking: list[Future[None]] = []
        self.acts = 0
        self.struck: list[Point] = []

    def through(self) -> httpx.BaseTransport:
        """What a client of the story sends its requests through."""
        return _Sabotaged(self)

    def over(self) -> None:
        """Wait for the last kill, and until everybody is back."""
        self._await_blows()
        for name in self._victims.names:
            self._victims.await_up(name)

    def act(
        self, request: httpx.Request, send: Callable[[httpx.Request], httpx.Response]
    ) -> httpx.Response:
        """Let an act of the story happen, with the death that belongs to it."""
        self.acts += 1
        point = self._due.get(self.acts)
        if point is None:
            return send(request)
        self._await_blows()
        self._victims.await_up(point.victim)
        if point.moment == "before":
            self._strike(point)
        elif point.moment == "during":
            self._striking.append(self._helper.submit(self._strike, point))
        reply = send(request)
        if point.moment == "after":
            self._strike(point)
        elif point.moment == "crossing":
            self._striking.append(self._helper.submit(self._strike, point))
        return reply

    def _await_blows(self) -> None:
        for blow in self._striking:
            blow.result()

    def _strike(self, point: Point) -> None:
        time.sleep(point.seconds)
        self._victims.kill(point.victim)
        self.struck.append(point)


class _Sabotaged(httpx.BaseTransport):
    """A good client's transport, whose acts are sabotaged; looking is left alone."""

    def __init__(self, sabotage: Sabotage) -> None:
        self._sabotage = sabotage
        self._patient = Patient()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self._patient.handle_request(request)
        return self._sabotage.act(request, self._patient.handle_request)

    def close(self) -> None:
        self._patient.close()
