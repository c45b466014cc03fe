"""What forecasts and quotas refuse."""

from chassis.problems.problem import Problem

__all__ = ["QuotaOverlaps"]


class QuotaOverlaps(Problem):
    """For a day there is one quota of a user, of a team, and of the company."""

    status = 409
    code = "quota_overlaps"
    title = "The quotas overlap"
    detail = "There is a quota for some of these days already: {existing_id}."
