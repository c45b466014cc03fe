"""What settlement refuses."""

from chassis.http.problems import Problem

__all__ = ["OverAllocated"]


class OverAllocated(Problem):
    """More is allocated than is open, or than was paid."""

    status = 409
    code = "over_allocated"
    title = "More than is open"
    detail = "{wanted} are to be allocated to {document}, {open} are open."
