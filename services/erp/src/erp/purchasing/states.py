"""States and kinds of purchasing's documents."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "PURCHASE_ORDER_FOLLOWING",
    "SUGGESTION_FOLLOWING",
    "PurchaseOrderState",
    "PurchaseReturnKind",
    "ReceiptState",
    "SuggestionState",
]


class PurchaseOrderState(StrEnum):
    """How much of a purchase order came; `closed`: nothing more is expected."""

    ORDERED = "ordered"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CLOSED = "closed"


PURCHASE_ORDER_FOLLOWING: Mapping[PurchaseOrderState, frozenset[PurchaseOrderState]] = {
    PurchaseOrderState.ORDERED: frozenset(
        {PurchaseOrderState.PARTLY_RECEIVED, PurchaseOrderState.RECEIVED, PurchaseOrderState.CLOSED}
    ),
    PurchaseOrderState.PARTLY_RECEIVED: frozenset(
        {PurchaseOrderState.ORDERED, PurchaseOrderState.RECEIVED, PurchaseOrderState.CLOSED}
    ),
    PurchaseOrderState.RECEIVED: frozenset(
        {PurchaseOrderState.ORDERED, PurchaseOrderState.PARTLY_RECEIVED, PurchaseOrderState.CLOSED}
    ),
    PurchaseOrderState.CLOSED: frozenset(
        {
            PurchaseOrderState.ORDERED,
            PurchaseOrderState.PARTLY_RECEIVED,
            PurchaseOrderState.RECEIVED,
        }
    ),
}
"""Any may follow: receipts are reversed, goods go back, what comes opens a closed order."""


class SuggestionState(StrEnum):
    """Whether a purchase suggestion is still to be ordered."""

    OPEN = "open"
    ORDERED = "ordered"
    WITHDRAWN = "withdrawn"


SUGGESTION_FOLLOWING: Mapping[SuggestionState, frozenset[SuggestionState]] = {
    SuggestionState.OPEN: frozenset({SuggestionState.ORDERED, SuggestionState.WITHDRAWN}),
    SuggestionState.ORDERED: frozenset(),
    SuggestionState.WITHDRAWN: frozenset(),
}
"""What is needed again is suggested anew."""


class ReceiptState(StrEnum):
    """Whether a purchase receipt stands; `reversed`: it was a mistake."""

    RECEIVED = "received"
    REVERSED = "reversed"


class PurchaseReturnKind(StrEnum):
    """Goods that went back to the supplier, or a receipt that was a mistake."""

    RETURN = "return"
    REVERSAL = "reversal"
