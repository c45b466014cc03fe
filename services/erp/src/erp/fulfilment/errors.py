"""What fulfilment refuses."""

from chassis.problems.problem import Problem

__all__ = [
    "ChangeRefused",
    "GoodsCameBack",
    "GoodsHaveLeft",
    "MoreThanLeft",
    "NotReservedYet",
    "NotShippedYet",
    "NothingToInvoice",
    "NothingToShip",
    "OrderClosed",
    "OrderInvoiced",
    "OrderNotConfirmed",
    "PriceMissing",
    "ShipmentInvoiced",
    "ShipmentReversed",
    "UnknownLine",
]


class OrderNotConfirmed(Problem):
    """The act needs a confirmed order."""

    status = 409
    code = "order_not_confirmed"
    title = "The order is not confirmed"
    detail = "The order {number} is {state}. Only a confirmed order is shipped and invoiced."


class OrderClosed(Problem):
    """The order takes no more changes."""

    status = 409
    code = "order_closed"
    title = "The order is closed"
    detail = "The order {number} is {state} and is not changed any more."


class GoodsHaveLeft(Problem):
    """An order of which goods were shipped is not cancelled."""

    status = 409
    code = "goods_have_left"
    title = "Goods of the order were shipped"
    detail = (
        "Goods of the order {number} were shipped, so it is not cancelled. Order no more than was "
        "shipped, or take the goods back by a return."
    )


class OrderInvoiced(Problem):
    """An order that was invoiced before delivery is not cancelled."""

    status = 409
    code = "order_invoiced"
    title = "The order is invoiced"
    detail = (
        "The order {number} was invoiced before delivery, so it is not cancelled. Credit its "
        "invoice first."
    )


class ChangeRefused(Problem):
    """A confirmed order is not changed in this way."""

    status = 409
    code = "change_refused"
    title = "The order is not changed"
    detail = "The order {number} stays as it is. {why}"


class NothingToShip(Problem):
    """No line has anything reserved."""

    status = 409
    code = "nothing_to_ship"
    title = "Nothing is reserved"
    detail = "Nothing is reserved for the order {number}. Receive goods first."


class NotReservedYet(Problem):
    """Nothing is reserved for the order, because its day has not come."""

    status = 409
    code = "not_reserved_yet"
    title = "Nothing is reserved yet"
    detail = (
        "The goods of the order {number} are reserved from {day} on. "
        "To ship earlier, name the lines and quantities."
    )


class NothingToInvoice(Problem):
    """Everything that was shipped is invoiced."""

    status = 409
    code = "nothing_to_invoice"
    title = "Nothing to invoice"
    detail = (
        "Everything that was shipped for the order {number} is invoiced. Ship something first, or "
        "invoice before delivery."
    )


class NotShippedYet(Problem):
    """More of a line is to be invoiced than was shipped."""

    status = 409
    code = "not_shipped_yet"
    title = "Not shipped yet"
    detail = (
        "{wanted} of {line} are to be invoiced, {left} were shipped and are not invoiced. Ship "
        "first, or ask for `before_delivery`."
    )


class PriceMissing(Problem):
    """A line names no price, and the list has none on the day."""

    status = 422
    code = "price_missing"
    title = "A line has no price"
    detail = "{sku} has no price on {on}. Give the line its agreed price, or add a price first."


class UnknownLine(Problem):
    """The line is not one of the order's."""

    status = 422
    code = "unknown_line"
    title = "Not a line of this order"
    detail = "{line} is no line of the order {number}."


class MoreThanLeft(Problem):
    """More of a line goes out than was ordered, or comes back than went out."""

    status = 409
    code = "more_than_left"
    title = "More than is left of the line"
    detail = "{wanted} of {line} are named, {left} are left."


class ShipmentReversed(Problem):
    """The shipment was taken back already."""

    status = 409
    code = "shipment_reversed"
    title = "The shipment is taken back already"
    detail = "{number} was taken back before: it is as if its goods had never moved."


class ShipmentInvoiced(Problem):
    """A shipment that is invoiced is not taken back."""

    status = 409
    code = "shipment_invoiced"
    title = "The shipment is invoiced"
    detail = (
        "Of the shipment {number}, {invoiced} of {line} are invoiced. Credit them first, or take "
        "the goods back by a return."
    )


class GoodsCameBack(Problem):
    """A shipment of which goods came back is not taken back."""

    status = 409
    code = "goods_came_back"
    title = "Goods of the shipment came back"
    detail = (
        "Goods of the lines of the shipment {number} came back after it. Take the rest back by a "
        "return as well."
    )
