"""Values: what a field's rule makes of a row's texts. Pure and exact."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from chassis.imports.mapping import FieldRule, Lookup, fill

__all__ = ["OMIT", "Refused", "Tables", "column_of", "field_value", "table_of", "whole_number"]

Tables = Mapping[tuple[str, str, str], Mapping[str, str]]
"""Look-up tables by file, key column and value column."""

OMIT: Any = object()
"""The field is left out of the document."""

_TRUE = frozenset({"1", "true", "t", "yes", "y"})
_FALSE = frozenset({"0", "false", "f", "no", "n"})


class Refused(Exception):
    """Why a field has no value; becomes a RowError where the row is known."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def field_value(rule: FieldRule, values: Mapping[str, str], tables: Tables) -> Any:
    """What the rule makes of a row's values; OMIT for a field that is left out."""
    told: Any = _source(rule, values)
    if rule.lookup and told != "":
        table = tables[table_of(rule.lookup)]
        if told not in table:
            raise Refused("lookup_missing", f"{rule.lookup.file} has no {told!r}.")
        told = table[told]
    if told == "":
        told = rule.default
        if told is None:
            return _empty(rule)
    if rule.values is not None:
        if told not in rule.values:
            known = ", ".join(repr(one) for one in rule.values)
            raise Refused("unknown_value", f"{told!r} is none of {known}.")
        told = rule.values[told]
        if told is None:
            return None
    return told if isinstance(told, bool) else _converted(rule, told)


def column_of(rule: FieldRule) -> str:
    """The columns that a field comes from, for people."""
    return ", ".join(sorted(rule.columns()))


def _source(rule: FieldRule, values: Mapping[str, str]) -> str | bool:
    if rule.const is not None:
        return rule.const
    if rule.template is not None:
        return fill(rule.template, values)
    return values[rule.column or ""].strip()


def _empty(rule: FieldRule) -> Any:
    if rule.when_empty == "error":
        raise Refused("empty", "This may not be empty.")
    return None if rule.when_empty == "null" else OMIT


def _converted(rule: FieldRule, told: str) -> Any:
    """The text converted; with `split`, each of its parts that is not empty."""
    if rule.split is None:
        return _as_type(rule, told)
    return [_as_type(rule, part.strip()) for part in told.split(rule.split) if part.strip()]


def _as_type(rule: FieldRule, told: str) -> Any:
    match rule.type:
        case "decimal":
            return _decimal(rule, told)
        case "int":
            return whole_number(told)
        case "bool":
            return _bool(told)
        case "date":
            return _date(rule, told)
    return told


def _decimal(rule: FieldRule, told: str) -> str:
    try:
        number = Decimal(told)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Refused("not_decimal", f"{told!r} is no decimal number such as 12.30.")
    if rule.times is not None:
        number *= rule.times
    if rule.digits is not None:
        number = number.quantize(Decimal(1).scaleb(-rule.digits), ROUND_HALF_UP)
    return format(number, "f")


def whole_number(told: str) -> int:
    """The whole number. Raises Refused."""
    try:
        return int(told)
    except ValueError:
        raise Refused("not_int", f"{told!r} is no whole number.") from None


def _bool(told: str) -> bool:
    if told.lower() in _TRUE | _FALSE:
        return told.lower() in _TRUE
    raise Refused("not_bool", f"{told!r} is neither true nor false.")


def _date(rule: FieldRule, told: str) -> str:
    try:
        return datetime.strptime(told, rule.format).date().isoformat()  # noqa: DTZ007 - a day
    except ValueError:
        raise Refused("not_date", f"{told!r} is no date of the form {rule.format}.") from None


def table_of(lookup: Lookup) -> tuple[str, str, str]:
    """Where a look-up's table stands among the tables."""
    return lookup.file, lookup.key, lookup.value
