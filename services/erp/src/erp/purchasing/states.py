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
    """How much of a purchase order came; `closed`: nothing more is expected.

    `pending_approval`: it is not placed before it is approved, and nothing is expected of it.
    """

    PENDING_APPROVAL = "pending_approval"
    ORDERED = "ordered"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CLOSED = "closed"


PURCHASE_ORDER_FOLLOWING: Mapping[PurchaseOrderState, frozenset[PurchaseOrderState]] = {
    PurchaseOrderState.PENDING_APPROVAL: frozenset(
        {PurchaseOrderState.ORDERED, PurchaseOrderState.CLOSED}
    ),
    PurchaseOrderState.ORDERED: frozenset(
        {
            PurchaseOrderState.PENDING_APPROVAL,
            PurchaseOrderState.PARTLY_RECEIVED,
            PurchaseOrderState.RECEIVED,
            PurchaseOrderState.CLOSED,
        }
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
"""Receipts are reversed, goods go back, what comes opens a closed order: any of these may follow.

What waits for approval is ordered or closed; what is ordered waits again where it is changed."""


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
