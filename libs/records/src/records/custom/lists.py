"""Lists filtered and sorted by custom fields: `custom.<key>`, a range of it, and as `sort`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import orjson
from fastapi import Depends, Request

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.paging import Filter, PageQuery, Sort
from chassis.storage.reading import Reading
from records.custom.definitions import CustomFields, Definition, fields_of
from records.custom.kinds import Kind, order_of
from records.custom.values import read_value

__all__ = [
    "LIST_PARAMETER",
    "CustomList",
    "about_custom",
    "asks_custom",
    "custom_list",
    "list_by",
    "with_custom",
]

PREFIX = "custom."
RANGED = {
    Kind.NUMBER: "numeric",
    Kind.WHOLE_NUMBER: "numeric",
    Kind.DAY: "date",
    Kind.INSTANT: "timestamptz",
}
"""Kinds that ranges are asked of, with the SQL type of their values."""
_RANGE_REVERSED = ("range_reversed", "This lies after {end}.")
_LEAST, _GREATEST = "\x01", "\U0010ffff"

LIST_PARAMETER = {
    "parameters": [
        {
            "name": "custom",
            "in": "query",
            "required": False,
            "style": "form",
            "explode": True,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}},
            "description": "Filters by custom fields: `custom.<key>` is the value, of fields that "
            "are `filtered`, of money an amount in the company's currency; "
            "`custom.<key>.from` and `custom.<key>.to` are the ends of a range, "
            "both included, of numbers, days and instants that are `sorted`.",
        }
    ]
}
"""What the contract says of the filters, whose names only an installation knows."""


def with_custom(asked_by: Any) -> Any:
    """The page asked for by a dependency, with what the query says about custom fields."""

    async def custom_asked(request: Request, asked: PageQuery) -> PageQuery:
        given = about_custom(request.query_params)
        return replace(asked, custom=given) if given else asked

    custom_asked.__annotations__["asked"] = asked_by
    custom_asked.__dict__["parameter_prefix"] = PREFIX
    return Annotated[PageQuery, Depends(custom_asked)]


def about_custom(query: Mapping[str, str]) -> Mapping[str, str]:
    """What of a query is about custom fields."""
    return {name: value for name, value in query.items() if name.startswith(PREFIX)}


@dataclass(frozen=True)
class CustomList:
    """What custom fields add to a list: a join of its source, sorts, and conditions.

    `without_place`: the condition of documents that have no value to be sorted by; they come last.
    """

    join: str = ""
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    where: Sequence[Filter] = ()
    without_place: Filter | None = None


async def custom_list(
    at: Reading, record_type: str, key: str, asked: PageQuery, *, beside: bool
) -> CustomList:
    """What the query and the sort ask of custom fields; `key` is the SQL of the records' ids.

    `beside`: the values stand beside the records, as those of documents do.
    Raises InvalidInput for a field that there is not, or that is not filtered or sorted.
    """
    if not asks_custom(asked.custom, asked.sort):
        return CustomList()
    fields = await fields_of(at, record_type)
    return list_by(fields, record_type, key, asked, beside=beside)


def asks_custom(query: Mapping[str, str], sort: str | None) -> bool:
    """Whether a query or a sort names custom fields."""
    return bool(about_custom(query)) or (sort or "").removeprefix("-").startswith(PREFIX)


def list_by(
    fields: CustomFields, record_type: str, key: str, asked: PageQuery, *, beside: bool
) -> CustomList:
    """What is asked of these fields. Raises InvalidInput as `custom_list`."""
    sorted_by = (asked.sort or "").removeprefix("-")
    table = key.rpartition(".")[0] or record_type
    if beside:
        equal, ranges = _asked_of(fields, asked.custom)
        where = [
            *(_equals_beside(record_type, key, *one) for one in equal),
            *(_range_beside(definition, key, ends) for definition, ends in ranges.values()),
        ]
    else:
        where = _conditions(fields, table, key, asked.custom)
    known = {f"{PREFIX}{one.key}": one for one in fields.ordered}
    if sorted_by not in known:
        return CustomList(where=where)
    join = (
        f" join custom_order custom_place on custom_place.record_id = {key}"
        f" and custom_place.field_id = '{known[sorted_by].id}'"
    )
    sorts = {sorted_by: Sort("custom_place.value_order", "text")}
    return CustomList(join, sorts, where, _placeless(known[sorted_by], key) if beside else None)


def _placeless(definition: Definition, key: str) -> Filter:
    """The documents that have no value of the field."""
    of_it = f"placed.field_id = {{}}::uuid and placed.record_id = {key}"
    return Filter(f"not exists (select from custom_order placed where {of_it})", definition.id)


def _said(error: FieldError) -> tuple[str, str, Mapping[str, str]]:
    return error.code, error.message, error.facts


def _conditions(
    fields: CustomFields, table: str, key: str, asked: Mapping[str, str]
) -> list[Filter]:
    """The conditions of all parameters. Raises InvalidInput naming each that cannot be."""
    equal, ranges = _asked_of(fields, asked)
    return [
        *(_equals(definition, table, value) for definition, value in equal),
        *(_range(definition, table, key, ends) for definition, ends in ranges.values()),
    ]


def _asked_of(
    fields: CustomFields, asked: Mapping[str, str]
) -> tuple[Sequence[tuple[Definition, Any]], Mapping[str, tuple[Definition, dict[str, Any]]]]:
    """Values that are asked for, and ends of ranges by the field's key. Raises InvalidInput."""
    equal: list[tuple[Definition, Any]] = []
    ranges: dict[str, tuple[Definition, dict[str, Any]]] = {}
    errors: list[FieldError] = []
    for name, text in asked.items():
        try:
            definition, end = _named(fields, name)
            value = _value(definition, text)
        except InvalidInput as wrong:
            errors += [FieldError(f"/query/{name}", *_said(one)) for one in wrong.errors]
            continue
        if end:
            ranges.setdefault(definition.key, (definition, {}))[1][end] = value
        else:
            equal.append((definition, value))
    errors += _reversed(ranges)
    if errors:
        raise InvalidInput(errors=errors)
    return equal, ranges


