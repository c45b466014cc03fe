"""What lanes refuse to a person."""

from chassis.http.problems import Problem

__all__ = ["LaneNotParked"]


class LaneNotParked(Problem):
    """The lane does not stand still."""

    status = 409
    code = "lane_not_parked"
    title = "The lane is not parked"
    detail = "The lane {lane} is {state}; only a parked or waiting lane can be retried or skipped."
