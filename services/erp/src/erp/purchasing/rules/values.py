"""What a part of goods is worth."""

from decimal import Decimal

from values.decimals import EXACT, rounded

__all__ = ["share_of"]


def share_of(value: Decimal, quantity: Decimal, *, of: Decimal, decimals: int) -> Decimal:
    """What `quantity` of so many pieces has of their value; all of them have all of it."""
    if quantity == of:
        return value
    return min(rounded(EXACT.divide(EXACT.multiply(value, quantity), of), decimals), value)
