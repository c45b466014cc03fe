"""Words of follow-up plans."""

from enum import StrEnum

__all__ = ["RECORD_TYPES", "RunState", "StepKind", "StopReason"]

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


class StopReason(StrEnum):
    """Why a run was stopped."""

    REPLY = "reply"
    STAGE = "stage"
    CLOSED = "closed"
    BY_HAND = "by_hand"
