"""Kinds of approvals."""

from enum import StrEnum

__all__ = ["ApprovalKind"]


class ApprovalKind(StrEnum):
    """What somebody is asked to approve.

    `credit`: an order beyond the customer's credit limit; `purchase`: an order of goods.
    """

    CREDIT = "credit"
    PURCHASE = "purchase"
