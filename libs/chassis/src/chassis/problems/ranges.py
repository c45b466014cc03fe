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
    errors = [
        FieldError(f"/query/{name}", "range_reversed", "This lies after {end}.", {"end": end})
        for begin, last in _ENDS.items()
        for name, value in given.items()
        if name.endswith(begin) and value is not None
        if given.get(end := name.removesuffix(begin) + last) is not None and given[end] < value
    ]
    if errors:
        raise InvalidInput(errors=errors)
