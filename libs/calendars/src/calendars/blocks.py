"""Blocks of working hours within a day, also over midnight."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from calendars.errors import NoSuchBlock, OverlappingBlocks

__all__ = ["MINUTES_OF_DAY", "Block", "ordered_blocks"]

MINUTES_OF_DAY = 24 * 60
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


def _minute(clock: str) -> int:
    if not _CLOCK.fullmatch(clock):
        message = f"write the time as HH:MM, not {clock!r}"
        raise NoSuchBlock(message)
    return int(clock[:2]) * 60 + int(clock[3:])


@dataclass(frozen=True, order=True, slots=True)
class Block:
    """Working hours from a minute of the day up to another one, which is not part of them.

    Minutes count from midnight as the clock on the wall shows them; an end above 1,440 lies on
    the next day. The block belongs to the day on which it begins.
    """

    start: int
    end: int

    def __post_init__(self) -> None:
        begins = 0 <= self.start < MINUTES_OF_DAY
        if not begins or not self.start < self.end <= self.start + MINUTES_OF_DAY:
            message = f"no block lasts from minute {self.start} to {self.end}"
            raise NoSuchBlock(message)

    @classmethod
    def of(cls, start: str, end: str) -> "Block":
        """The block between two clock times, such as 08:00 and 12:00, or 22:00 and 06:00.

        An end that is not after the start is on the next day; 24:00 is midnight. Raises
        NoSuchBlock.
        """
        first, last = _minute(start), _minute(end)
        return cls(first, last if last > first else last + MINUTES_OF_DAY)

    @property
    def minutes(self) -> int:
        """How many minutes it lasts on a day without a change of the clock."""
        return self.end - self.start

    def __str__(self) -> str:
        end = self.end if self.end <= MINUTES_OF_DAY else self.end - MINUTES_OF_DAY
        return "-".join(f"{at // 60:02}:{at % 60:02}" for at in (self.start, end))


def ordered_blocks(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The blocks of a day by their start. Raises OverlappingBlocks."""
    ordered = tuple(sorted(blocks))
    for former, later in pairwise(ordered):
        if later.start < former.end:
            message = f"{former} and {later} overlap"
            raise OverlappingBlocks(message)
    return ordered
