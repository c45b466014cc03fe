"""Values: what a field's rule makes of a row's texts. Pure and exact."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from importer.rules import FieldRule, Lookup, Reference, Sign, Source, fill
from values.sheets.cells import check_readable, phone_in, yes_or_no
from values.sheets.dates import day_of
from values.sheets.numbers import check_one_reading, check_undamaged, exact, scaled, whole_number
from values.sheets.refused import Refused

__all__ = ["OMIT", "Named", "Tables", "column_of", "field_value", "table_of"]

Tables = Mapping[tuple[str, str, str], Mapping[str, str]]
"""Look-up tables by file, key column and value column."""

OMIT: Any = object()
"""The field is left out of the document."""


@dataclass(frozen=True)
class Named:
    """A record here that a text names; its id is found when the document is sent."""

    reference: Reference
    text: str

    def __hash__(self) -> int:
        return hash((self.reference.path, self.text))


def field_value(rule: FieldRule, values: Mapping[str, str], tables: Tables) -> Any:
    """What the rule makes of a row's values; OMIT for a field that is left out."""
    text = text_of(rule, values, tables)
    if text is None or isinstance(text, bool):
        return text
    if text == "":
        return _empty(rule)
    if rule.reference:
        return Named(rule.reference, text)
    if rule.split is None:
        return _as_type(rule, text, values, tables)
    parts = [part.strip() for part in text.split(rule.split)]
    return [_as_type(rule, part, values, tables) for part in parts if part]


def text_of(rule: Source, values: Mapping[str, str], tables: Tables) -> str | bool | None:
    """The text of a row that a rule names, looked up and translated. Raises Refused."""
    text: Any = _source(rule, values)
    for lookup in rule.lookup:
        if text != "":
            text = _looked_up(lookup, str(text), tables)
    if text == "" and rule.default is not None:
        text = rule.default
    if rule.values is None or (text == "" and "" not in rule.values):
        return text  # type: ignore[no-any-return]
    if text not in rule.values:
        known = ", ".join(repr(one) for one in rule.values)
        raise Refused("unknown_value", f"{text!r} is none of {known}.")
    return rule.values[text]


def column_of(rule: FieldRule) -> str:
    """The columns that a field comes from, for people."""
    return ", ".join(sorted(rule.columns()))


def table_of(lookup: Lookup) -> tuple[str, str, str]:
    """Where a look-up's table stands among the tables."""
    return lookup.file, lookup.key, lookup.value


def _source(rule: Source, values: Mapping[str, str]) -> str | bool:
    if rule.const is not None:
        return rule.const
    for column in rule.columns():
        check_readable(values[column])
        check_undamaged(values[column])
    if rule.template is not None:
        return fill(rule.template, values)
    if rule.join is not None:
        parts = (values[column] for column in rule.join.columns)
        return rule.join.mark.join(part for part in parts if part)
    return values[rule.column or ""].strip()


def _looked_up(lookup: Lookup, key: str, tables: Tables) -> str:
    found = tables[table_of(lookup)].get(key)
    if found is not None:
        return found
    if lookup.missing == "error":
        raise Refused("lookup_missing", f"{lookup.file} has no {key!r}.")
    return key if lookup.missing == "keep" else ""


def _empty(rule: FieldRule) -> Any:
    if rule.when_empty == "error":
        raise Refused("empty", "This may not be empty.")
    return None if rule.when_empty == "null" else OMIT


def _as_type(rule: FieldRule, text: str, values: Mapping[str, str], tables: Tables) -> Any:
    check_undamaged(text)
    match rule.type:
        case "decimal":
            return _decimal(rule, text, values)
        case "int":
            return whole_number(text, thousands=rule.thousands or "")
        case "bool":
            return yes_or_no(text)
        case "date":
            return day_of(text, rule.format or ["%Y-%m-%d"], rule.century)
        case "phone":
            return _phone(text, rule, values, tables)
    return text


def _decimal(rule: FieldRule, text: str, values: Mapping[str, str]) -> Any:
    if rule.decimal is None and rule.thousands is None:
        check_one_reading(text)
    number = exact(
        text,
        decimal=rule.decimal or ".",
        thousands=rule.thousands or "",
        negative=rule.negative,
    )
    if rule.sign == "flip" or (isinstance(rule.sign, Sign) and _is_minus(rule.sign, values)):
        number = -number
    if rule.part:
        if number == 0 or (number > 0) != (rule.part == "positive"):
            return _empty(rule)
        number = abs(number)
    return scaled(number, rule.times, rule.digits)


def _is_minus(sign: Sign, values: Mapping[str, str]) -> bool:
    told = values[sign.column]
    if told not in {*sign.minus, *sign.plus}:
        known = ", ".join([*sign.plus, *sign.minus])
        raise Refused("unknown_value", f"{sign.column} {told!r} is none of {known}.")
    return told in sign.minus


def _phone(text: str, rule: FieldRule, values: Mapping[str, str], tables: Tables) -> str:
    """The number with its country code, by the region that the rule says or a column has."""
    region = rule.region
    if isinstance(region, Source) and not text.startswith(("+", "＋")):
        told = text_of(region, values, tables)
        region = str(told) if told else None
    return phone_in(text, region if isinstance(region, str) else None)
