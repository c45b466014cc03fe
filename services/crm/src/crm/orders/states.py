"""States of orders, and what the ERP may refuse of one."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["ORDER_FOLLOWING", "OrderState", "RefusalKind"]


class OrderState(StrEnum):
    """How an order stands here; `rejected`: the ERP refused it; changed, it is decided anew."""

    PLACED = "placed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


ORDER_FOLLOWING: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.PLACED: frozenset({OrderState.REJECTED, OrderState.CANCELLED}),
    OrderState.REJECTED: frozenset({OrderState.PLACED, OrderState.CANCELLED}),
    OrderState.CANCELLED: frozenset({OrderState.PLACED, OrderState.REJECTED}),
}
"""Any may follow: the ERP may refuse an order, its change, or its cancellation."""


class RefusalKind(StrEnum):
    """What the ERP refused: the order itself, the last change of it, or its cancellation."""

    ORDER = "order"
    CHANGE = "change"
    CANCELLATION = "cancellation"
