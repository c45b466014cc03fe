"""States of rush requests, and what they delay."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["RUSH_FOLLOWING", "DelayedKind", "RushState"]


class RushState(StrEnum):
    """`open` until it is decided, or nobody asks for it any more."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


RUSH_FOLLOWING: Mapping[RushState, frozenset[RushState]] = {
    RushState.OPEN: frozenset({RushState.GRANTED, RushState.REFUSED, RushState.WITHDRAWN}),
    RushState.GRANTED: frozenset(),
    RushState.REFUSED: frozenset(),
    RushState.WITHDRAWN: frozenset(),
}
"""A decision stays; another request may be made."""


class DelayedKind(StrEnum):
    """What comes later: another customer's order, or one of production."""

    SALES_ORDER = "sales_order"
    PRODUCTION_ORDER = "production_order"
