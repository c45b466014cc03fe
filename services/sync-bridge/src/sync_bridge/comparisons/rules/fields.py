"""Fields of one record in a form in which those of both halves can be compared."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sync_bridge.ownership import OWNERSHIP, Half, other

__all__ = ["comparable", "held_fields", "sent_fields"]

NUMBERS = frozenset(
    {
        *("amount", "quantity", "min_quantity", "unit_price", "discount", "reserved", "waiting"),
        *("shipped", "returned", "invoiced", "net", "freight", "charges", "paid", "open_amount"),
        *("free", "incoming", "owes"),
    }
)
"""Texts that are numbers: `5` and `5.000` are the same."""

IN_PARTS = frozenset({"terms of business", "how it stands"})
"""Fields of which each part is compared for itself."""


def comparable(value: Any, name: str = "") -> Any:
    """The value as it is compared: a number without its zeros, nothing as an empty text."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return {key: comparable(part, key) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [comparable(part) for part in value]
    return _number(value) if name in NUMBERS else value


def _number(value: Any) -> Any:
    try:
        return format(Decimal(str(value)).normalize() + 0, "f")
    except InvalidOperation:
        return value


def sent_fields(entity: str, *, sender: Half, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the sender owns of a mapped body, by the names of the fields."""
    return _named(entity, called=other(sender), owner=sender, values=body)


def held_fields(entity: str, *, holder: Half, state: Mapping[str, Any]) -> dict[str, Any]:
    """What the holder shows of the fields that the other half owns, by their names."""
    return _named(entity, called=holder, owner=other(holder), values=state)


def _named(entity: str, *, called: Half, owner: Half, values: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.called_by(called): one.name for one in OWNERSHIP[entity] if one.owner == owner}
    found: dict[str, Any] = {}
    for key, value in values.items():
        name, plain = names.get(key), comparable(value, key)
        if name in IN_PARTS and isinstance(plain, dict):
            found |= {f"{name}: {part.replace('_', ' ')}": said for part, said in plain.items()}
        elif name is not None:
            found[name] = plain
    return found
