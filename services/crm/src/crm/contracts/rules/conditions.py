"""When a clause is part of a contract: declared data over the values of a snapshot.

A condition names one variable and one test. Nothing is evaluated: there are no expressions.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from crm.contracts.rules.variables import NUMBERS, VARIABLES
from crm.contracts.states import ClauseTest

__all__ = ["asked_of", "included", "number_of", "wrong_condition"]

Clause = Mapping[str, Any]


def number_of(variable: str) -> str:
    """The name by which a snapshot keeps the number that a variable prints."""
    return f"{variable}_number"


def asked_of(clauses: Iterable[Clause]) -> set[str]:
    """What conditions of the clauses ask a snapshot for."""
    return {_asked(one["when"]) for one in clauses if one.get("when")}


def included(clauses: Iterable[Clause], values: Mapping[str, str]) -> list[Clause]:
    """The clauses whose conditions the values meet, in their order: of the same, the same."""
    return [one for one in clauses if not one.get("when") or _meets(one["when"], values)]


def wrong_condition(when: Mapping[str, str]) -> tuple[str, str] | None:
    """Field and code of what is wrong with a condition; None: nothing.

    Codes: `unknown_variable`, `value_missing`, `not_an_amount` (the variable prints no number),
    `not_a_number` (the value is none), `value_unused`.
    """
    variable, value = when["variable"], when["value"]
    if variable not in VARIABLES:
        return "variable", "unknown_variable"
    if when["test"] in {ClauseTest.PRESENT, ClauseTest.ABSENT}:
        return ("value", "value_unused") if value else None
    if not value:
        return "value", "value_missing"
    if when["test"] == ClauseTest.AT_LEAST:
        if variable not in NUMBERS:
            return "variable", "not_an_amount"
        return None if _number(value) is not None else ("value", "not_a_number")
    return None


def _asked(when: Mapping[str, str]) -> str:
    variable = when["variable"]
    return number_of(variable) if when["test"] == ClauseTest.AT_LEAST else variable


def _meets(when: Mapping[str, str], values: Mapping[str, str]) -> bool:
    found = values[_asked(when)]
    match ClauseTest(when["test"]):
        case ClauseTest.PRESENT:
            return found != ""
        case ClauseTest.ABSENT:
            return found == ""
        case ClauseTest.EQUALS:
            return found == when["value"]
        case ClauseTest.AT_LEAST:
            return found != "" and Decimal(found) >= Decimal(when["value"])


def _number(value: str) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
