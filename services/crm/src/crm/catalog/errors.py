"""What the catalog refuses."""

from chassis.problems.problem import Problem

__all__ = ["DuplicateCode", "NoPrice", "OverlappingPrice"]


class DuplicateCode(Problem):
    """Two products cannot have one code."""

    status = 409
    code = "duplicate_code"
    title = "Another product has this code"
    detail = "The product {existing_id} has the code {product_code}. Use it or choose another code."


class OverlappingPrice(Problem):
    """Two prices for the same cannot be valid on one day."""

    status = 409
    code = "overlapping_price"
    title = "Another price is valid at that time"
    detail = (
        "The price {existing_id} for the same product, list and minimum quantity is valid "
        "from {valid_from} to {valid_to}. End or withdraw it first, or choose a first and a last "
        "day within that time."
    )


class NoPrice(Problem):
    """Nobody said what it costs."""

    status = 404
    code = "no_price"
    title = "There is no price"
    detail = (
        "Product {product} has no price in list {price_list} for quantity {quantity} on {on}, "
        "and no list price. Add one."
    )
