"""States of orders, and what the ERP may refuse of one."""

from enum import StrEnum

__all__ = ["OrderState", "RefusalKind"]


class OrderState(StrEnum):
    """How an order stands here; `rejected`: the ERP refused it; changed, it is decided anew."""

    PLACED = "placed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class RefusalKind(StrEnum):
    """What the ERP refused: the order itself, the last change of it, or its cancellation."""

    ORDER = "order"
    CHANGE = "change"
    CANCELLATION = "cancellation"
