"""What activities refuse."""

from chassis.problems.problem import Problem

__all__ = ["ActivityStateRefused"]


class ActivityStateRefused(Problem):
    """The act does not follow upon the activity's state."""

    status = 409
    code = "activity_state_refused"
    title = "The activity is in another state"
    detail = "It is {state} and cannot become {wanted}. Reopen it first, or leave it as it is."
