"""States and kinds of purchasing's documents."""

from enum import StrEnum

__all__ = ["PurchaseOrderState", "PurchaseReturnKind", "ReceiptState", "SuggestionState"]


class PurchaseOrderState(StrEnum):
    """How much of a purchase order came; `closed`: nothing more is expected."""

    ORDERED = "ordered"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CLOSED = "closed"


class SuggestionState(StrEnum):
    """Whether a purchase suggestion is still to be ordered."""

    OPEN = "open"
    ORDERED = "ordered"
    WITHDRAWN = "withdrawn"


class ReceiptState(StrEnum):
    """Whether a purchase receipt stands; `reversed`: it was a mistake."""

    RECEIVED = "received"
    REVERSED = "reversed"


class PurchaseReturnKind(StrEnum):
    """Goods that went back to the supplier, or a receipt that was a mistake."""

    RETURN = "return"
    REVERSAL = "reversal"
