"""Ranges in queries: what begins after it ends finds nothing, and is a mistake."""

from collections.abc import Mapping
from typing import Any

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput

__all__ = ["require_ranges"]

_ENDS = {"_from": "_to", "_gte": "_lte"}


def require_ranges(given: Mapping[str, Any]) -> None:
    """See to it that no range of the values, such as `created_from` and `created_to`, is reversed.

    Raises InvalidInput, which names the first end of each that is.
    """
    reversed_ends = [
        (name, other)
        for name, value in given.items()
        for begin, end in _ENDS.items()
        if name.endswith(begin) and value is not None
        if (last := given.get(other := name.removesuffix(begin) + end)) is not None and last < value
    ]
    if reversed_ends:
        text = "This lies after {end}."
        raise InvalidInput(
            errors=[
                FieldError(f"/query/{name}", "range_reversed", text, {"end": other})
                for name, other in reversed_ends
            ]
        )
