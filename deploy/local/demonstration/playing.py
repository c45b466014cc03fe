"""The parts every story is told with: ask, make, change, wait until it is across."""

import time
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from runner.telling import paint, say

__all__ = [
    "CROSSING_SECONDS_MAX",
    "POLL_SECONDS",
    "Disagreement",
    "Record",
    "agree",
    "changed",
    "crossed",
    "done",
    "got",
    "made",
]

CROSSING_SECONDS_MAX = 60.0
POLL_SECONDS = 0.02
Record = dict[str, Any]


class Disagreement(Exception):
    """What one half should have had from the other, and did not."""


def got(half: httpx.Client, path: str, **query: Any) -> Any:
    """What a half answers."""
    reply = half.get(path, params=query)
    reply.raise_for_status()
    return reply.json()


def made(half: httpx.Client, path: str, key: str = "", **facts: Any) -> Record:
    """A new record; sent again with the same key, the one that was made."""
    reply = half.post(path, json=facts, headers={"Idempotency-Key": key or str(uuid.uuid4())})
    reply.raise_for_status()
    return dict(reply.json())


def changed(half: httpx.Client, path: str, **facts: Any) -> None:
    """Change a record as it is now; again, if somebody else changed it meanwhile."""
    while True:
        etag = half.get(path).raise_for_status().headers["ETag"]
        reply = half.patch(path, json=facts, headers={"If-Match": etag})
        if reply.status_code != httpx.codes.PRECONDITION_FAILED:
            reply.raise_for_status()
            return


def crossed(origin: str, arrived: Callable[[], Record | None], there: str) -> Record:
    """Wait until it is on the other side; say how long that took. Raises Disagreement."""
    began = time.monotonic()
    while time.monotonic() - began < CROSSING_SECONDS_MAX:
        if twin := arrived():
            took = (time.monotonic() - began) * 1000
            say(f"    {origin} -> {there} {twin['id']} {paint(f'{took:.0f} ms', 'good')}")
            return twin
        time.sleep(POLL_SECONDS)
    message = f"{origin} did not arrive as {there} within {CROSSING_SECONDS_MAX:.0f} s"
    raise Disagreement(message)


def agree(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raises Disagreement unless both halves agree."""
    if not holds:
        message = f"the halves disagree about {what}"
        raise Disagreement(message)


def done(half: httpx.Client, path: str, **facts: Any) -> Record:
    """An act, done once; what it answers."""
    return made(half, path, **facts)
