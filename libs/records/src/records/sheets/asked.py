"""Which records an export is asked for, in which order and with which columns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis.clock import days_between
from chassis.problems.field_errors import field_error
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.paging import PageQuery
from chassis.storage.reading import Setting
from records.custom.lists import about_custom, with_custom
from records.reads import BY_TIME
from records.sheets.columns import Column
from records.sheets.kinds import RecordSheet
from values.days import Day
from values.text import ONE_LINE

__all__ = ["chosen_columns", "order_of_rows", "rows_asked"]

Asked = tuple[Any, PageQuery]
"""The query of the list, and how its rows are ordered and searched."""

_DAYS = ("created_from", "created_to", "updated_from", "updated_to")
_DAY: TypeAdapter[date] = TypeAdapter(Day)
_Sort = Annotated[
    str | None, Query(max_length=60, description="Field to sort by; `-` before it: descending.")
]
_Words = Annotated[
    str | None,
    Query(max_length=200, pattern=ONE_LINE, description="Words that the records have."),
]


def _day(text: str) -> Any:
    return Query(description=f"{text}, a business day of the company's zone.")


async def row_order(  # noqa: PLR0917 - the ends of two ranges
    request: Request,
    sort: _Sort = None,
    created_from: Annotated[Day | None, _day("The first day of creation")] = None,
    created_to: Annotated[Day | None, _day("The last day of creation")] = None,
    updated_from: Annotated[Day | None, _day("The first day of the last change")] = None,
    updated_to: Annotated[Day | None, _day("The last day of the last change")] = None,
) -> PageQuery:
    """The order of the rows, and the days of which they are."""
    setting: Setting = request.app.state.database.setting
    days = dict(zip(_DAYS, (created_from, created_to, updated_from, updated_to), strict=True))
    return _page(setting, days, sort=sort, q=None)


async def search_order(
    order: Annotated[PageQuery, Depends(row_order)], q: _Words = None
) -> PageQuery:
    """The same, of the records that have the words."""
    return PageQuery(sort=order.sort, q=q, times=order.times)


async def no_order() -> PageQuery:
    """Of a report, whose rows come in one order."""
    return PageQuery()


async def timeless_order(sort: _Sort = None, q: _Words = None) -> PageQuery:
    """Of pieces and sums, which have no days: the order, and the words."""
    return PageQuery(sort=sort, q=q)


RowOrder = Annotated[PageQuery, Depends(row_order)]
SearchOrder = Annotated[PageQuery, Depends(search_order)]


def order_of_rows(sheet: RecordSheet) -> Any:
    """What a route takes for the order of the rows: as the list has it."""
    query, sorts = sheet.reads.query, sheet.reads.sorts
    if not sorts:
        return Annotated[PageQuery, Depends(no_order)]
    if not sorts.keys() >= BY_TIME.keys():
        return Annotated[PageQuery, Depends(timeless_order)]
    own_q = "q" in (query.model_fields if query else ())
    order: Any = SearchOrder if sheet.reads.searched and not own_q else RowOrder
    return with_custom(order) if sheet.reads.has_custom_fields else order


def rows_asked(sheet: RecordSheet, setting: Setting, query: Mapping[str, Any]) -> Asked:
    """The rows that a query names by the parameters of the list. Raises InvalidInput."""
    filters = sheet.reads.query
    known = filters.model_fields.keys() if filters else set()
    own = {name: value for name, value in query.items() if name in known}
    rest = {name: value for name, value in query.items() if name not in known}
    searched = sheet.reads.searched is not None and "q" not in known
    timed = sheet.reads.sorts.keys() >= BY_TIME.keys()
    allowed = {
        *(["sort"] if sheet.reads.sorts else []),
        *(["q"] if searched else []),
        *(_DAYS if timed else []),
    }
    custom = about_custom(rest) if sheet.reads.has_custom_fields else {}
    wrong = [
        FieldError(f"/query/{name}", "unknown_parameter", "There is no such parameter.")
        for name in sorted(rest.keys() - allowed - custom.keys())
    ]
    days: dict[str, date | None] = {}
    for name in sorted(rest.keys() & set(_DAYS)):
        wrong += _read_day(name, rest[name], days)
    wanted = _filters(filters, own, wrong) if filters else None
    if wrong:
        raise InvalidInput(errors=wrong)
    page = _page(setting, days, sort=rest.get("sort"), q=rest.get("q"))
    return wanted, replace(page, custom=custom)


def _filters(model: type[BaseModel], own: Mapping[str, Any], wrong: list[FieldError]) -> Any:
    try:
        return model.model_validate(own)
    except ValidationError as refused:
        wrong += [field_error({**one, "loc": ("query", *one["loc"])}) for one in refused.errors()]
        return None


def _read_day(name: str, value: Any, days: dict[str, date | None]) -> list[FieldError]:
    try:
        days[name] = _DAY.validate_python(value)
    except ValidationError as refused:
        return [field_error({**one, "loc": ("query", name)}) for one in refused.errors()]
    return []


def _page(
    setting: Setting, days: Mapping[str, date | None], *, sort: str | None, q: str | None
) -> PageQuery:
    zone = setting.zone
    times = {
        "created_at": days_between(zone, days.get("created_from"), days.get("created_to")),
        "updated_at": days_between(zone, days.get("updated_from"), days.get("updated_to")),
    }
    given = {name: ends for name, ends in times.items() if any(ends)}
    return PageQuery(sort=sort, q=q, times=given)


def chosen_columns(columns: Sequence[Column], fields: str | None) -> Sequence[Column]:
    """The columns asked for by name, in that order; a field of parts gives all of them.

    Without a wish all. Raises InvalidInput.
    """
    if not fields:
        return columns
    chosen: list[Column] = []
    for name in (one.strip() for one in fields.split(",")):
        found = [one for one in columns if one.name == name or one.name.startswith(f"{name}.")]
        if not found:
            text = "There is no field {field}. A row has: {known}."
            facts = {"field": name, "known": ", ".join(one.name for one in columns)}
            raise InvalidInput(errors=[FieldError("/query/fields", "unknown_field", text, facts)])
        chosen += [one for one in found if one not in chosen]
    return chosen
