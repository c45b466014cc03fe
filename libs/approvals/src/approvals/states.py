"""States and words of approvals."""

from enum import StrEnum

__all__ = [
    "ApprovalState",
    "ApproverKind",
    "ApproverSource",
    "FactKind",
    "LogEntryKind",
    "StepState",
    "Verdict",
]


class ApprovalState(StrEnum):
    """What became of the question.

    `withdrawn`: it need not be decided any more; `voided`: what was asked about has changed since.
    """

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"


class StepState(StrEnum):
    """How far a step is; `closed`: it ended without its people, as the approval was over."""

    WAITING = "waiting"
    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"
    CLOSED = "closed"


class Verdict(StrEnum):
    """How somebody decided."""

    APPROVED = "approved"
    REFUSED = "refused"


class ApproverKind(StrEnum):
    """Who decides a step; `permission`: whoever has it then, where no rule names anybody."""

    ROLE = "role"
    USERS = "users"
    TEAM_MANAGER = "team_manager"
    PERMISSION = "permission"


class ApproverSource(StrEnum):
    """Why somebody is asked."""

    ROLE = "role"
    USERS = "users"
    TEAM_MANAGER = "team_manager"
    FALLBACK = "fallback"
    ESCALATION = "escalation"
    HANDOVER = "handover"


class LogEntryKind(StrEnum):
    """What happened to an approval beside decisions; `stuck`: too few people may decide a step."""

    REQUESTED = "requested"
    REROUTED = "rerouted"
    STUCK = "stuck"
    ESCALATED = "escalated"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"
    HANDED_OVER = "handed_over"


class FactKind(StrEnum):
    """What a fact is: an amount in a currency, another number (such as percent), or text."""

    AMOUNT = "amount"
    NUMBER = "number"
    TEXT = "text"
