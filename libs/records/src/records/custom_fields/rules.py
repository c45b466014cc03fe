"""What a custom field may be: settings that fit its kind and each other."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError
from pydantic_core import SchemaError

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from records.custom.definitions import SETTINGS, Choice, Definition
from records.custom.kinds import KINDS, Kind, form_of
from records.custom.values import read_value

__all__ = ["LIMITS", "definition_of", "require_sound"]

LIMITS = ("required", "min", "max", "min_length", "max_length", "pattern", "choices", "status")
"""Settings by whose change records may come to have values that are refused."""

_ONLY_SOME = ("scale", "min", "max", "min_length", "max_length", "pattern", "choices", "refers_to")


def definition_of(field: Any, region: str) -> Definition:
    """The definition that the entity of a custom field is, in a service of that region."""
    values = {name: getattr(field, name) for name in SETTINGS}
    choices = [Choice(**one) for one in field.choices]
    return Definition(**values | {"choices": choices, "region": region})


def require_sound(definition: Definition, *, record_types: Collection[str]) -> Any:
    """The default in the form of the field's values. Raises InvalidInput."""
    errors = [
        *_of_kind(definition, record_types),
        *_of_pattern(definition),
        *_of_choices(definition),
    ]
    errors = errors or list(_of_limits(definition))
    if errors:
        raise InvalidInput(errors=errors)
    if definition.default is None:
        return None
    try:
        return read_value(definition, definition.default)
    except InvalidInput as wrong:
        found = [replace(one, pointer="/default") for one in wrong.errors]
        raise InvalidInput(errors=found) from wrong


def _of_kind(definition: Definition, record_types: Collection[str]) -> Iterator[FieldError]:
    rules = KINDS[Kind(definition.kind)]
    for name in _ONLY_SOME:
        if name not in rules.settings and getattr(definition, name) not in (None, "", [], ()):
            yield _error(name, "not_of_kind", "Fields of this kind have no such setting.")
    if definition.sorted and rules.order is None:
        yield _error("sorted", "not_sortable", "Lists cannot be sorted by fields of this kind.")
    if definition.filtered and not rules.filtered:
        message = "Lists cannot be filtered by fields of this kind."
        yield _error("filtered", "not_filterable", message)
    if "choices" in rules.settings and not definition.choices:
        yield _error("choices", "missing", "This field is required.")
    if "refers_to" in rules.settings and definition.refers_to not in record_types:
        message = "Write one of: {expected}."
        expected = ", ".join(f"'{one}'" for one in sorted(record_types))
        yield _error("refers_to", "literal_error", message, expected=expected)


def _of_pattern(definition: Definition) -> Iterator[FieldError]:
    try:
        form_of(definition.kind, definition.pattern)
    except SchemaError:
        yield _error("pattern", "pattern_form", "This is no regular expression that is known here.")


def _of_choices(definition: Definition) -> Iterator[FieldError]:
    keys = [one.key for one in definition.choices]
    for place, key in enumerate(keys):
        if key in keys[:place]:
            yield _error(f"choices/{place}/key", "chosen_twice", "Choose each of these only once.")


def _of_limits(definition: Definition) -> Iterator[FieldError]:
    ends: list[Any] = []
    free = replace(definition, min=None, max=None)
    for name in ("min", "max"):
        text = getattr(definition, name)
        if text is None:
            continue
        try:
            given = int(text) if definition.kind == Kind.WHOLE_NUMBER else text
            read_value(free, given)
            ends.append(form_of(definition.kind)[0].validate_python(given))
        except (InvalidInput, ValidationError, ValueError):
            yield _error(name, "limit_form", "Write the limit as values of the field are written.")
    if len(ends) == 2 and ends[1] < ends[0]:  # noqa: PLR2004 - a least and a greatest
        yield _error("max", "limits_in_order", "The greatest value is below the least.")
    least, most = definition.min_length, definition.max_length
    if least is not None and most is not None and most < least:
        yield _error("max_length", "limits_in_order", "The greatest value is below the least.")


def _error(name: str, code: str, message: str, **facts: str) -> FieldError:
    return FieldError(f"/{name}", code, message, facts)
