"""States of imports and of their rows."""

from enum import StrEnum

__all__ = ["ImportState", "RowOutcome", "UndoOutcome"]


class ImportState(StrEnum):
    """How far an import has come."""

    DRAFT = "draft"
    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDOING = "undoing"
    UNDONE = "undone"
    EXPIRED = "expired"


class RowOutcome(StrEnum):
    """What became of a row."""

    PENDING = "pending"
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class UndoOutcome(StrEnum):
    """What became of a record when its import was undone."""

    PUT_AWAY = "put_away"
    DELETED = "deleted"
    RESTORED = "restored"
    KEPT = "kept"
