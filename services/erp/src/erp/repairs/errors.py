"""What repair orders refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "AlreadyInvoiced",
    "LineInUse",
    "MoreThanPlanned",
    "MoreThanUsed",
    "NoSuchRepairLine",
    "NothingCharged",
    "PieceHere",
    "PieceNotHere",
    "PriceAgreed",
    "WrongRepairState",
]


class WrongRepairState(Problem):
    """The order's state does not allow the act."""

    status = 409
    code = "wrong_repair_state"
    title = "The repair order is in another state"
    detail = "The repair order {number} is {state}; this is done when it is {needed}."


class NoSuchRepairLine(Problem):
    """The order has no line of that position and kind."""

    status = 422
    code = "no_such_repair_line"
    title = "The repair order has no such line"
    detail = "The repair order {number} has no line {position} of the kind {kind}."


class MoreThanPlanned(Problem):
    """No more is used than a line has: more is another line, with its own price."""

    status = 409
    code = "more_than_planned"
    title = "The line has not so many left"
    detail = (
        "{wanted} are to be booked on line {position} of {number}, it has {left} left. "
        "Add a line for more."
    )


class MoreThanUsed(Problem):
    """No more comes back than the line used."""

    status = 409
    code = "more_than_used"
    title = "Not so many were used"
    detail = (
        "{wanted} are to come back of line {position} of {number}, {used} were used as named. "
        "Name what was used."
    )


class LineInUse(Problem):
    """A line on which something was booked stays."""

    status = 409
    code = "line_in_use"
    title = "Something was booked on the line"
    detail = "Line {position} of the repair order {number} was used. It stays."


class PriceAgreed(Problem):
    """What is added after the customer accepted the quote is free of charge."""

    status = 409
    code = "price_agreed"
    title = "The customer accepted another price"
    detail = (
        "The customer accepted {quoted} for the repair order {number}. Lines added since then "
        "have no price."
    )


class NothingCharged(Problem):
    """Nothing is to be paid: a warranty covers it, or nothing was used."""

    status = 409
    code = "nothing_charged"
    title = "The customer pays nothing"
    detail = "Nothing of the repair order {number} is charged. It needs no invoice."


class AlreadyInvoiced(Problem):
    """A repair is invoiced once."""

    status = 409
    code = "repair_invoiced"
    title = "The repair is invoiced"
    detail = "The repair order {number} has an invoice. It is invoiced once."


class PieceNotHere(Problem):
    """Only a piece that came goes back."""

    status = 409
    code = "piece_not_here"
    title = "The piece is not here"
    detail = "The piece of the repair order {number} did not come, or went back already."


class PieceHere(Problem):
    """A piece that is here is not received again, and goes back before the order is closed."""

    status = 409
    code = "piece_here"
    title = "The piece is here"
    detail = "The piece of the repair order {number} is here. Send it back."
