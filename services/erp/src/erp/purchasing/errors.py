"""What purchasing refuses."""

from chassis.http.problems import Problem

__all__ = [
    "DuplicateSupplierPrice",
    "MoreThanOrdered",
    "MoreThanReceived",
    "NoSupplierPrice",
    "NotALine",
    "NotBought",
    "NothingToBill",
    "PurchaseOrderClosed",
    "SuggestionNotOpen",
]


class NoSupplierPrice(Problem):
    """Nobody is known to sell the item, or not this supplier."""

    status = 422
    code = "no_supplier_price"
    title = "No price of a supplier"
    detail = "No supplier's price of {item} is known here. Add it, or give a price in the order."


class DuplicateSupplierPrice(Problem):
    """The supplier has a price of the item already."""

    status = 409
    code = "duplicate_supplier_price"
    title = "The supplier has a price of this item"
    detail = "{existing_id} is the supplier's price of {sku} already. Change that one."


class SuggestionNotOpen(Problem):
    """The suggestion was ordered or withdrawn meanwhile."""

    status = 409
    code = "suggestion_not_open"
    title = "The suggestion is no longer open"
    detail = "{suggestion} is ordered, withdrawn or unknown. Read the open suggestions again."


class PurchaseOrderClosed(Problem):
    """Nothing more is expected of the order."""

    status = 409
    code = "purchase_order_closed"
    title = "The order is received or closed"
    detail = "{number} is {state}: nothing more is expected of it."


class MoreThanOrdered(Problem):
    """More came than was ordered."""

    status = 409
    code = "more_than_ordered"
    title = "More than was ordered"
    detail = "{quantity} of {sku} came, {expected} are expected. Order the rest, or send it back."


class NotALine(Problem):
    """A line of another order is named."""

    status = 422
    code = "not_a_line"
    title = "No line of this order"
    detail = "The order {number} has no such line. Name lines of this order."


class MoreThanReceived(Problem):
    """More is billed than came and was not billed yet."""

    status = 409
    code = "more_than_received"
    title = "More than was received"
    detail = "{quantity} of {sku} are billed, {unbilled} came and are not billed yet."


class NothingToBill(Problem):
    """Everything that came is billed."""

    status = 409
    code = "nothing_to_bill"
    title = "Nothing to bill"
    detail = "Of {number} nothing came that is not billed yet."


class NotBought(Problem):
    """The item is archived, or is not bought."""

    status = 409
    code = "not_bought"
    title = "The item is not bought"
    detail = "{skus}: archived, or not bought. Restore the item, or mark it as bought, first."
