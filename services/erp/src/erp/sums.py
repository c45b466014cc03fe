"""How large a sum may be: what the contract's numbers hold, 14 digits before the point."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import asyncpg

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput

__all__ = ["LARGEST", "bookable", "bookable_sums", "require_bookable"]

LARGEST = Decimal(10) ** 14


def require_bookable(*sums: Decimal, pointer: str = "/lines") -> None:
    """Refuse sums that no reader of our contracts could take. Raises InvalidInput."""
    if any(abs(one) >= LARGEST for one in sums):
        raise _too_large(pointer)


def bookable(*columns: str) -> str:
    """The condition of a check constraint named `bookable`: the columns keep below the largest."""
    return " and ".join(f"{column} < 1e14" for column in columns)


@contextmanager
def bookable_sums(*, pointer: str = "/lines") -> Iterator[None]:
    """Write sums that rows keep of many documents. Raises InvalidInput, as the database finds.

    Columns of quantities hold no more; for those of amounts there is the check constraint.
    """
    try:
        yield
    except asyncpg.NumericValueOutOfRangeError as refused:
        raise _too_large(pointer) from refused
    except asyncpg.CheckViolationError as refused:
        if not (refused.constraint_name or "").endswith("_bookable"):
            raise
        raise _too_large(pointer) from refused


def _too_large(pointer: str) -> InvalidInput:
    wrong = FieldError(pointer, "too_large", "It comes to more than can be booked.")
    return InvalidInput(errors=[wrong])
