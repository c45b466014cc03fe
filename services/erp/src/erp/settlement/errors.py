"""Problems of settlement."""

from chassis.problems.problem import Problem

__all__ = [
    "CreditUsed",
    "IsBadDebt",
    "IsCreditNote",
    "IsPayment",
    "IsSmallDifference",
    "NotAllocated",
    "NothingToRefund",
    "NothingToWriteOff",
    "OpeningDiffers",
    "OverAllocated",
    "PaymentBooked",
    "RefundNotReleasable",
    "RestNotWrittenOff",
    "RestTooLarge",
    "RestWrittenOff",
    "WriteOffNotReleasable",
    "WriteOffReversed",
    "WriteOffTooLarge",
]


class PaymentBooked(Problem):
    """A payment that was booked for another system is to become another one."""

    status = 409
    code = "payment_booked"
    title = "The payment is booked"
    detail = "Payment {external_id} is booked and stays. Refund it, or send another one instead."


class OverAllocated(Problem):
    """More is allocated than is open, or than was paid."""

    status = 409
    code = "over_allocated"
    title = "More than is open"
    detail = "{requested} are to be allocated to {document}, {open} are open."


class NotAllocated(Problem):
    """The payment settles nothing of the document."""

    status = 409
    code = "not_allocated"
    title = "Nothing to take back"
    detail = "Nothing of the payment {number} is allocated to this document."


class NothingToRefund(Problem):
    """The whole payment is used."""

    status = 409
    code = "nothing_to_refund"
    title = "Nothing to give back"
    detail = "Nothing is left of the payment {number}. Take back what it settles first."


class RefundNotReleasable(Problem):
    """The money has left (or come in): the payment cannot be used for anything else."""

    status = 409
    code = "refund_given"
    title = "A refund is not taken back"
    detail = (
        "The refund {number} was paid. What comes back of it is booked as a payment of its own."
    )


class CreditUsed(Problem):
    """The credit settles documents, or was refunded."""

    status = 409
    code = "credit_used"
    title = "This credit is used, at least in part"
    detail = "The credit {number} settles documents or was refunded. Release it from them first."


class NothingToWriteOff(Problem):
    """The document is paid, credited or written off."""

    status = 409
    code = "nothing_to_write_off"
    title = "Nothing to write off"
    detail = "Nothing is open of {document}."


class WriteOffTooLarge(Problem):
    """What is left open is no small difference."""

    status = 409
    code = "write_off_too_large"
    title = "More than a small difference"
    detail = (
        "{open} are left open of {document}; at most {most} are written off with a payment. Leave "
        "it open, or write it off as a bad debt."
    )


class RestTooLarge(Problem):
    """What is left of the payment is no small difference."""

    status = 409
    code = "rest_too_large"
    title = "More than a small difference"
    detail = (
        "{rest} are left of the payment {number}; at most {most} are written off. Give it back, "
        "or use it for another document."
    )


class RestWrittenOff(Problem):
    """A rest of the payment was written off before: once only, so that it stays small."""

    status = 409
    code = "rest_written_off"
    title = "A rest of this payment is written off already"
    detail = (
        "A rest of the payment {number} is written off already. Take that back first, then write "
        "off all that is left."
    )


class RestNotWrittenOff(Problem):
    """No rest of the payment is written off."""

    status = 409
    code = "rest_not_written_off"
    title = "No rest is written off"
    detail = "No rest of the payment {number} is written off, or that was taken back before."


class WriteOffReversed(Problem):
    """The write-off was taken back."""

    status = 409
    code = "write_off_reversed"
    title = "The write-off is taken back already"
    detail = "The write-off {number} was taken back before."


class WriteOffNotReleasable(Problem):
    """A write-off is not released as a payment: it would become the party's credit."""

    status = 409
    code = "write_off_stays"
    title = "A write-off is no payment"
    detail = "{number} is a write-off. It is taken back by its reversal."


class OpeningDiffers(Problem):
    """The number was taken over before, with other content."""

    status = 409
    code = "opening_differs"
    title = "Taken over otherwise before"
    detail = (
        "The opening item {number} was taken over before, with another party, day or amount. "
        "It is not changed."
    )


class IsPayment(Problem):
    """A payment is to be taken back as if it were a write-off: money came in or went out."""

    status = 409
    code = "is_a_payment"
    title = "A payment is no write-off"
    detail = (
        "{number} is a payment. Release it from the documents that it settles, or give the money "
        "back by a refund."
    )


class IsCreditNote(Problem):
    """A credit note is to be taken back as if it were a write-off."""

    status = 409
    code = "is_a_credit_note"
    title = "A credit note is no write-off"
    detail = (
        "{number} is the credit of a credit note. Release it from the documents that it settles, "
        "or take the credit note itself back where that is possible."
    )


class IsBadDebt(Problem):
    """A bad debt is to be taken back as if it were a small difference."""

    status = 409
    code = "is_a_bad_debt"
    title = "A bad debt is no small difference"
    detail = (
        "{number} is a bad debt, which is taken back by POST "
        "/v1/receivables/write-offs/{id}/reverse."
    )


class IsSmallDifference(Problem):
    """A small difference is to be taken back as if it were a bad debt."""

    status = 409
    code = "is_a_small_difference"
    title = "A small difference is no bad debt"
    detail = (
        "{number} is a small difference, which is taken back by POST /v1/payments/{id}/reverse."
    )
