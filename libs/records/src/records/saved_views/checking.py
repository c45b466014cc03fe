"""What a list takes: its own parameters, sorts and fields judge a view, and nothing else does."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from chassis.http.fields import RowFields
from chassis.http.queries import QueryForm
from chassis.problems.field_errors import field_error
from chassis.problems.problem import FieldError
from chassis.problems.ranges import require_ranges
from chassis.problems.standard import InvalidInput
from chassis.storage.paging import PageQuery
from records.custom.definitions import CustomFields
from records.custom.lists import about_custom, list_by
from records.paths import RecordPaths
from values.days import Day

__all__ = ["list_url", "wrong_in"]

_PAGING = {"limit", "cursor", "sort", "fields", "include", "include_total"}
_DAYS = ("created_from", "created_to", "updated_from", "updated_to")
_DAY: TypeAdapter[Any] = TypeAdapter(Day)


def wrong_in(
    of: RecordPaths,
    query: Mapping[str, str],
    sort: str | None,
    fields: Sequence[str],
    custom_fields: CustomFields,
) -> list[FieldError]:
    """What the list of such records would refuse of a view; nothing: it takes all.

    `custom_fields`: those of the records, if the view asks any.
    """
    route = _list_of(of)
    asked = {"query_string": urlencode(query).encode(), "type": "http"}
    wrong = [
        FieldError(f"/query/{name}", "unknown_parameter", "There is no such parameter.")
        for name in query
        if name in _PAGING
    ]
    wrong += QueryForm.of(route.dependant).errors(Request(asked))
    custom: Collection[str] = ()
    if of.reads.has_custom_fields:
        asked_of_fields = PageQuery(sort=sort, custom=about_custom(query))
        try:
            by = list_by(
                custom_fields,
                of.name,
                of.reads.key,
                asked_of_fields,
                beside=of.reads.custom_beside,
            )
            custom = by.sorts.keys()
        except InvalidInput as refused:
            wrong += refused.errors
    sorts = {*of.reads.sorts, *custom}
    known = {"known": ", ".join(of.reads.sorts)}
    if sort is not None and sort.removeprefix("-") not in sorts:
        wrong.append(FieldError("/sort", "unknown_sort", "Sort by one of: {known}.", known))
    rows = RowFields.of(route)
    names = rows.names if rows else ()
    text = "There is no field {field}. A row has: {known}."
    wrong += [
        FieldError("/fields", "unknown_field", text, {"field": one, "known": ", ".join(names)})
        for one in fields
        if one not in names
    ]
    custom_asked = about_custom(query)
    own = {name: value for name, value in query.items() if name not in custom_asked}
    return wrong or _wrong_values(of, own)


def list_url(
    of: RecordPaths, query: Mapping[str, str], sort: str | None, fields: Sequence[str]
) -> str:
    """The list as a view asks it."""
    asked = dict(query)
    if sort:
        asked["sort"] = sort
    if fields:
        asked["fields"] = ",".join(fields)
    return f"{of.router.prefix}?{urlencode(asked)}" if asked else of.router.prefix


def _wrong_values(of: RecordPaths, query: Mapping[str, str]) -> list[FieldError]:
    """What is wrong with the values of parameters, all of which the list knows."""
    values: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for name in _DAYS:
        if name in query:
            try:
                values[name] = _DAY.validate_python(query[name])
            except ValidationError as refused:
                wrong += _errors(refused, name)
    own = {name: value for name, value in query.items() if name not in _DAYS}
    if of.reads.query is not None:
        try:
            values |= vars(of.reads.query.model_validate(own))
        except ValidationError as refused:
            wrong += _errors(refused)
    if wrong:
        return wrong
    try:
        require_ranges(values)
    except InvalidInput as refused:
        return list(refused.errors)
    return []


def _errors(refused: ValidationError, *place: str) -> list[FieldError]:
    return [field_error({**one, "loc": ("query", *place, *one["loc"])}) for one in refused.errors()]


def _list_of(of: RecordPaths) -> APIRoute:
    """The route of the list of such records."""
    return next(
        route
        for route in of.router.routes
        if isinstance(route, APIRoute)
        and route.path == of.router.prefix
        and "GET" in (route.methods or ())
    )
