"""What one schedule changes against another (E69)."""

from collections.abc import Sequence

from erp.scheduling.rules.problem import Assignment, Moves, Problem

__all__ = ["compare"]


def compare(before: Sequence[Assignment], after: Sequence[Assignment], problem: Problem) -> Moves:
    """Which operations move, and which orders end at another minute."""
    raise NotImplementedError
