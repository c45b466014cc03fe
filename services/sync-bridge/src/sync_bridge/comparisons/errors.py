"""What comparisons refuse."""

from chassis.problems.problem import Problem

__all__ = ["ComparisonRunning", "NothingToCompare"]


class ComparisonRunning(Problem):
    """One comparison is made at a time."""

    status = 409
    code = "comparison_running"
    title = "A comparison is under way"
    detail = "The comparison {comparison} is not done yet. Wait for it, then ask again."


class NothingToCompare(Problem):
    """The bridge is between no two halves."""

    status = 409
    code = "nothing_to_compare"
    title = "There is nothing to compare"
    detail = "The addresses of both halves are not set, so the bridge cannot read their records."
