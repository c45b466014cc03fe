"""States and kinds of orders and shipments."""

from enum import StrEnum

__all__ = ["ChangeKind", "ChangeState", "ChargeKind", "OrderState", "ShipmentKind"]


class OrderState(StrEnum):
    """How a sales order stands; `on_hold`: it waits for a decision on credit."""

    DRAFT = "draft"
    ON_HOLD = "on_hold"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


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


class ChargeKind(StrEnum):
    """What a customer pays in addition to the goods."""

    FREIGHT = "freight"
