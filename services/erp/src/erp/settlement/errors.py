"""What settlement refuses."""

from chassis.http.problems import Problem

__all__ = ["NotAllocated", "NothingToRefund", "OverAllocated"]


class OverAllocated(Problem):
    """More is allocated than is open, or than was paid."""

    status = 409
    code = "over_allocated"
    title = "More than is open"
    detail = "{wanted} are to be allocated to {document}, {open} are open."


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
