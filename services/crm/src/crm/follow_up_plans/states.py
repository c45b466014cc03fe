"""Words of follow-up plans."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["RECORD_TYPES", "RUN_FOLLOWING", "RunState", "StepKind", "StopReason"]

RECORD_TYPES = ("contact", "lead", "opportunity")
"""What a plan can follow up."""


class StepKind(StrEnum):
    """What a step makes: a task, or a call that is to be made."""

    TASK = "task"
    CALL = "call"


class RunState(StrEnum):
    """How far a run is: its steps are made in turn until the last, or until it is stopped."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"


RUN_FOLLOWING: Mapping[RunState, frozenset[RunState]] = {
    RunState.RUNNING: frozenset({RunState.FINISHED, RunState.STOPPED}),
    RunState.FINISHED: frozenset(),
    RunState.STOPPED: frozenset(),
}
"""State -> those that may follow it. A run that ended is not begun again."""


class StopReason(StrEnum):
    """Why a run was stopped."""

    REPLY = "reply"
    STAGE = "stage"
    CLOSED = "closed"
    BY_HAND = "by_hand"
    MERGED = "merged"
