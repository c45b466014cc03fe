"""Cursors of the feed: an opaque word for a position in one installation's history."""

import base64
import binascii
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from chassis.problems.problem import Problem

__all__ = ["Cursor", "CursorExpired", "CursorForeign", "CursorMalformed"]

_NUMBER_MAX = 2**63 - 1
_MARK_LENGTH = 8


class CursorMalformed(Problem):
    """The text was never a cursor."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "cursor_malformed"
    title: ClassVar[str] = "This is no cursor of the event feed"
    detail: ClassVar[str] = (
        "Send the Tandem-Cursor of an earlier page as it was, after=latest to begin at the end, "
        "or no cursor to begin with the oldest event kept."
    )


class CursorExpired(Problem):
    """Events after the cursor have been purged."""

    status: ClassVar[int] = 410
    code: ClassVar[str] = "cursor_expired"
    title: ClassVar[str] = "Events after this cursor are no longer kept"
    detail: ClassVar[str] = (
        "Events up to number {floor} were purged, your cursor stands at {position}. Read the "
        "records from GET /v1/events/states, then follow the feed from the Tandem-Cursor of its "
        "first page."
    )


class CursorForeign(Problem):
    """The cursor belongs to another history: another installation, or one before a restore."""

    status: ClassVar[int] = 410
    code: ClassVar[str] = "cursor_foreign"
    title: ClassVar[str] = "This cursor belongs to another history"
    detail: ClassVar[str] = (
        "It was given by another installation, or before this one was restored from a backup. "
        "Read the records from GET /v1/events/states, then follow the feed from {begins}: what was "
        "written since."
    )


@dataclass(frozen=True)
class Cursor:
    """A position: everything up to `position` has been read in this installation and epoch."""

    installation: str
    epoch: int
    position: int

    @classmethod
    def at(cls, installation: UUID, epoch: int, position: int) -> "Cursor":
        """The position in this installation's present history."""
        return cls(installation.hex[-_MARK_LENGTH:], epoch, position)

    @classmethod
    def parse(cls, text: str) -> "Cursor":
        """Read what `str` wrote. Raises CursorMalformed."""
        try:
            plain = base64.b64decode(text.encode(), altchars=b"-_", validate=True).decode()
            installation, epoch, position = plain.split(".")
            found = cls(installation, int(epoch), int(position))
        except (binascii.Error, ValueError) as wrong:
            raise CursorMalformed from wrong
        if str(found) != text or not 0 <= found.position <= _NUMBER_MAX:
            raise CursorMalformed
        return found

    def __str__(self) -> str:
        plain = f"{self.installation}.{self.epoch}.{self.position}"
        return base64.b64encode(plain.encode(), altchars=b"-_").decode()
