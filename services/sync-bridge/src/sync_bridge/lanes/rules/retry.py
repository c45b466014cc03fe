"""What an answer of the other half means for the lane (B31), and how long to wait (B32)."""

import random
import re
from enum import Enum

from sync_bridge.states import LaneState

__all__ = ["Verdict", "backoff_seconds", "state_of_reason", "verdict_on"]

SHORTEST_SECONDS = 0.2


class Verdict(Enum):
    """What to do after an answer."""

    DONE = "done"
    RETRY = "retry"
    PAUSE = "pause"
    REMATCH = "rematch"
    PARK = "park"


_BY_CODE = {
    (409, "idempotency_in_flight"): Verdict.RETRY,
    (409, "busy"): Verdict.RETRY,
    (409, "duplicate_tax_id"): Verdict.REMATCH,
    (409, "duplicate_code"): Verdict.REMATCH,
    (409, "already_linked"): Verdict.REMATCH,
    (409, "overlapping_price"): Verdict.REMATCH,
}
"""Refusals whose problem code says more than their status."""

_BY_STATUS = {
    401: Verdict.PAUSE,
    403: Verdict.PAUSE,
    408: Verdict.RETRY,
    425: Verdict.RETRY,
    429: Verdict.RETRY,
}


def verdict_on(status: int, code: str) -> Verdict:
    """The verdict on an answer's status and problem code.

    Not retried: what will be refused again as it stands, such as 400, 404, 409, 410, 412, 422.
    """
    if status in range(200, 300):
        return Verdict.DONE
    if status >= 500:  # noqa: PLR2004 - server errors
        return Verdict.RETRY
    return _BY_CODE.get((status, code)) or _BY_STATUS.get(status, Verdict.PARK)


WAITING_REASONS = frozenset({"missing_dependency", "review"})
UNANSWERED = frozenset({"unreachable", "odd_answer"})


def state_of_reason(reason: str) -> LaneState | None:
    """The one state in which lanes have that reason; None: they may be parked with it.

    What is tried again has its reason while it fails; when the tries are over that is another one.
    """
    if reason in WAITING_REASONS:
        return LaneState.WAITING
    status = int(reason[5:]) if re.fullmatch(r"http_[1-5][0-9]{2}", reason) else 409
    retried = verdict_on(status, reason) in {Verdict.RETRY, Verdict.PAUSE}
    return LaneState.READY if retried or reason in UNANSWERED else None


def backoff_seconds(
    attempts: int,
    *,
    cap_seconds: float,
    retry_after_seconds: float | None = None,
    chance: random.Random | None = None,
) -> float:
    """The pause before the next try: full jitter under a doubling, capped bound.

    `attempts` counts the failures so far, from 1. Never shorter than what the other half asked
    for with Retry-After.
    """
    bound = min(cap_seconds, SHORTEST_SECONDS * 2 ** min(attempts, 30))
    jitter = (chance or _CHANCE).uniform(0, bound)
    return max(jitter, 0.0) + (retry_after_seconds or 0.0)


_CHANCE = random.Random()  # noqa: S311 - spreads load, keeps no secret
