"""Why no schedule can exist."""

from erp.scheduling.rules.problem import Conflict, Problem

__all__ = ["find"]


def find(problem: Problem) -> list[Conflict]:
    """What excludes every schedule; empty does not promise that there is one."""
    raise NotImplementedError
