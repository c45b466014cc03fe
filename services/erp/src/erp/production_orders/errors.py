"""What production orders refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "BillMissing",
    "ByProductBySerial",
    "MaterialShort",
    "NoOperation",
    "NotIssued",
    "NothingReported",
    "OrderBegun",
    "OrderFixed",
    "OverReported",
    "PhantomItem",
    "ReworkHasPieces",
    "SerialNotIssued",
    "ShortFinish",
    "WrongProductionState",
]


class BillMissing(Problem):
    """Nothing says what the item is made of on the day."""

    status = 409
    code = "bill_missing"
    title = "There is no bill of material for the order"
    detail = (
        "No active bill of material of {sku} counts on {on}, on which the order begins. "
        "Activate one, or choose another day."
    )


class ByProductBySerial(Problem):
    """By-products come in by a report of the item, which names no serials of theirs."""

    status = 409
    code = "by_product_by_serial"
    title = "By-products are not tracked by serial"
    detail = (
        "{sku} is tracked by serial, and a by-product of {made}. Take it out of the bill of "
        "material, and lay it in by a stock adjustment."
    )


class MaterialShort(Problem):
    """The order was to be released only with all its material."""

    status = 409
    code = "material_short"
    title = "Material is missing"
    detail = (
        "The order {number} lacks {missing}. See its availability, or release it without asking "
        "for material."
    )


class NoOperation(Problem):
    """The order has no operation of that number."""

    status = 422
    code = "no_operation"
    title = "The order has no such operation"
    detail = "The order {number} has no operation {sequence}. Name one of its own."


class NotIssued(Problem):
    """More is to come back than was issued."""

    status = 409
    code = "not_issued"
    title = "So much was not issued"
    detail = "{wanted} of {sku} are to come back, {issued} were issued. Return less."


class NothingReported(Problem):
    """A report that says nothing."""

    status = 422
    code = "nothing_reported"
    title = "Nothing is reported"
    detail = "Say how many are good, scrap or to be reworked, or how many minutes it took."


class OrderBegun(Problem):
    """What was begun cannot be cancelled."""

    status = 409
    code = "order_begun"
    title = "Something was booked on the order"
    detail = "The order {number} is {state}. Finish it with what was made, and close it."


class OrderFixed(Problem):
    """What an order makes, how much and when stays once it is firm."""

    status = 409
    code = "order_fixed"
    title = "The order is fixed"
    detail = (
        "The order {number} is {state}: {fields} stay. Change its note or its due day, or cancel "
        "it and make another one."
    )


class OverReported(Problem):
    """More is reported than the order, or the operation before, allows."""

    status = 409
    code = "over_reported"
    title = "More is reported than may be"
    detail = (
        "{reported} are reported on the order {number}, at most {most} may be. Report less, or "
        "allow more by the tolerance of the order."
    )


class PhantomItem(Problem):
    """A phantom never gets an order (E51)."""

    status = 422
    code = "phantom_item"
    title = "The item is passed through"
    detail = "{sku} is a phantom: it is made within what needs it. Order that one."


class ReworkHasPieces(Problem):
    """An order that makes pieces again has them from the beginning, with what they are worth."""

    status = 409
    code = "rework_has_pieces"
    title = "The order has pieces that are made again"
    detail = (
        "The order {number} has pieces worth {value} that are made again. Release it, report them "
        "as scrap, finish and close it."
    )


class SerialNotIssued(Problem):
    """Only what an order was issued comes back from it."""

    status = 409
    code = "serial_not_issued"
    title = "The serial was not issued to the order"
    detail = (
        "The serial {serial} of {sku} was not issued to the order {number}. Name one that was, or "
        "return it from the order that has it."
    )


class ShortFinish(Problem):
    """Fewer are good than the tolerance allows."""

    status = 409
    code = "short_finish"
    title = "Too few were made"
    detail = (
        "{good} of {quantity} are good on the order {number}. Report the rest, or finish it with "
        "accept_short."
    )


class WrongProductionState(Problem):
    """The order is not in a state for this act."""

    status = 409
    code = "wrong_production_state"
    title = "The order is not in a state for this"
    detail = "The order {number} is {state}. This is possible where it is {wanted}."
