"""States of the ledger's periods, kinds of its accounts."""

from enum import StrEnum

__all__ = ["AccountKind", "PeriodState"]


class AccountKind(StrEnum):
    """On which side of which statement an account stands."""

    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class PeriodState(StrEnum):
    """`open` takes entries, `closed` may be opened again, `locked` never."""

    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"
