"""What is refused of soft reservations."""

from chassis.problems.problem import Problem

__all__ = [
    "DayNotPromisable",
    "NothingToPromise",
    "SoftReservationEnded",
    "SoftReservationNotFor",
]


class DayNotPromisable(Problem):
    """Goods cannot be promised for the day that is asked for; a later one can be kept."""

    status = 409
    code = "day_not_promisable"
    title = "The day cannot be promised"
    detail = (
        "{quantity} of {sku} cannot be promised for {on} without breaking an older promise. "
        "The earliest day is {earliest_on}: ask for it, or name no day."
    )


class NothingToPromise(Problem):
    """Neither stock nor receipts cover what is asked for, on any day."""

    status = 409
    code = "nothing_to_promise"
    title = "Nothing brings the goods"
    detail = (
        "{quantity} of {sku} can be promised for no day: neither stock nor what is expected "
        "covers them beside older promises. Ask for fewer, or order or make some first."
    )


class SoftReservationEnded(Problem):
    """A soft reservation was used, released, or has expired."""

    status = 409
    code = "soft_reservation_ended"
    title = "The soft reservation has ended"
    detail = "The soft reservation {number} is {state}. Make a new one, or order without it."


class SoftReservationNotFor(Problem):
    """A soft reservation is of another item than the line, or for another customer."""

    status = 409
    code = "soft_reservation_not_for"
    title = "The soft reservation is not for this line"
    detail = (
        "The soft reservation {number} is of another item, or for another customer, than the "
        "line that names it. Name one of the line's item and customer, or none."
    )
