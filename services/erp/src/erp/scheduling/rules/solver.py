"""The solver: a schedule that is better, and how far from the best it is at most."""

from collections.abc import Callable

from erp.scheduling.rules.problem import Limit, Problem, Progress, Schedule

__all__ = ["improve", "is_installed"]


def is_installed() -> bool:
    """Whether the extra `aps` is there."""
    raise NotImplementedError


def improve(
    problem: Problem,
    start: Schedule,
    limit: Limit | None = None,
    seed: int = 0,
    progress: Callable[[Progress], bool] | None = None,
) -> Schedule:
    """A schedule no worse than `start`, with its bound; the same for the same problem and seed.

    `progress` is called with each better one; False stops. Raises ImportError without `aps`.
    """
    raise NotImplementedError
