"""The states of everything the bridge keeps: one enumeration each, for schemas, SQL and checks.

On the wire and in the database stand the values. A new value needs a migration of its check.
"""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "COMMON_OUTCOMES",
    "COMPARISON_FOLLOWING",
    "DIFFERENCE_FOLLOWING",
    "EVENT_FOLLOWING",
    "LANE_FOLLOWING",
    "QUARANTINE_FOLLOWING",
    "REVIEW_FOLLOWING",
    "ComparisonState",
    "CorrectionKind",
    "DifferenceKind",
    "DifferenceState",
    "EventOutcome",
    "EventState",
    "LaneState",
    "LinkOrigin",
    "QuarantineState",
    "ReviewState",
    "SourceState",
    "values_text",
]


class LaneState(StrEnum):
    """Whether a lane's events are delivered now, later, or only after a person acted."""

    IDLE = "idle"
    READY = "ready"
    WAITING = "waiting"
    PARKED = "parked"


LANE_FOLLOWING: Mapping[LaneState, frozenset[LaneState]] = {
    LaneState.IDLE: frozenset({LaneState.READY}),
    LaneState.READY: frozenset({LaneState.IDLE, LaneState.WAITING, LaneState.PARKED}),
    LaneState.WAITING: frozenset({LaneState.IDLE, LaneState.READY}),
    LaneState.PARKED: frozenset({LaneState.IDLE, LaneState.READY}),
}
"""Only what is ready to be delivered comes to wait, or is parked."""


class EventState(StrEnum):
    """What became of an event in the inbox; `received`: nothing yet."""

    RECEIVED = "received"
    DONE = "done"
    IGNORED = "ignored"
    UNKNOWN = "unknown"
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"


EVENT_FOLLOWING: Mapping[EventState, frozenset[EventState]] = {
    EventState.RECEIVED: frozenset(
        {EventState.DONE, EventState.IGNORED, EventState.QUARANTINED, EventState.SKIPPED}
    ),
    EventState.DONE: frozenset({EventState.RECEIVED}),
    EventState.IGNORED: frozenset({EventState.RECEIVED}),
    EventState.UNKNOWN: frozenset({EventState.RECEIVED}),
    EventState.QUARANTINED: frozenset({EventState.RECEIVED, EventState.SKIPPED}),
    EventState.SKIPPED: frozenset({EventState.RECEIVED}),
}
"""What was settled is put anew before it is settled otherwise."""


class EventOutcome(StrEnum):
    """Why an event has its state."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    STALE = "stale"
    NOT_CARRIED = "not_carried"
    RESTORED = "restored"
    UNKNOWN_TYPE = "unknown_type"
    TOO_MANY_HOPS = "too_many_hops"
    CAUSED_BY_ITSELF = "caused_by_itself"
    SKIPPED = "skipped"
    DISMISSED = "dismissed"


COMMON_OUTCOMES = (
    EventOutcome.APPLIED,
    EventOutcome.UNCHANGED,
    EventOutcome.SUPERSEDED,
    EventOutcome.STALE,
    EventOutcome.NOT_CARRIED,
)
"""What most events come to."""


class QuarantineState(StrEnum):
    """What a person decided on something in quarantine."""

    OPEN = "open"
    RELEASED = "released"
    DISMISSED = "dismissed"


QUARANTINE_FOLLOWING: Mapping[QuarantineState, frozenset[QuarantineState]] = {
    QuarantineState.OPEN: frozenset({QuarantineState.RELEASED, QuarantineState.DISMISSED}),
    QuarantineState.RELEASED: frozenset(),
    QuarantineState.DISMISSED: frozenset(),
}
"""A decision stays."""


class LinkOrigin(StrEnum):
    """How it is known that two records are one: the twin was made, named by a half, or found."""

    CREATED = "created"
    KNOWN = "known"
    CERTAIN = "certain"
    PERSON = "person"


class ReviewState(StrEnum):
    """The answer to the question whether two records are one."""

    OPEN = "open"
    LINKED = "linked"
    CREATED = "created"
    APART = "apart"
    WITHDRAWN = "withdrawn"


REVIEW_FOLLOWING: Mapping[ReviewState, frozenset[ReviewState]] = {
    ReviewState.OPEN: frozenset(
        {ReviewState.LINKED, ReviewState.CREATED, ReviewState.APART, ReviewState.WITHDRAWN}
    ),
    ReviewState.LINKED: frozenset({ReviewState.CREATED, ReviewState.APART}),
    ReviewState.CREATED: frozenset({ReviewState.OPEN, ReviewState.LINKED, ReviewState.APART}),
    ReviewState.APART: frozenset({ReviewState.LINKED, ReviewState.CREATED}),
    ReviewState.WITHDRAWN: frozenset(),
}
"""An answer may be given otherwise; only one that changed nothing is asked for again."""


class ComparisonState(StrEnum):
    """Whether the halves are still being read."""

    READING = "reading"
    DONE = "done"


COMPARISON_FOLLOWING: Mapping[ComparisonState, frozenset[ComparisonState]] = {
    ComparisonState.READING: frozenset({ComparisonState.DONE}),
    ComparisonState.DONE: frozenset(),
}
"""It is read once."""


class DifferenceKind(StrEnum):
    """In what the halves differ."""

    FIELDS_DIFFER = "fields_differ"
    RECORD_MISSING = "record_missing"
    LINK_MISSING = "link_missing"
    NOT_LINKED = "not_linked"


class DifferenceState(StrEnum):
    """Whether a difference is to be levelled, was, or is left to a person."""

    OPEN = "open"
    ASKED = "asked"
    LEVELLED = "levelled"
    LEFT = "left"


DIFFERENCE_FOLLOWING: Mapping[DifferenceState, frozenset[DifferenceState]] = {
    DifferenceState.OPEN: frozenset({DifferenceState.ASKED}),
    DifferenceState.ASKED: frozenset({DifferenceState.LEVELLED, DifferenceState.LEFT}),
    DifferenceState.LEVELLED: frozenset(),
    DifferenceState.LEFT: frozenset({DifferenceState.ASKED}),
}
"""What is left may be asked for again."""


class CorrectionKind(StrEnum):
    """How a difference is levelled; never stored.

    `send`: the leading record is delivered as it is now. `recreate`: so it is made again, its lost
    twin forgotten. `write_back`: what a restore set back is written to the restored half. `link`: a
    half is told the twin. `leave`: to a person.
    """

    SEND = "send"
    RECREATE = "recreate"
    WRITE_BACK = "write_back"
    LINK = "link"
    LEAVE = "leave"


class SourceState(StrEnum):
    """How following a source goes; `refused`: the half does not accept the bridge's key."""

    STARTING = "starting"
    FOLLOWING = "following"
    RETRYING = "retrying"
    REFUSED = "refused"


def values_text(states: type[StrEnum]) -> str:
    """The values as a description names them: `idle, ready or parked`."""
    *first, last = states
    return f"{', '.join(first)} or {last}"
