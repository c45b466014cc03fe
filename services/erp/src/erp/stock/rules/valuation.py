"""What goods are worth: amounts are kept, unit costs derived (moving average)."""

from decimal import Decimal

from erp.exact import EXACT, rounded

__all__ = ["cost_of_issue"]


def cost_of_issue(quantity: Decimal, *, on_hand: Decimal, value: Decimal, decimals: int) -> Decimal:
    """What leaves the books with `quantity` of `on_hand` pieces that are worth `value`.

    The share by quantity, rounded half-up to the currency's decimals; with the last piece the
    rest of the value goes, so that nothing is worth nothing (E30).
    """
    if quantity == on_hand:
        return value
    share = EXACT.divide(EXACT.multiply(value, quantity), on_hand)
    return min(rounded(share, decimals), value)
