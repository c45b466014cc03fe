"""What rush requests refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "RushDelaysTooLong",
    "RushGainsNothing",
    "RushLeavesNoDay",
    "RushRequestDecided",
    "RushRequestOpen",
]


class RushRequestOpen(Problem):
    """An order has one open request."""

    status = 409
    code = "rush_request_open"
    title = "The order has an open rush request"
    detail = "The rush request {number} of the order is not decided. Withdraw it first."


class RushRequestDecided(Problem):
    """A request is decided once."""

    status = 409
    code = "rush_request_decided"
    title = "The rush request is not open"
    detail = "The rush request {number} is {state}. Make another one, if need be."


class RushGainsNothing(Problem):
    """Going first brings the goods no sooner."""

    status = 409
    code = "rush_gains_nothing"
    title = "The rush brings nothing sooner"
    detail = (
        "The order {number} would not be there sooner if it went first. Order or make more, or "
        "bring the days of what is to come forward; or refuse the request."
    )


class RushDelaysTooLong(Problem):
    """Another order would come later than the policy allows."""

    status = 409
    code = "rush_delays_too_long"
    title = "The rush delays another order too long"
    detail = (
        "The order {delayed} would come {days} days later; at most {most} are allowed. Refuse the "
        "request, or bring the days of what is to come forward."
    )


class RushLeavesNoDay(Problem):
    """Another order would have no day any more, where the policy limits delays."""

    status = 409
    code = "rush_leaves_no_day"
    title = "The rush leaves another order without a day"
    detail = (
        "Nothing that is to come would bring the order {delayed} its goods. Order or make more "
        "first, or refuse the request."
    )
