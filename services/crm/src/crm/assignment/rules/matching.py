"""Whether a rule matches: its conditions, asked of the facts of a subject."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from crm.assignment.states import Operator

__all__ = ["Facts", "conditions_met", "matches"]

Facts = Mapping[str, Any]
"""What is known of a subject, by the name of the fact: texts, numbers; None: not known."""

Condition = Mapping[str, Any]


def _words(condition: Condition) -> list[str]:
    return [str(one).casefold() for one in condition.get("values", ())]


def _among(condition: Condition, fact: Any) -> bool:
    return str(fact).casefold() in _words(condition)


def _contains(condition: Condition, fact: Any) -> bool:
    return any(word in str(fact).casefold() for word in _words(condition))


def _between(condition: Condition, fact: Any) -> bool:
    try:
        number = Decimal(str(fact))
    except InvalidOperation:
        return False
    low, high = condition.get("at_least"), condition.get("at_most")
    return (low is None or number >= Decimal(low)) and (high is None or number <= Decimal(high))


def _given(_condition: Condition, _fact: Any) -> bool:
    return True


_ASK: Mapping[str, Callable[[Condition, Any], bool]] = {
    Operator.EQUALS: _among,
    Operator.AMONG: _among,
    Operator.CONTAINS: _contains,
    Operator.BETWEEN: _between,
    Operator.GIVEN: _given,
}


def conditions_met(conditions: Sequence[Condition], facts: Facts) -> list[bool]:
    """Of each condition whether it is met; a fact that is not known or empty meets none."""
    known = [facts.get(one["fact"]) for one in conditions]
    return [
        fact not in {None, ""} and _ASK[one["operator"]](one, fact)
        for one, fact in zip(conditions, known, strict=True)
    ]


def matches(conditions: Sequence[Condition], facts: Facts) -> bool:
    """Whether all conditions are met; a rule without any matches everything."""
    return all(conditions_met(conditions, facts))
