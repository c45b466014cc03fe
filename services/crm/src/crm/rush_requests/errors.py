"""What rush requests refuse."""

from chassis.problems.problem import Problem

__all__ = ["OrderNotPlaced", "RushRequestDecided", "RushRequestOpen"]


class OrderNotPlaced(Problem):
    """Goods of an order that was cancelled or rejected do not come at all."""

    status = 409
    code = "order_not_placed"
    title = "The order is not placed"
    detail = "The order {number} is {state}: nothing of it is to be delivered."


class RushRequestOpen(Problem):
    """An order has one open request."""

    status = 409
    code = "rush_request_open"
    title = "The order has an open rush request"
    detail = "The rush request {number} of the order is not decided. Withdraw it first."


class RushRequestDecided(Problem):
    """A request is decided once."""

    status = 409
    code = "rush_request_decided"
    title = "The rush request is not open"
    detail = "The rush request {number} is {state}. Make another one, if need be."
