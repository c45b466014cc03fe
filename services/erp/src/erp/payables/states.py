"""States and kinds of suppliers' bills."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["BILL_FOLLOWING", "BillKind", "BillState"]


class BillKind(StrEnum):
    """A bill, a credit note, or what was owed when the books were opened."""

    BILL = "bill"
    CREDIT_NOTE = "credit_note"
    OPENING = "opening"


class BillState(StrEnum):
    """Whether a bill is owed; `reversed`: it was taken back."""

    ENTERED = "entered"
    REVERSED = "reversed"


BILL_FOLLOWING: Mapping[BillState, frozenset[BillState]] = {
    BillState.ENTERED: frozenset({BillState.REVERSED}),
    BillState.REVERSED: frozenset(),
}
"""What was taken back stays so."""
