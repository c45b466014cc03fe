"""The port between a transport and the inbox, and how a source tells how it is doing."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn, Protocol

import httpx
import structlog

from chassis.clock import utc_now
from chassis.storage.lost import LOST
from sync_bridge.inbox.received import BackfillPage, Cursor, Quarantined, ReadMode, ReceivedEvent
from sync_bridge.states import SourceState

__all__ = [
    "GATHER_SECONDS",
    "TROUBLE",
    "Condition",
    "Receive",
    "Source",
    "SourceError",
    "error_of",
    "keep_following",
    "problem_of",
]

GATHER_SECONDS = 0.02
"""After events came the next look is so much later: what follows closely comes in one batch."""

PAUSE_SECONDS_MIN = 0.2
PAUSE_SECONDS_MAX = 5.0
RETRY_AFTER_SECONDS_MAX = 300.0
_log = structlog.get_logger(__name__)


class Receive(Protocol):
    """The inbox. When it has returned, everything is stored; when it raised, nothing is."""

    async def __call__(
        self,
        events: Sequence[ReceivedEvent],
        *,
        unreadable: Sequence[Quarantined] = (),
        cursor: Cursor | None = None,
        backfill_page: BackfillPage | None = None,
        mode: ReadMode = ReadMode.NOW,
    ) -> int:
        """Store events, what could not be read, and how far that is, in one transaction.

        How many were new.
        """


class Source(Protocol):
    """Something that brings events into the inbox until it is cancelled."""

    condition: "Condition"

    async def run(self) -> NoReturn:
        """Follow the source. Ends only by cancellation, and then within seconds."""


class SourceError(Exception):
    """The other side gave no usable answer. `retry_after_seconds`: its own wish, if it had one."""

    def __init__(
        self,
        reason: str,
        *,
        state: SourceState = SourceState.RETRYING,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(reason)
        self.state = state
        self.retry_after_seconds = retry_after_seconds


TROUBLE: tuple[type[Exception], ...] = (SourceError, *LOST)
"""What a source survives: nothing was stored that was not marked, so it begins again."""


@dataclass
class Condition:
    """How a source is doing, for the status page, the metrics and the alarm.

    `refused`: the credentials are not accepted. `missing` keeps why events are gone at the source
    that never came here, while it goes on: what they said is read from the records themselves.
    """

    name: str
    state: SourceState = SourceState.STARTING
    reason: str = ""
    missing: str = ""
    new_events: int = 0
    failures: int = 0
    _answered_at: float = field(default_factory=time.monotonic)

    @property
    def seconds_since_answer(self) -> float:
        """Since the source last answered, with events or with none."""
        return time.monotonic() - self._answered_at

    def answered(self, new_events: int = 0) -> None:
        """The source is well."""
        self.state, self.reason, self.failures = SourceState.FOLLOWING, "", 0
        self.new_events += new_events
        self._answered_at = time.monotonic()

    def failed(self, trouble: BaseException) -> None:
        """The source failed once more."""
        self.failures += 1
        self.reason = f"{type(trouble).__name__}: {trouble}"
        self.state = trouble.state if isinstance(trouble, SourceError) else SourceState.RETRYING

    def report_missing(self, reason: str) -> None:
        """Raise the alarm that events are gone, and go on."""
        self.missing = reason
        _log.error("source_backfill_needed", source=self.name, reason=reason)


async def keep_following(
    condition: Condition,
    attempt: Callable[[], Awaitable[None]],
    *,
    survives: tuple[type[Exception], ...] = TROUBLE,
) -> NoReturn:
    """Attempt for ever; after trouble pause as asked, else by doubling with full jitter."""
    while True:
        try:
            await attempt()
        except survives as trouble:
            condition.failed(trouble)
            alarm = _log.error if condition.state != SourceState.RETRYING else _log.warning
            alarm(
                "source_interrupted",
                source=condition.name,
                state=condition.state,
                reason=condition.reason,
                failures=condition.failures,
            )
            await asyncio.sleep(pause_seconds(condition.failures, trouble))


def pause_seconds(failures: int, trouble: BaseException) -> float:
    """How long to wait before the next attempt; never less than the other side asked for."""
    ceiling = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_MIN * 2 ** min(failures, 10))
    pause = random.uniform(PAUSE_SECONDS_MIN / 2, ceiling)  # noqa: S311 - jitter, not a secret
    asked = trouble.retry_after_seconds if isinstance(trouble, SourceError) else None
    return pause if asked is None else asked + pause


def error_of(reply: httpx.Response) -> SourceError | None:
    """The trouble that an answer other than 200 is."""
    if reply.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return SourceError(problem_of(reply), state=SourceState.REFUSED)
    if reply.status_code != httpx.codes.OK:
        wished = _retry_after_seconds(reply.headers)
        return SourceError(problem_of(reply), retry_after_seconds=wished)
    return None


def problem_of(reply: httpx.Response) -> str:
    """Status and problem code: enough to act on, and nothing of anybody's data."""
    try:
        code = str(reply.json()["code"])
    except (ValueError, KeyError, TypeError):
        code = reply.reason_phrase
    return f"{reply.status_code} {code}"


def _retry_after_seconds(headers: Mapping[str, Any]) -> float | None:
    """Retry-After, given in seconds or as a date, within reason; None where it says nothing."""
    asked = headers.get("Retry-After", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - utc_now()).total_seconds()
        except (TypeError, ValueError):
            return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)
