"""Forecasts of the next period from the periods before it.

Each function gives, for a history, what it would have forecast for every period of it, and for the
period after it (one more entry than the history has). None: the history before is too short.
Figures are estimates; they are computed in decimals, so that they are the same on every machine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from erp.demand_forecasts.states import ForecastMethod
from values.decimals import EXACT

__all__ = ["Fit", "fit", "holt", "moving_average", "smoothed"]

Series = Sequence[Decimal]
_STEPS = [Decimal(one) / 10 for one in (1, 2, 3, 4, 5, 6, 7, 8, 9)]
_COARSE = [Decimal(one) / 10 for one in (1, 3, 5, 7, 9)]
_SIX = Decimal("0.000001")


def moving_average(history: Series, window: int) -> list[Decimal | None]:
    """The mean of the last so many periods."""
    found: list[Decimal | None] = [None] * min(window, len(history) + 1)
    total = sum(history[:window], Decimal(0))
    for at in range(window, len(history) + 1):
        if at > window:
            total += history[at - 1] - history[at - 1 - window]
        found.append(_rounded(total / window))
    return found


def smoothed(history: Series, alpha: Decimal, first: Decimal | None = None) -> list[Decimal | None]:
    """Simple exponential smoothing: the last forecast and `alpha` of what it was wrong by.

    `first`: the forecast of the first period; None: what came in it.
    """
    if not history:
        return [first]
    level = history[0] if first is None else first
    found: list[Decimal | None] = [first]
    for came in history:
        level = _rounded(level + alpha * (came - level))
        found.append(level)
    return found


def holt(
    history: Series,
    alpha: Decimal,
    beta: Decimal,
    first: tuple[Decimal, Decimal] | None = None,
) -> list[Decimal | None]:
    """Exponential smoothing of level and trend (Holt).

    `first`: level and trend as of the first period; None: what came in it, and by how much the
    second one differs.
    """
    if not history[1:]:  # one period has no trend
        return [None] * (len(history) + 1)
    level, trend = first or (history[0], history[1] - history[0])
    found: list[Decimal | None] = [level + trend if first else None]
    for at, came in enumerate(history):
        expected = level + trend if first or at else level
        before, level = level, _rounded(alpha * came + (1 - alpha) * expected)
        if first or at:
            trend = _rounded(beta * (level - before) + (1 - beta) * trend)
        found.append(level + trend)
    return found if first else [None, None, *found[2:]]


def _rounded(value: Decimal) -> Decimal:
    return EXACT.quantize(value, _SIX)


@dataclass(frozen=True, slots=True)
class Fit:
    """A method with its parameters, and what it forecasts for the periods after the history."""

    method: ForecastMethod
    parameters: tuple[Decimal, ...]
    """Of a moving average the number of periods; alpha; alpha and beta."""
    expected: tuple[Decimal, ...]


def fit(method: ForecastMethod, history: Series, ahead: int, *, window: int) -> Fit | None:
    """The method with the parameters that would have been the least wrong, in squares.

    It forecasts `ahead` periods, none below zero. None: the history is too short for it.
    """
    choices: list[tuple[Decimal, ...]]
    if method == ForecastMethod.MOVING_AVERAGE:
        choices = [(Decimal(window),)]
    elif method == ForecastMethod.EXPONENTIAL_SMOOTHING:
        choices = [(one,) for one in _STEPS]
    else:
        choices = list(product(_COARSE, _COARSE))
    run = _RUN[method]
    best: tuple[Decimal, tuple[Decimal, ...], list[Decimal | None]] | None = None
    for chosen in choices:
        found = run(history, chosen)
        if found[-1] is None:
            continue
        wrong = sum(
            (
                (came - said) ** 2
                for came, said in zip(history, found, strict=False)
                if said is not None
            ),
            Decimal(0),
        )
        if best is None or wrong < best[0]:
            best = (wrong, chosen, found)
    if best is None:
        return None
    return Fit(method, best[1], _ahead(method, best[2], history, best[1], ahead))


_RUN: dict[ForecastMethod, Callable[[Series, tuple[Decimal, ...]], list[Decimal | None]]] = {
    ForecastMethod.MOVING_AVERAGE: lambda history, of: moving_average(history, int(of[0])),
    ForecastMethod.EXPONENTIAL_SMOOTHING: lambda history, of: smoothed(history, of[0]),
    ForecastMethod.HOLT: lambda history, of: holt(history, of[0], of[1]),
}


def _ahead(
    method: ForecastMethod,
    found: Sequence[Decimal | None],
    history: Series,
    parameters: tuple[Decimal, ...],
    number: int,
) -> tuple[Decimal, ...]:
    """The next periods: the same for each, but of Holt on along the trend."""
    following = found[-1] or Decimal(0)
    step = Decimal(0)
    if method == ForecastMethod.HOLT:
        # Where the next period comes exactly as forecast, level and trend go on as they are.
        after = holt([*history, following], parameters[0], parameters[1])[-1] or following
        step = after - following
    return tuple(max(following + step * at, Decimal(0)) for at in range(number))
