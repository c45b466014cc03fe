"""What orders refuse."""

from chassis.http.problems import Problem

__all__ = ["OrderCancelled", "PriceMissing"]


class OrderCancelled(Problem):
    """A cancelled order is not changed."""

    status = 409
    code = "order_cancelled"
    title = "The order is cancelled"
    detail = "The order {number} is cancelled. Place a new one."


class PriceMissing(Problem):
    """A line has no price, and the product has none on the day."""

    status = 422
    code = "price_missing"
    title = "A line has no price"
    detail = "{product} has no price on {on}. Give the line its agreed price, or add a price first."
