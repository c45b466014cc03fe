"""States of rush requests."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["RUSH_FOLLOWING", "RushAnswer", "RushState"]


class RushState(StrEnum):
    """`asked` until it is decided, or nobody asks for it any more."""

    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class RushAnswer(StrEnum):
    """What the ERP answers."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


RUSH_FOLLOWING: Mapping[RushState, frozenset[RushState]] = {
    RushState.ASKED: frozenset({RushState.GRANTED, RushState.REFUSED, RushState.WITHDRAWN}),
    RushState.GRANTED: frozenset(),
    RushState.REFUSED: frozenset(),
    RushState.WITHDRAWN: frozenset({RushState.GRANTED}),
}
"""A decision stays. The ERP may have granted what was withdrawn here before it was told so."""
