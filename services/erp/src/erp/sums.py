"""How large a sum may be: what the contract's numbers hold, 14 digits before the point."""

from decimal import Decimal

from chassis.http.problems import FieldError, InvalidInput

__all__ = ["require_bookable"]

LARGEST = Decimal(10) ** 14


def require_bookable(*sums: Decimal, pointer: str = "/lines") -> None:
    """Refuse sums that no reader of our contracts could take. Raises InvalidInput."""
    if any(abs(one) >= LARGEST for one in sums):
        wrong = FieldError(pointer, "too_large", "It comes to more than can be booked.")
        raise InvalidInput(errors=[wrong])
