"""How finely a unit is counted."""

from decimal import Decimal

__all__ = ["FINEST", "decimals_of", "minimum_of"]

FINEST = 6
"""Decimals that are kept of any quantity."""
WHOLE = frozenset({"BG", "BO", "BX", "C62", "CA", "CT", "DZN", "EA", "PF", "PK", "PR", "RO", "SET"})
"""Units that are counted in whole pieces, where nobody says otherwise."""


def decimals_of(unit: str) -> int:
    """With how many decimals a unit is counted where nobody says otherwise."""
    return 0 if unit in WHOLE else FINEST


def minimum_of(stated: Decimal, decimals: int) -> Decimal:
    """From which quantity on a price holds, in a unit counted with `decimals`; 0: from any on.

    The smallest quantity there is of the unit is no minimum: from 1 piece on is from any on.
    """
    return Decimal(0) if stated == Decimal(1).scaleb(-decimals) else stated
