"""The steps of a recovery and how long each took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from runner.telling import Step, step

__all__ = ["Recovery"]


class Recovery:
    """A recovery from its beginning, which is the moment of the loss."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, float]] = []
        self._began = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Measure and print one step; one that fails is not among the steps."""
        with step(title) as now:
            yield now
        self.steps.append((title, now.seconds))

    def table(self) -> list[str]:
        """A line for each step with its seconds, and the whole, from the loss to agreement."""
        whole = ("From loss to agreement", time.monotonic() - self._began)
        return [f"  {title:<34}{seconds:>8.1f} s" for title, seconds in (*self.steps, whole)]
