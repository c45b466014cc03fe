"""What a line comes to."""

from decimal import Decimal

from erp.exact import EXACT, rounded

__all__ = ["line_net"]

_ONE = Decimal(1)


def line_net(
    unit_price: Decimal, quantity: Decimal, discount: Decimal, *, decimals: int
) -> Decimal:
    """Price x quantity x (1 - discount), rounded half-up once (C26, E19)."""
    full = EXACT.multiply(unit_price, quantity)
    return rounded(EXACT.multiply(full, EXACT.subtract(_ONE, discount)), decimals)
