"""States and kinds of approvals."""

from enum import StrEnum

__all__ = ["ApprovalKind", "ApprovalState"]


class ApprovalKind(StrEnum):
    """What somebody is asked to approve: an order beyond the customer's credit limit."""

    CREDIT = "credit"


class ApprovalState(StrEnum):
    """What became of the question; `withdrawn`: it need not be decided any more."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
