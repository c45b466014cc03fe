"""States of an export."""

from enum import StrEnum

__all__ = ["ExportState"]


class ExportState(StrEnum):
    """What became of an export."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
