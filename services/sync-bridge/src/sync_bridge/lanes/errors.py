"""What lanes refuse to a person."""

from chassis.problems.problem import Problem

__all__ = ["LaneMoving", "LaneNotParked", "NothingToCarry"]


class LaneNotParked(Problem):
    """The lane is not stopped."""

    status = 409
    code = "lane_not_parked"
    title = "The lane is not parked"
    detail = (
        "The lane {lane} is {state}. A lane can be retried while it is parked, waiting or failing, "
        "and skipped while it is parked or waiting."
    )


class LaneMoving(Problem):
    """An event of the record is being delivered at this moment."""

    status = 409
    code = "lane_moving"
    title = "The record is being delivered"
    detail = "An event of {lane} is on its way. Try again in a moment."


class NothingToCarry(Problem):
    """No event of the record is kept, so nothing tells what to put across."""

    status = 409
    code = "nothing_to_carry"
    title = "Nothing is known of the record"
    detail = (
        "No event of {lanes} is kept here. Look whether each id is one of its own half; then "
        "change the record once, and try again."
    )
