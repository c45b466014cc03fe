"""What goods are worth: amounts are kept, unit costs derived (moving average)."""

from decimal import ROUND_HALF_DOWN, Decimal

from erp.exact import EXACT

__all__ = ["cost_of_issue"]


def cost_of_issue(quantity: Decimal, *, on_hand: Decimal, value: Decimal, decimals: int) -> Decimal:
    """What leaves the books with `quantity` of `on_hand` pieces that are worth `value`.

    The share by quantity, rounded to the currency's decimals; a half stays in stock, and with the
    last piece the rest of the value goes, so that nothing is worth nothing (E30): three pieces
    for 10.00 leave at 3.33, 3.33 and 3.34.
    """
    if quantity == on_hand:
        return value
    share = EXACT.divide(EXACT.multiply(value, quantity), on_hand)
    smallest = Decimal(1).scaleb(-decimals)
    return min(share.quantize(smallest, rounding=ROUND_HALF_DOWN, context=EXACT), value)
