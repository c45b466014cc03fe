"""What settlement refuses."""

from chassis.http.problems import Problem

__all__ = ["NotAllocated", "OverAllocated"]


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
