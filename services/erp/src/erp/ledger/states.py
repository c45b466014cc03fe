"""States of the ledger's periods."""

from enum import StrEnum

__all__ = ["PeriodState"]


class PeriodState(StrEnum):
    """`open` takes entries, `closed` may be opened again, `locked` never."""

    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"
