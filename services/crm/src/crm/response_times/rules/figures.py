"""Median and 90th percentile of how long leads waited."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

__all__ = ["Figures", "figures_of"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of so many leads so many had a response; seconds are None where none had."""

    captured: int
    responded: int
    median_seconds: int | None
    p90_seconds: int | None


def figures_of(waits: Sequence[float | None]) -> Figures:
    """The figures of what leads waited, in seconds; None: they wait still, or were closed so.

    Between two values the percentile is interpolated; nine tenths of one value are that value.
    """
    known = [one for one in waits if one is not None]
    middle = round(median(known)) if known else None
    many = len(known) > 1
    high = round(quantiles(known, n=10, method="inclusive")[8]) if many else middle
    return Figures(len(waits), len(known), middle, high)
