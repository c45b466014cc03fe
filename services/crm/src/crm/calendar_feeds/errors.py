"""What calendar feeds refuse."""

from chassis.problems.problem import Problem

__all__ = ["CalendarFeedUnknown"]


class CalendarFeedUnknown(Problem):
    """No feed has this address, it was revoked, or its user is disabled: nobody learns which."""

    status = 404
    code = "calendar_feed_unknown"
    title = "There is no such calendar"
    detail = (
        "The address is wrong, or it was revoked. Make a new one: POST /v1/calendar-feed/issue."
    )
