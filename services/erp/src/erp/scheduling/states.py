"""Words of scheduling."""

from enum import StrEnum

__all__ = ["ConflictKind", "Method", "ReasonKind", "ViolationKind", "WaitKind"]


class Method(StrEnum):
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
