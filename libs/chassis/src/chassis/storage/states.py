"""States and kinds of records: an enum's words are the only ones that a column may hold."""

from enum import StrEnum

from sqlalchemy import CheckConstraint

__all__ = ["enum_check"]


def enum_check(column: str, states: type[StrEnum]) -> CheckConstraint:
    """The constraint `<column>_known`: the column has one of the words of the enum."""
    words = ", ".join(f"'{state}'" for state in states)
    name = f"{column}_known"
    return CheckConstraint(f"{column} in ({words})", name=name, info={"states": states})
