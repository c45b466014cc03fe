"""Which event of a lane is next (B20)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

__all__ = ["QueueStep", "next_step"]


class Queued(Protocol):
    """An event in its lane."""

    @property
    def version(self) -> tuple[int, int]:
        """The history of the sender's database, and the record's version in it."""

    @property
    def type(self) -> str:
        """Its type."""

    @property
    def is_state(self) -> bool:
        """Whether it was read as the present state, and stands for every version before it."""

    @property
    def age(self) -> timedelta:
        """How long it has been here."""


@dataclass(frozen=True)
class QueueStep:
    """What to do with the events at the head of a lane, given by their places.

    `stale` are versions already applied. `deliver` is the event to deliver, and `superseded` those
    before it whose state it includes; `skipped_versions`: also that of
    versions which never came.
    With nothing to deliver yet, `gap` says for how long a missing version is still waited for.
    """

    stale: tuple[int, ...] = ()
    superseded: tuple[int, ...] = ()
    deliver: int | None = None
    skipped_versions: bool = False
    gap: timedelta | None = None


def next_step(
    events: Sequence[Queued], *, applied: tuple[int, int], patience: timedelta
) -> QueueStep:
    """The next step of a lane whose events are given by ascending version.

    Events hold whole states, so of events of one type that follow each other without a gap the
    newest stands for all. A version that is missing is waited for, for the time of `patience`
    from the arrival of what follows it; then the lane goes on without it. A state that was read
    as it is stands for all before it, so nothing is waited for in front of it.

    In a later history every version is newer, and none before the first that comes is missing:
    the sender's database was restored from a backup, and counts again from less.
    """
    stale = tuple(at for at, one in enumerate(events) if one.version <= applied)
    if len(stale) == len(events):
        return QueueStep(stale=stale)
    first = len(stale)
    last = _last_state(events, first)
    head, skipped_versions = events[last], not _is_next(events[first], applied)
    restored = head.version[0] > applied[0]
    late = not head.is_state and not restored and not _is_next(head, applied)
    if late and head.age < patience:
        return QueueStep(stale=stale, gap=patience - head.age)
    while last + 1 < len(events) and _follows(events[last], events[last + 1]):
        last += 1
    return QueueStep(
        stale=stale,
        superseded=tuple(range(first, last)),
        deliver=last,
        skipped_versions=skipped_versions,
    )


def _last_state(events: Sequence[Queued], first: int) -> int:
    """The place of the last state that stands for all from `first` on; without one `first`."""
    last = first
    for at in range(first, len(events)):
        if events[at].type != events[first].type:
            break
        if events[at].is_state:
            last = at
    return last


def _follows(one: Queued, other: Queued) -> bool:
    return other.type == one.type and (other.version == one.version or _is_next(other, one.version))


def _is_next(event: Queued, after: tuple[int, int]) -> bool:
    history, version = after
    return event.version == (history, version + 1)
