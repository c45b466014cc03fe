"""States, kinds and sides of payments and open items."""

from enum import StrEnum

__all__ = ["OpeningKind", "PaymentDirection", "PaymentKind", "PaymentState", "Side"]


class Side(StrEnum):
    """What customers owe us, or what we owe suppliers."""

    RECEIVABLE = "receivable"
    PAYABLE = "payable"


class PaymentDirection(StrEnum):
    """Whether money comes in or goes out."""

    IN = "in"
    OUT = "out"


class PaymentKind(StrEnum):
    """What settles a document: money, a credit note, or a write-off."""

    PAYMENT = "payment"
    CREDIT_NOTE = "credit_note"
    SMALL_DIFFERENCE = "small_difference"
    BAD_DEBT = "bad_debt"


class PaymentState(StrEnum):
    """Whether a payment stands; `reversed`: a write-off that was taken back."""

    BOOKED = "booked"
    REVERSED = "reversed"


class OpeningKind(StrEnum):
    """`debt`: left to be paid when the books were opened; `credit`: paid ahead, or credited."""

    DEBT = "debt"
    CREDIT = "credit"
