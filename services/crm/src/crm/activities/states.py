"""What activities are, and the states that they go through."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["NEXT", "ActivityKind", "ActivityState", "Direction", "Priority"]


class ActivityKind(StrEnum):
    """What it is: a task is to be done, an e-mail was sent or received."""

    CALL = "call"
    MEETING = "meeting"
    EMAIL = "email"
    TASK = "task"


class ActivityState(StrEnum):
    """Whether it is still to be done."""

    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


NEXT: Mapping[ActivityState, frozenset[ActivityState]] = {
    ActivityState.OPEN: frozenset({ActivityState.DONE, ActivityState.CANCELLED}),
    ActivityState.DONE: frozenset({ActivityState.OPEN}),
    ActivityState.CANCELLED: frozenset({ActivityState.OPEN}),
}
"""State -> those that may follow it."""


class Priority(StrEnum):
    """How much it matters."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Direction(StrEnum):
    """Who turned to whom: an inbound call or e-mail came from the customer."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
