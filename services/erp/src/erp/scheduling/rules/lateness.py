"""Why orders are late (V12)."""

from erp.scheduling.rules.problem import Problem, Reason, Schedule

__all__ = ["reasons"]


def reasons(problem: Problem, schedule: Schedule) -> dict[str, list[Reason]]:
    """The id of each late order, with what it waits for, the last cause first."""
    raise NotImplementedError
