"""Which times and other fields an activity of a kind has, and how they must stand."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Protocol

from chassis.problems.problem import FieldError
from crm.activities.states import ActivityKind

__all__ = ["Timed", "wrong_fields"]

_NEEDED = "{kind} needs this."
_UNUSED = "{kind} does not have this."
_BEFORE = "This lies before {begin}."
_ONE_DUE = "Give a day or an instant, not both."
_WITH_STARTS = frozenset({ActivityKind.CALL, ActivityKind.MEETING, ActivityKind.EMAIL})
_WITH_ENDS = frozenset({ActivityKind.CALL, ActivityKind.MEETING})
_WITH_DUE = frozenset({ActivityKind.CALL, ActivityKind.TASK})
_WITH_DIRECTION = frozenset({ActivityKind.CALL, ActivityKind.EMAIL})
_USED_BY = {
    "starts_at": _WITH_STARTS,
    "ends_at": _WITH_ENDS,
    "due_on": _WITH_DUE,
    "due_at": _WITH_DUE,
    "remind_at": _WITH_ENDS | _WITH_DUE,
    "direction": _WITH_DIRECTION,
}
_NEEDED_BY = {
    "starts_at": frozenset({ActivityKind.MEETING, ActivityKind.EMAIL}),
    "ends_at": frozenset({ActivityKind.MEETING}),
    "direction": _WITH_DIRECTION,
}


class Timed(Protocol):
    """An activity, as far as its times go."""

    kind: str
    starts_at: datetime | None
    ends_at: datetime | None
    due_on: date | None
    due_at: datetime | None
    remind_at: datetime | None
    direction: str | None


def wrong_fields(one: Timed) -> list[FieldError]:
    """The fields that are wrong for what it is; none: all is in order."""
    kind = ActivityKind(one.kind)
    return [*_used(one, kind), *_order(one)]


def _used(one: Timed, kind: ActivityKind) -> Iterator[FieldError]:
    facts = {"kind": str(kind)}
    for name, kinds in _USED_BY.items():
        if getattr(one, name) is not None and kind not in kinds:
            yield FieldError(f"/{name}", "not_of_this_kind", _UNUSED, facts)
    for name, kinds in _NEEDED_BY.items():
        if getattr(one, name) is None and kind in kinds:
            yield FieldError(f"/{name}", "missing", _NEEDED, facts)


def _order(one: Timed) -> Iterator[FieldError]:
    if one.ends_at is not None and (one.starts_at is None or one.ends_at < one.starts_at):
        yield FieldError("/ends_at", "range_reversed", _BEFORE, {"begin": "starts_at"})
    if one.due_on is not None and one.due_at is not None:
        yield FieldError("/due_at", "one_of_two", _ONE_DUE)
