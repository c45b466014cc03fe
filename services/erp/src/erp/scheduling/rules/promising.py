"""When a new order can be done without moving others."""

from collections.abc import Sequence

from erp.scheduling.rules.problem import Operation, Problem, Schedule

__all__ = ["earliest"]


def earliest(problem: Problem, schedule: Schedule, operations: Sequence[Operation]) -> Schedule:
    """The operations of a new order, each at its first free moment. Raises Impossible."""
    raise NotImplementedError
