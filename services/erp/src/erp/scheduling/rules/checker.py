"""Whether a schedule keeps every rule: proven apart from what makes schedules (E67 to E69)."""

from erp.scheduling.rules.problem import Problem, Schedule, Violation

__all__ = ["violations"]


def violations(problem: Problem, schedule: Schedule) -> list[Violation]:
    """Everything that is wrong with it; empty: it may be published."""
    raise NotImplementedError
