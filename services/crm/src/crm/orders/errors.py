"""What orders refuse."""

from chassis.http.problems import Problem

__all__ = ["OrderCancelled"]


class OrderCancelled(Problem):
    """A cancelled order is not changed."""

    status = 409
    code = "order_cancelled"
    title = "The order is cancelled"
    detail = "The order {number} is cancelled. Place a new one."
