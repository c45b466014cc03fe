"""What stock refuses."""

from chassis.problems.problem import Problem

__all__ = [
    "AlreadyShipped",
    "CostNeeded",
    "DuplicateSerial",
    "GoodsGone",
    "NoCostOnDay",
    "NotReserved",
    "NotShipped",
    "NotStocked",
    "OpeningStockPosted",
    "SerialExists",
    "SerialMovedLater",
    "SerialNotInStock",
    "SerialNotWithCustomer",
    "SerialsNeeded",
    "SerialsNotKept",
    "ShortOnDay",
    "TooLittleOnHand",
    "UnknownSerial",
]


class TooLittleOnHand(Problem):
    """More is asked for than lies there free."""

    status = 409
    code = "too_little_on_hand"
    title = "Not enough on hand"
    detail = (
        "{wanted} of {sku} are needed, {free} are free; what is reserved for orders stays. Order "
        "less of it first, or receive goods."
    )


class GoodsGone(Problem):
    """More is to go back to a supplier, or to a customer, than is still here."""

    status = 409
    code = "goods_gone"
    title = "The goods are not here any more"
    detail = (
        "{wanted} of {sku} are to go back, {on_hand} are here: the others have left since. First "
        "take back the shipment or the return with which they left, or let no more go back than "
        "are here."
    )


class ShortOnDay(Problem):
    """More leaves as of a past day than was there on it, or on a day since then."""

    status = 409
    code = "short_on_day"
    title = "Not enough on hand on that day"
    detail = (
        "{wanted} of {sku} cannot leave as of {effective_on}: when {day} ended, {on_hand} were on "
        "hand. Date it {possible_from} or later, or first book what came before."
    )


class NoCostOnDay(Problem):
    """Dated so, a later day would be left with worth and no pieces, whatever the cost."""

    status = 409
    code = "no_cost_on_day"
    title = "No cost fits all days since then"
    detail = (
        "{wanted} of {sku} cannot leave as of {effective_on}: later days on which none would be "
        "left ask for different costs. Date it {possible_from} or later."
    )


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


class SerialsNeeded(Problem):
    """Each piece of a tracked item moves by its serial."""

    status = 422
    code = "serials_needed"
    title = "Each piece needs its serial"
    detail = "{quantity} of {sku} are moved, {named} serials are named. Name one for each piece."


class SerialsNotKept(Problem):
    """Serials are named of an item that has none."""

    status = 422
    code = "serials_not_kept"
    title = "This item has no serials"
    detail = "{sku} is not tracked by serial. Leave the serials out."


class DuplicateSerial(Problem):
    """A serial is named twice in one request."""

    status = 422
    code = "duplicate_serial"
    title = "The serial is named twice"
    detail = "The serial {serial} of {sku} is named twice. A piece moves once."


class UnknownSerial(Problem):
    """No piece of the item has the serial."""

    status = 422
    code = "unknown_serial"
    title = "There is no such serial"
    detail = "No piece of {sku} has the serial {serial}. Correct the number, or receive it first."


class SerialExists(Problem):
    """A piece with the serial came in before."""

    status = 409
    code = "serial_exists"
    title = "The serial is known already"
    detail = (
        "The serial {serial} of {sku} was received already and is at {place}. Correct the number; "
        "if the piece comes back from a customer, take it back instead."
    )


class SerialMovedLater(Problem):
    """A piece is to move as of a day before the one on which it moved last."""

    status = 409
    code = "serial_moved_later"
    title = "The serial moved on a later day"
    detail = (
        "The serial {serial} of {sku} cannot move as of {effective_on}: it came where it is on "
        "{moved_on}. Date it then or later, or name another one."
    )


class SerialNotInStock(Problem):
    """The piece is not here and cannot leave."""

    status = 409
    code = "serial_not_in_stock"
    title = "The serial is not in stock"
    detail = "The serial {serial} of {sku} cannot leave: it is at {place}. Name another one."


class SerialNotWithCustomer(Problem):
    """The piece did not leave for the order line, or came back already."""

    status = 409
    code = "serial_not_with_customer"
    title = "The serial did not leave for this line"
    detail = (
        "The serial {serial} of {sku} is at {place} and is not with the customer of the line "
        "{line}. Name what left for it."
    )
