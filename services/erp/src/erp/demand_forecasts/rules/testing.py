"""How wrong a method would have been on the last periods of a history (a back-test)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from erp.demand_forecasts.rules.methods import Fit, fit
from erp.demand_forecasts.states import ForecastMethod
from values.decimals import EXACT

__all__ = ["Errors", "Tested", "back_tested", "best_of", "errors_of"]

_SIX = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Errors:
    """What a method missed by. A part that cannot be said (nothing came) is None.

    `mae`: the mean of what it was wrong by, whichever way. `mape`: the mean part, of the periods in
    which something came. `wape`: all that it was wrong by, as a part of all that came. `bias`: the
    mean of forecast less what came: above zero it forecasts too much.
    """

    mae: Decimal
    mape: Decimal | None
    wape: Decimal | None
    bias: Decimal


@dataclass(frozen=True, slots=True)
class Tested:
    """A method: how wrong it was on the periods held out, and what it forecasts now."""

    fit: Fit
    errors: Errors


def errors_of(came: Sequence[Decimal], said: Sequence[Decimal]) -> Errors:
    """How wrong forecasts were; both are of the same periods, of which there is one at least."""
    wrong = [one - of for one, of in zip(said, came, strict=True)]
    total, missed = sum(came, Decimal(0)), sum((abs(one) for one in wrong), Decimal(0))
    parts = [abs(one) / of for one, of in zip(wrong, came, strict=True) if of]
    return Errors(
        mae=_rounded(missed / len(wrong)),
        mape=_rounded(sum(parts, Decimal(0)) / len(parts)) if parts else None,
        wape=_rounded(missed / total) if total else None,
        bias=_rounded(sum(wrong, Decimal(0)) / len(wrong)),
    )


def back_tested(
    history: Sequence[Decimal], *, ahead: int, hold_out: int, window: int
) -> list[Tested]:
    """Every method for which the history is long enough, the best first.

    The last `hold_out` periods are forecast one by one, each from what came before it; parameters
    are chosen anew for each, so nothing of what is tested is known to the method.
    """
    found = []
    for method in ForecastMethod:
        said = []
        for at in range(len(history) - hold_out, len(history)):
            before = fit(method, history[:at], 1, window=window) if at > 0 else None
            if before is None:
                break
            said.append(before.expected[0])
        now = fit(method, history, ahead, window=window)
        if len(said) == hold_out and now is not None:
            found.append(Tested(now, errors_of(history[-hold_out:], said)))
    return sorted(found, key=lambda one: one.errors.mae)


def best_of(found: Sequence[Tested]) -> Tested | None:
    """The one that missed by the least; of equals the simplest. None: there is none."""
    return found[0] if found else None


def _rounded(value: Decimal) -> Decimal:
    return EXACT.quantize(value, _SIX)
