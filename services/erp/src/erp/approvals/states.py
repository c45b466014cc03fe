"""Kinds of approvals."""

from enum import StrEnum

__all__ = ["ApprovalKind"]


class ApprovalKind(StrEnum):
    """What somebody is asked to approve: an order beyond the customer's credit limit."""

    CREDIT = "credit"
