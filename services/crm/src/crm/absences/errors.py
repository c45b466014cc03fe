"""What absences refuse."""

from chassis.problems.problem import Problem

__all__ = ["OverlappingAbsence"]


class OverlappingAbsence(Problem):
    """A user is away only once at a time."""

    status = 409
    code = "overlapping_absence"
    title = "The person is away then already"
    detail = (
        "There is an absence ({existing_id}) of this person in that time. "
        "Change it, or choose another time."
    )
