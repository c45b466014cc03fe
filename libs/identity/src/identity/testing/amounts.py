"""Every amount that a service serves is as its currency is paid: replies and events of all tests.

What a decimal is, is said by the format of its type (`values.decimals`); the currency stands in
the same object.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema

from values.decimals import AMOUNT, DECIMAL, QUANTITY, UNIT_PRICE
from values.money import PRICE_DIGITS, digits_of

__all__ = ["wrong_decimals"]

SHORTEST = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")
WITH_ZEROS = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def wrong_decimals(kind: Any, value: Any, place: str = "") -> Iterator[str]:
    """Each decimal of a value in JSON that is not written as its type says, with its place."""
    parts = get_args(kind)
    if get_origin(kind) is Annotated:
        yield from wrong_decimals(parts[0], value, place)
    elif get_origin(kind) in {Union, UnionType}:
        for part in filter(_may_be(value), parts):
            yield from wrong_decimals(part, value, place)
    elif isinstance(value, list) and parts:
        for at, one in enumerate(value):
            yield from wrong_decimals(parts[0], one, f"{place}[{at}]")
    elif isinstance(value, dict) and _is_model(kind):
        yield from _wrong_fields(kind, value, place)


def _wrong_fields(model: Any, value: Mapping[str, Any], place: str) -> Iterator[str]:
    currency = value.get("currency")
    for name, (form, annotation) in _fields(model).items():
        given = value.get(name)
        if not form:
            yield from wrong_decimals(annotation, given, f"{place}/{name}")
        elif given is not None and not _is_written(form, given, currency):
            yield f"{place}/{name}: {given!r} is no {form} in {currency}"


@cache
def _fields(model: type[BaseModel]) -> Mapping[str, tuple[str | None, Any]]:
    """Of each field the format, if it is a decimal, and its type."""
    return {
        name: (_format_of(one.annotation, one.metadata), one.annotation)
        for name, one in model.model_fields.items()
    }


def _format_of(annotation: Any, metadata: Any) -> str | None:
    for one in metadata:
        form = (one.json_schema or {}).get("format") if isinstance(one, WithJsonSchema) else None
        if form in {AMOUNT, UNIT_PRICE, QUANTITY, DECIMAL}:
            return str(form)
    if get_origin(annotation) in {Union, UnionType}:
        parts = (_format_of(None, getattr(one, "__metadata__", ())) for one in get_args(annotation))
        return next((one for one in parts if one), None)
    return None


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _may_be(value: Any) -> Callable[[Any], bool]:
    """Whether the value can be of an alternative: of models, one that has all its fields."""

    def may_be(kind: Any) -> bool:
        if not _is_model(kind):
            return True
        return isinstance(value, dict) and value.keys() <= kind.model_fields.keys()

    return may_be


def _is_written(form: str, text: Any, currency: str | None) -> bool:
    if not isinstance(text, str) or not WITH_ZEROS.fullmatch(text):
        return False
    if form in {QUANTITY, DECIMAL}:
        return SHORTEST.fullmatch(text) is not None
    if not currency:
        return False
    decimals, needed = len(text.partition(".")[2]), digits_of(currency)
    if form == UNIT_PRICE and needed < decimals <= PRICE_DIGITS:
        return not text.endswith("0")
    return decimals == needed
