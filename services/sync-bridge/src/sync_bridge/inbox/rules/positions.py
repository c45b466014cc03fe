"""How far a source has been taken in without a gap."""

from collections.abc import Iterable
from datetime import timedelta

__all__ = ["gapless_position"]


def gapless_position(
    mark: int, seen: Iterable[tuple[int, timedelta]], *, patience: timedelta
) -> int:
    """The highest feed position up to which everything is here.

    `seen` are positions beyond the mark, ascending, with how long each has been here. One is
    missing while partitions overtake each other, and for ever where retention took it away: once
    what follows the gap has been here for longer than the patience, it is taken for the latter.
    """
    for position, age in seen:
        if position > mark + 1 and age < patience:
            return mark
        mark = max(mark, position)
    return mark
