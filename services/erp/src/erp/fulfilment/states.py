"""States and kinds of orders and shipments."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "CHANGE_FOLLOWING",
    "ORDER_FOLLOWING",
    "ChangeKind",
    "ChangeState",
    "ChargeKind",
    "OrderState",
    "ShipmentKind",
]


class OrderState(StrEnum):
    """How a sales order stands; `on_hold`: it waits for a decision on credit."""

    DRAFT = "draft"
    ON_HOLD = "on_hold"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


ORDER_FOLLOWING: Mapping[OrderState, frozenset[OrderState]] = {
    OrderState.DRAFT: frozenset(
        {OrderState.ON_HOLD, OrderState.CONFIRMED, OrderState.REJECTED, OrderState.CANCELLED}
    ),
    OrderState.ON_HOLD: frozenset(
        {OrderState.ON_HOLD, OrderState.CONFIRMED, OrderState.REJECTED, OrderState.CANCELLED}
    ),
    OrderState.CONFIRMED: frozenset({OrderState.COMPLETED, OrderState.CANCELLED}),
    OrderState.COMPLETED: frozenset({OrderState.CONFIRMED}),
    OrderState.CANCELLED: frozenset(),
    OrderState.REJECTED: frozenset(
        {OrderState.ON_HOLD, OrderState.CONFIRMED, OrderState.REJECTED, OrderState.CANCELLED}
    ),
}
"""From where an order may go where. What was rejected may be sent anew, as another version."""


class ShipmentKind(StrEnum):
    """Goods that left for a customer, or came back."""

    DELIVERY = "delivery"
    RETURN = "return"


class ChangeKind(StrEnum):
    """What was asked for after confirmation."""

    CHANGE = "change"
    CANCELLATION = "cancellation"


class ChangeState(StrEnum):
    """The answer to what was asked for."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


CHANGE_FOLLOWING: Mapping[ChangeState, frozenset[ChangeState]] = {
    ChangeState.ACCEPTED: frozenset(),
    ChangeState.REFUSED: frozenset(),
}
"""An answer stays."""


class ChargeKind(StrEnum):
    """What a customer pays in addition to the goods."""

    FREIGHT = "freight"
