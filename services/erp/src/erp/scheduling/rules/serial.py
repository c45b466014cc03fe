"""The rule: orders one after another, each operation at its first possible moment."""

from erp.scheduling.rules.problem import Problem, Schedule

__all__ = ["generate"]


def generate(problem: Problem) -> Schedule:
    """A schedule within milliseconds: rush orders first, then by priority and due date.

    Raises Impossible.
    """
    raise NotImplementedError
