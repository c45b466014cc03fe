"""What stock refuses."""

from chassis.http.problems import Problem

__all__ = [
    "AlreadyShipped",
    "CostNeeded",
    "NotReserved",
    "NotShipped",
    "NotStocked",
    "OpeningStockPosted",
    "TooLittleOnHand",
]


class TooLittleOnHand(Problem):
    """More is asked for than lies there free."""

    status = 409
    code = "too_little_on_hand"
    title = "Not enough on hand"
    detail = "{wanted} of {sku} are needed, {free} are free. Receive goods first."


class NotReserved(Problem):
    """More is to be shipped than is reserved for the line."""

    status = 409
    code = "not_reserved"
    title = "Not reserved for this order"
    detail = "{wanted} of {sku} are to be shipped, {reserved} are reserved for the line."


class NotShipped(Problem):
    """More comes back than went out."""

    status = 409
    code = "not_shipped"
    title = "More comes back than went out"
    detail = "{wanted} of {sku} are to be taken back, {shipped} were shipped."


class AlreadyShipped(Problem):
    """An order line is to want less than left for it."""

    status = 409
    code = "already_shipped"
    title = "More was shipped already"
    detail = "{wanted} of {sku} are wanted, {shipped} were shipped. What left must be returned."


class NotStocked(Problem):
    """The item is not kept in stock."""

    status = 422
    code = "not_stocked"
    title = "Not kept in stock"
    detail = "{item} is no item of goods: only goods lie in stock."


class CostNeeded(Problem):
    """Nothing tells what a surplus is worth."""

    status = 422
    code = "cost_needed"
    title = "Say what it is worth"
    detail = "None of {sku} is on hand, so a surplus has no cost to follow. Give its unit cost."


class OpeningStockPosted(Problem):
    """Opening stock that was posted is to become another one."""

    status = 409
    code = "opening_stock_posted"
    title = "The opening stock is posted"
    detail = "Opening stock {external_id} is posted and stays. Adjust the stock instead."
