"""What a line comes to."""

from decimal import ROUND_HALF_UP, Context, Decimal

__all__ = ["line_net"]

_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)


def line_net(
    unit_price: Decimal, quantity: Decimal, discount: Decimal, *, decimals: int
) -> Decimal:
    """Price x quantity x (1 - discount), rounded half-up once (C26)."""
    full = _EXACT.multiply(unit_price, quantity)
    part = _EXACT.subtract(Decimal(1), discount)
    return _EXACT.multiply(full, part).quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
