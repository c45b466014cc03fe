"""What orders refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "AccountFixed",
    "FractionOfUnit",
    "OrderCancelled",
    "PriceMissing",
    "ProductNotSold",
    "UnknownLine",
]


class AccountFixed(Problem):
    """What has gone out or was invoiced belongs to the account it went to."""

    status = 409
    code = "account_fixed"
    title = "The order stays with its account"
    detail = (
        "Goods of the order {number} have gone out or were invoiced, so it stays with the "
        "account {account}. Take the goods back and place a new order."
    )


class FractionOfUnit(Problem):
    """The unit cannot be divided so finely."""

    status = 422
    code = "fraction_of_unit"
    title = "The unit cannot be divided so finely"
    detail = (
        "{quantity} of {product} does not come out even: {unit} is counted with {decimals} "
        "decimals. Order a quantity that can be counted so."
    )


class ProductNotSold(Problem):
    """What is not for sale takes part in no new business; what was ordered before stays."""

    status = 409
    code = "product_not_sold"
    title = "The product is not for sale"
    detail = "{product} is not for sale on {on}. Choose another product."


class UnknownLine(Problem):
    """The line is not one of the order's."""

    status = 422
    code = "unknown_line"
    title = "Not a line of this order"
    detail = "{line} is no line of the order {number}. Look up the order as it is now."


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
