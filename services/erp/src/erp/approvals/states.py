"""States and kinds of approvals."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["APPROVAL_FOLLOWING", "ApprovalKind", "ApprovalState"]


class ApprovalKind(StrEnum):
    """What somebody is asked to approve: an order beyond the customer's credit limit."""

    CREDIT = "credit"


class ApprovalState(StrEnum):
    """What became of the question; `withdrawn`: it need not be decided any more."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


APPROVAL_FOLLOWING: Mapping[ApprovalState, frozenset[ApprovalState]] = {
    ApprovalState.PENDING: frozenset(
        {ApprovalState.APPROVED, ApprovalState.REFUSED, ApprovalState.WITHDRAWN}
    ),
    ApprovalState.APPROVED: frozenset(),
    ApprovalState.REFUSED: frozenset(),
    ApprovalState.WITHDRAWN: frozenset(),
}
"""An answer stays."""