def _reversed(ranges: Mapping[str, tuple[Definition, dict[str, Any]]]) -> list[FieldError]:
    """What is wrong with ranges that begin after they end."""
    both = [(key, one.kind, given) for key, (one, given) in ranges.items() if len(given) > 1]
    return [
        FieldError(f"/query/{PREFIX}{key}.from", *_RANGE_REVERSED, {"end": f"{PREFIX}{key}.to"})
        for key, kind, given in both
        if order_of(kind, given["from"]) > order_of(kind, given["to"])
    ]


def _named(fields: CustomFields, name: str) -> tuple[Definition, str]:
    """The field that a parameter names, and which end of its range. Raises InvalidInput."""
    field_key, _, end = name.removeprefix(PREFIX).partition(".")
    definition = fields.by_key.get(field_key)
    if definition is None:
        raise _refused("unknown_custom_field", "There is no such custom field.")
    if not end and not definition.filtered:
        raise _refused("not_filterable", "Lists cannot be filtered by this custom field.")
    ranged = definition.sorted and Kind(definition.kind) in RANGED
    if end and (end not in {"from", "to"} or not ranged):
        raise _refused("no_range", "Lists cannot be filtered by a range of this custom field.")
    return definition, end


def _refused(code: str, message: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError("", code, message)])


def _equals(definition: Definition, table: str, value: Any) -> Filter:
    """The records that have the value, or of several choices this one."""
    wanted = orjson.dumps({definition.key: value}).decode()
    column = f"{table}.custom"
    condition = f"{column} @> {{}}::text::jsonb and {column} <> '{{{{}}}}'"
    return Filter(condition, wanted, Filter(condition, wanted))


def _equals_beside(record_type: str, key: str, definition: Definition, value: Any) -> Filter:
    """The documents that have the value, or of several choices this one."""
    wanted = orjson.dumps({definition.key: value}).decode()
    has = "f.custom @> {}::text::jsonb and f.custom <> '{{}}'"
    of_type = f"f.record_type = '{record_type}' and {has}"
    tested = f"exists (select from document_fields f where f.record_id = {key} and {of_type})"
    found = f"select f.record_id from document_fields f where {of_type}"
    return Filter(tested, wanted, Filter(f"{key} = any(array({found}))", wanted))


def _range(definition: Definition, table: str, key: str, given: Mapping[str, Any]) -> Filter:
    """The records whose value lies within the range; those without one do not.

    Rows that are tested are asked by their own value, those taken from the index by its place.
    """
    least, greatest = given.get("from"), given.get("to")
    ends = [
        *_places_between(definition, given),
        "-infinity" if least is None else str(least),
        "infinity" if greatest is None else str(greatest),
    ]
    sql_type = RANGED[Kind(definition.kind)]
    tested = (
        f"({table}.custom->>'{definition.key}')::{sql_type}"
        f" between ({{0}}::text[])[3]::{sql_type} and ({{0}}::text[])[4]::{sql_type}"
    )
    among = (
        f"select o.record_id from custom_order o where o.field_id = '{definition.id}'"
        " and o.value_order between ({0}::text[])[1] and ({0}::text[])[2]"
    )
    return Filter(tested, ends, Filter(f"{key} = any(array({among}))", ends))


def _range_beside(definition: Definition, key: str, given: Mapping[str, Any]) -> Filter:
    """The documents whose value lies within the range, by its place."""
    within = (
        f"from custom_order placed where placed.field_id = '{definition.id}'"
        " and placed.value_order between ({0}::text[])[1] and ({0}::text[])[2]"
    )
    ends = _places_between(definition, given)
    # One row looked up for each document: of `exists` the planner would hash all that have a value.
    tested = f"(select true {within} and placed.record_id = {key} limit 1)"
    among = f"{key} = any(array(select placed.record_id {within}))"
    return Filter(tested, ends, Filter(among, ends))


def _places_between(definition: Definition, given: Mapping[str, Any]) -> list[str]:
    """The first and the last place of values within the range."""
    kind, least, greatest = definition.kind, given.get("from"), given.get("to")
    return [
        _LEAST if least is None else order_of(kind, least),
        _GREATEST if greatest is None else order_of(kind, greatest),
    ]


_WHOLE = re.compile(r"-?[0-9]{1,19}")
_READ_OF_TEXT: Mapping[str, Any] = {
    Kind.YES_NO: lambda text: {"true": True, "false": False}.get(text, text),
    Kind.CHOICES: lambda text: [text],
}


def _value(definition: Definition, text: str) -> Any:
    """The value in the form that records keep. Raises InvalidInput."""
    unbounded = Definition(
        id=definition.id,
        key=definition.key,
        kind=definition.kind,
        label=definition.label,
        scale=definition.scale,
        choices=definition.choices,
        region=definition.region,
    )
    if definition.kind == Kind.WHOLE_NUMBER:
        value: Any = int(text) if _WHOLE.fullmatch(text) else text
    elif definition.kind == Kind.MONEY:
        value = {"amount": text, "currency": definition.currency}
    else:
        value = _READ_OF_TEXT.get(definition.kind, str)(text)
    return read_value(unbounded, value, [one.key for one in definition.choices])
