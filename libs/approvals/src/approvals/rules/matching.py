"""Which conditions of an approval rule facts meet, and when two questions are the same."""

import hashlib
import json
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

__all__ = ["alike", "fingerprint_of", "meets"]


def meets(
    condition: Mapping[str, Any],
    facts: Mapping[str, Any],
    currency: str,
    *,
    met_unknown: Collection[str] = (),
) -> bool:
    """True if the fact lies in the condition's range or is one of its values.

    `at_least` is part of the range, `below` is not. A fact that is not known meets nothing, nor
    does an amount in another currency than the condition's; but facts of `met_unknown` meet every
    condition where they are not known.
    """
    fact = facts.get(condition["fact"])
    if fact is None:
        return condition["fact"] in met_unknown
    if condition.get("values"):
        return str(fact) in condition["values"]
    if condition.get("currency") and condition["currency"] != currency:
        return False
    least, below = condition.get("at_least"), condition.get("below")
    number = Decimal(fact)
    return (least is None or number >= Decimal(least)) and (
        below is None or number < Decimal(below)
    )


def alike(
    before: Mapping[str, str | None],
    now: Mapping[str, str | None],
    names: Collection[str],
    *,
    numbers: Collection[str],
) -> bool:
    """Whether these facts are what they were; `numbers` of them are compared by value."""
    return all(
        _value(before.get(one), number=one in numbers)
        == _value(now.get(one), number=one in numbers)
        for one in names
    )


def _value(fact: str | None, *, number: bool) -> Decimal | str | None:
    return Decimal(fact) if number and fact is not None else fact


def fingerprint_of(content: Any) -> str:
    """The same text for the same content, whatever the order of its fields.

    Numbers are compared by value: 1.50 is 1.5.
    """
    text = json.dumps(content, sort_keys=True, default=_plain, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value)
