"""Pauses: times in which a clock that counts working time stands still."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Pause", "ordered_pauses"]


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands still from one instant up to another; without an end, still now."""

    start: datetime
    end: datetime | None = None


def ordered_pauses(pauses: Iterable[Pause]) -> list[Pause]:
    """The pauses by their start, with those made one that touch or overlap."""
    ordered: list[Pause] = []
    for pause in sorted(pauses, key=lambda one: one.start):
        former = ordered[-1] if ordered else None
        if former is None or (former.end is not None and former.end < pause.start):
            ordered.append(pause)
        elif former.end is not None and (pause.end is None or pause.end > former.end):
            ordered[-1] = Pause(former.start, pause.end)
    return ordered
