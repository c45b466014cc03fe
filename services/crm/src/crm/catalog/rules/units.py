"""How finely a unit is counted."""

__all__ = ["FINEST", "decimals_of"]

FINEST = 6
"""Decimals that are kept of any quantity."""
WHOLE = frozenset({"BG", "BO", "BX", "C62", "CA", "CT", "DZN", "EA", "PF", "PK", "PR", "RO", "SET"})
"""Units that are counted in whole pieces, where nobody says otherwise."""


def decimals_of(unit: str) -> int:
    """With how many decimals a unit is counted where nobody says otherwise."""
    return 0 if unit in WHOLE else FINEST
