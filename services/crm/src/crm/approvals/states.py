"""Kinds of approvals."""

from enum import StrEnum

__all__ = ["ApprovalKind"]


class ApprovalKind(StrEnum):
    """What somebody is asked to approve: a quote with its prices and discounts."""

    QUOTE = "quote"
