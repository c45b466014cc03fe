"""Words of scheduling."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "TRY_FOLLOWING",
    "ConflictKind",
    "LeftOutReason",
    "ReasonKind",
    "ScheduleMethod",
    "SharedKind",
    "TryState",
    "ViolationKind",
    "WaitKind",
]


class SharedKind(StrEnum):
    """What several operations share: people with a `skill`, or a `tool` of which there are few."""

    SKILL = "skill"
    TOOL = "tool"


class TryState(StrEnum):
    """How far a schedule try is.

    `ready`: it may be kept or dropped; `failed`: no schedule can exist, or none could be made;
    `kept`: it became the published schedule; `dropped`: nothing of it counts.
    """

    QUEUED = "queued"
    COMPUTING = "computing"
    READY = "ready"
    FAILED = "failed"
    KEPT = "kept"
    DROPPED = "dropped"


_S = TryState
TRY_FOLLOWING: Mapping[TryState, frozenset[TryState]] = {
    _S.QUEUED: frozenset({_S.COMPUTING, _S.DROPPED}),
    _S.COMPUTING: frozenset({_S.READY, _S.FAILED, _S.DROPPED}),
    _S.READY: frozenset({_S.KEPT, _S.DROPPED}),
    _S.FAILED: frozenset(),
    _S.KEPT: frozenset(),
    _S.DROPPED: frozenset(),
}
"""A try whose worker vanished stays computing until another worker comes to it."""


class ScheduleMethod(StrEnum):
    """What made a schedule."""

    RULE = "rule"
    SOLVER = "solver"


class WaitKind(StrEnum):
    """Why an operation may not begin before a moment."""

    MATERIAL = "material"
    RELEASE = "release"
    FENCE = "fence"


class ReasonKind(StrEnum):
    """Why an order is late."""

    OVERDUE = "overdue"
    LEAD_TIME = "lead_time"
    CAPACITY = "capacity"
    SKILL_OR_TOOL = "skill_or_tool"
    WORKING_TIME = "working_time"
    MATERIAL = "material"
    RELEASE = "release"
    FENCE = "fence"
    FROZEN = "frozen"


class ConflictKind(StrEnum):
    """Why no schedule can exist."""

    UNKNOWN = "unknown"
    CYCLE = "cycle"
    NO_WORKING_TIME = "no_working_time"
    BLOCK_TOO_LONG = "block_too_long"
    POOL_TOO_SMALL = "pool_too_small"
    FROZEN_OVERLAP = "frozen_overlap"
    FROZEN_BEFORE_EARLIER = "frozen_before_earlier"
    BEYOND_HORIZON = "beyond_horizon"
    OVERLOAD = "overload"


class ViolationKind(StrEnum):
    """What is wrong with a schedule."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    WRONG_RESOURCE = "wrong_resource"
    OVERLAP = "overlap"
    OUTSIDE_WORKING_TIME = "outside_working_time"
    WRONG_DURATION = "wrong_duration"
    INTERRUPTED = "interrupted"
    WRONG_SETUP = "wrong_setup"
    PRECEDENCE = "precedence"
    TOO_EARLY = "too_early"
    POOL_OVERLOAD = "pool_overload"
    FROZEN_MOVED = "frozen_moved"
    BEYOND_HORIZON = "beyond_horizon"


class LeftOutReason(StrEnum):
    """Why an order is not scheduled."""

    MATERIAL = "material"
    BEYOND_HORIZON = "beyond_horizon"
    NO_PLACE = "no_place"
