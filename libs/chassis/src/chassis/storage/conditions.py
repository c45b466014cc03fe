"""Conditions of a statement as SQL, with their values numbered."""

from collections.abc import Sequence
from typing import Any, Protocol

__all__ = ["Numbered", "all_of"]


class Condition(Protocol):
    """SQL in which `{}` stands for a value."""

    @property
    def condition(self) -> str:
        """The SQL."""

    @property
    def value(self) -> Any:
        """The value."""


class Numbered:
    """The values of a statement, each with its number."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def value(self, value: Any) -> str:
        """The place of a value in the SQL."""
        self.values.append(value)
        return f"${len(self.values)}"

    def condition(self, one: Condition) -> str:
        """The condition, with its value's place."""
        return one.condition.format(self.value(one.value))


def all_of(conditions: Sequence[str]) -> str:
    """The WHERE clause of conditions that all hold; "" for none."""
    return f" where {' and '.join(conditions)}" if conditions else ""
