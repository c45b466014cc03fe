"""What stock refuses."""

from chassis.problems.problem import Problem

__all__ = [
    "AlreadyShipped",
    "CostNeeded",
    "DuplicateLot",
    "DuplicateLotNumber",
    "DuplicateSerial",
    "GoodsGone",
    "LotDiffers",
    "LotExpiresFirst",
    "LotFixed",
    "LotNotDecided",
    "LotNotFollowing",
    "LotNotForeign",
    "LotNotUsable",
    "LotNotWithCustomer",
    "LotShortOnDay",
    "LotsNeeded",
    "LotsNotAlike",
    "LotsNotKept",
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
    "TooLittleInLot",
    "TooLittleOnHand",
    "UnknownLot",
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


class LotsNeeded(Problem):
    """All of an item that is tracked by lot moves by its lots."""

    status = 422
    code = "lots_needed"
    title = "The lots are needed"
    detail = "{quantity} of {sku} are moved, {named} are named by lot. Name lots that come to it."


class LotsNotKept(Problem):
    """Lots are named of an item that has none."""

    status = 422
    code = "lots_not_kept"
    title = "This item has no lots"
    detail = "{sku} is not tracked by lot. Leave the lots out."


class DuplicateLot(Problem):
    """A lot is named twice of one line."""

    status = 422
    code = "duplicate_lot"
    title = "The lot is named twice"
    detail = "The lot {lot} of {sku} is named twice. Name it once, with all that moves of it."


class UnknownLot(Problem):
    """The item has no such lot of ours."""

    status = 422
    code = "unknown_lot"
    title = "There is no such lot"
    detail = "{sku} has no lot {lot} of ours. Correct the number, or receive it first."


class LotDiffers(Problem):
    """Goods come of a lot that is there already, and is another one by what is said of it."""

    status = 409
    code = "lot_differs"
    title = "The lot is another one"
    detail = (
        "The lot {lot} of {sku} is there already, or named twice, and has another {field}. Leave "
        "that out, or give the lot another number."
    )


class TooLittleInLot(Problem):
    """More is to leave of a lot than lies of it."""

    status = 409
    code = "too_little_in_lot"
    title = "Not enough of the lot"
    detail = (
        "{wanted} of the lot {lot} of {sku} are to leave, {on_hand} lie here. "
        "Name less of it, or another lot."
    )


class LotNotUsable(Problem):
    """A lot that is not released, or has expired, is not shipped (E40)."""

    status = 409
    code = "lot_not_usable"
    title = "The lot may not be used"
    detail = (
        "The lot {lot} of {sku} is in state {quality} and usable until {usable_until}: it is not "
        "shipped. Name another one, or have it released."
    )


class LotNotWithCustomer(Problem):
    """More comes back of a lot than left of it for the line."""

    status = 409
    code = "lot_not_with_customer"
    title = "The lot did not leave for this line"
    detail = (
        "{wanted} of the lot {lot} of {sku} are to come back, {shipped} left for the line. "
        "Name a lot that left for it, as the shipment shows."
    )


class LotShortOnDay(Problem):
    """More leaves of a lot as of a past day than lay of it on that day, or on one since then."""

    status = 409
    code = "lot_short_on_day"
    title = "Not enough of the lot on that day"
    detail = (
        "{wanted} of the lot {lot} of {sku} cannot leave as of {effective_on}: on that day, or one "
        "since then, {on_hand} lay here. Date it later, or name another lot."
    )


class DuplicateLotNumber(Problem):
    """Another lot of the item and owner has the number."""

    status = 409
    code = "duplicate_lot_number"
    title = "The lot number is taken"
    detail = "{sku} has the lot {lot} already: {existing_id}. Give another number."


class LotExpiresFirst(Problem):
    """A lot would expire before it was made."""

    status = 422
    code = "lot_expires_first"
    title = "The lot would expire before it was made"
    detail = (
        "The lot {number} was made on {made_on}, and would expire on {expires_on}. "
        "Correct one of the days."
    )


class LotFixed(Problem):
    """What a lot is of, its number and its owner stay."""

    status = 409
    code = "lot_fixed"
    title = "Item, number and owner of a lot stay"
    detail = "The lot {lot} keeps its item, number and owner. Make another lot."


class LotNotDecided(Problem):
    """A lot that is there comes into another state by a decision, which has a reason."""

    status = 409
    code = "lot_not_decided"
    title = "The state of a lot is decided"
    detail = (
        "The lot {lot} is in state {quality}, and stays so. Leave its quality out, and have the "
        "lot released, inspected, quarantined or blocked with a reason."
    )


class LotNotFollowing(Problem):
    """A lot goes from one state to another only by certain ways."""

    status = 409
    code = "lot_not_following"
    title = "The lot does not go from this state to that one"
    detail = "The lot {lot} is in state {quality}; from there it goes to: {following}."


class LotNotForeign(Problem):
    """A lot of ours comes and goes with receipts, shipments and adjustments."""

    status = 409
    code = "lot_not_foreign"
    title = "The lot is ours"
    detail = "The lot {lot} is ours: book it with a receipt, a shipment or an adjustment."


class LotsNotAlike(Problem):
    """Lots that are merged are of one item, owner and state, and the other one keeps as long."""

    status = 409
    code = "lots_not_alike"
    title = "The lots are not alike"
    detail = (
        "The lot {other} does not go into the lot {lot}: both need the same item, owner and state, "
        "and what goes in must not expire first."
    )
