"""Margins of quotes: what is left of the net amount after the cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from values.decimals import EXACT, rounded

__all__ = ["CostedLine", "Margin", "margin_of_line", "margin_of_quote"]

PERCENT_DIGITS = 6
_NOTHING, _HUNDRED = Decimal(0), Decimal(100)


@dataclass(frozen=True, slots=True)
class CostedLine:
    """A line with what one unit of it costs; None: that is not known."""

    quantity: Decimal
    net: Decimal
    unit_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Margin:
    """What it costs, what is left, and that in percent of the net; None: it cannot be said."""

    cost: Decimal | None = None
    margin: Decimal | None = None
    percent: Decimal | None = None


def margin_of_line(line: CostedLine, *, decimals: int) -> Margin:
    """The margin of a line; its cost is rounded once, half-up."""
    if line.unit_cost is None:
        return Margin()
    cost = rounded(EXACT.multiply(line.unit_cost, line.quantity), decimals)
    return _margin(line.net, cost)


def margin_of_quote(lines: Sequence[CostedLine], *, decimals: int) -> Margin:
    """The sum of the lines; nothing is said where there is none, or a cost is missing."""
    costs = [margin_of_line(one, decimals=decimals).cost for one in lines]
    known = [one for one in costs if one is not None]
    if not known or len(known) < len(costs):
        return Margin()
    return _margin(sum((one.net for one in lines), _NOTHING), sum(known, _NOTHING))


def _margin(net: Decimal, cost: Decimal) -> Margin:
    margin = EXACT.subtract(net, cost)
    percent = EXACT.divide(EXACT.multiply(margin, _HUNDRED), net) if net else None
    return Margin(cost, margin, percent and rounded(percent, PERCENT_DIGITS))
