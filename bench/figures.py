"""What a benchmark gives: figures, each beside its limit, with the goal it is held to."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.place import Place

__all__ = ["Asked", "Bench", "Figure", "Goal", "paired", "quantile"]


@dataclass(frozen=True)
class Asked:
    """How long one measurement lasts, and how often ours and its limits are measured in turn."""

    seconds: float
    rounds: int


@dataclass(frozen=True)
class Goal:
    """What a figure is to reach: a share of its limit, or a number of its own unit."""

    ratio_min: float | None = None
    ours_max: float | None = None
    ours_min: float | None = None

    def met(self, figure: "Figure") -> bool:
        """Whether the figure reaches it."""
        if self.ratio_min is not None:
            return figure.ratio >= self.ratio_min
        if self.ours_min is not None:
            return figure.ours >= self.ours_min
        return self.ours_max is None or figure.ours <= self.ours_max

    def __str__(self) -> str:
        if self.ratio_min is not None:
            return f">= {self.ratio_min:.2f} of it"
        if self.ours_min is not None:
            return f">= {self.ours_min:g}"
        return "" if self.ours_max is None else f"<= {self.ours_max:g}"


@dataclass(frozen=True)
class Figure:
    """One result: medians over the rounds. `ratio` is ours / limit, the median of the pairs.

    `facts` are further numbers of the same measurement by name, such as CPU milliseconds.
    """

    name: str
    unit: str
    against: str
    ours: float
    limit: float
    ratio: float
    ratio_min: float
    ratio_max: float
    goal: Goal | None = None
    facts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """A benchmark: its name on the command line, what it measures, and how."""

    name: str
    measures: str
    run: "Callable[[Place, Asked], list[Figure]]"


def paired(
    name: str,
    unit: str,
    against: str,
    pairs: Sequence[tuple[float, float]],
    *,
    goal: Goal | None = None,
    facts: Mapping[str, float] | None = None,
) -> Figure:
    """The figure of rounds in which ours and the limit were measured one after the other."""
    ratios = [ours / limit for ours, limit in pairs]
    return Figure(
        name=name,
        unit=unit,
        against=against,
        ours=statistics.median(ours for ours, _ in pairs),
        limit=statistics.median(limit for _, limit in pairs),
        ratio=statistics.median(ratios),
        ratio_min=min(ratios),
        ratio_max=max(ratios),
        goal=goal,
        facts=facts or {},
    )


def quantile(values: Sequence[float], share: float) -> float:
    """The value that this share of all values does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
