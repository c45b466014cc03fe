"""Values of custom fields: read, laid onto those that a record has, and ordered for lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from chassis.problems.field_errors import MESSAGES, NEVER_EMPTY, field_error
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from records.custom.definitions import CustomFields, Definition
from records.custom.kinds import Kind, form_of, plain_value

__all__ = ["merged", "read_value", "values_of_new"]

FIELD = "custom"
"""The field of a record under which its custom fields stand."""

Custom = Mapping[str, Any]


def merged(fields: CustomFields, present: Custom, given: Custom, *, is_new: bool) -> dict[str, Any]:
    """The present values with the given ones laid onto them by key; null takes one away.

    Raises InvalidInput naming every value that cannot be.
    """
    result, errors = dict(present), []
    for key, value in given.items():
        definition = fields.by_key.get(key)
        if definition is None:
            errors.append(_error(key, "unknown_custom_field", "There is no such custom field."))
        elif _is_empty(value):
            result.pop(key, None)
            if definition.required and definition.is_active:
                errors.append(_error(key, "never_empty", NEVER_EMPTY))
        elif value != present.get(key):
            errors += _lay_onto(result, definition, value)
    if is_new:
        errors += _fill(result, fields, given)
    if errors:
        raise InvalidInput(errors=errors)
    return result


def values_of_new(fields: CustomFields) -> dict[str, Any]:
    """What a new record has for which nobody gave values. Raises InvalidInput (a required one)."""
    return merged(fields, {}, {}, is_new=True) if fields.given_to_new else {}


def _is_empty(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _fill(result: dict[str, Any], fields: CustomFields, given: Custom) -> Iterable[FieldError]:
    """Lay the defaults onto what a new record has; what is required and still missing."""
    for one in fields.given_to_new:
        if one.key in given:
            continue
        if one.default is not None:
            result[one.key] = one.default
        elif one.required:
            yield _error(one.key, "missing", MESSAGES["missing"])


def _lay_onto(result: dict[str, Any], definition: Definition, value: Any) -> Sequence[FieldError]:
    if not definition.is_active:
        message = "This custom field is archived: its value can only be taken away, with null."
        return [_error(definition.key, "archived_custom_field", message)]
    try:
        result[definition.key] = read_value(definition, value, result.get(definition.key))
    except InvalidInput as wrong:
        return wrong.errors
    return []


def read_value(definition: Definition, value: Any, present: Any = None) -> Any:
    """The value as a record keeps it. An archived choice that is `present` may stay.

    Raises InvalidInput.
    """
    key = definition.key
    try:
        read = value
        for form in form_of(definition.kind, definition.pattern):
            read = form.validate_python(read)
    except ValidationError as wrong:
        errors = [field_error({**one, "loc": (FIELD, key, *one["loc"])}) for one in wrong.errors()]
        raise InvalidInput(errors=errors) from wrong
    error = _beyond_limits(definition, read) or _not_offered(definition, read, present)
    if error:
        raise InvalidInput(errors=[error])
    return plain_value(definition.kind, read, scale=definition.scale, region=definition.region)


def _beyond_limits(definition: Definition, value: Any) -> FieldError | None:
    """What is wrong with a value that is too small, too large, too long or too exact."""
    key = definition.key
    if isinstance(value, Decimal):
        scale = definition.scale or 0
        if value != value.quantize(Decimal(1).scaleb(-scale)):
            message = "Write at most {scale} digits after the point."
            return _error(key, "too_many_decimals", message, scale=scale)
    if isinstance(value, str):
        least, most = definition.min_length, definition.max_length
        if least is not None and len(value) < least:
            return _known(key, "string_too_short", min_length=least)
        if most is not None and len(value) > most:
            return _known(key, "string_too_long", max_length=most)
    if definition.min and value < _limit(definition, definition.min):
        return _known(key, "greater_than_equal", ge=definition.min)
    if definition.max and value > _limit(definition, definition.max):
        return _known(key, "less_than_equal", le=definition.max)
    return None


def _limit(definition: Definition, text: str) -> Decimal | int | date | datetime:
    given: Any = int(text) if definition.kind == Kind.WHOLE_NUMBER else text
    (form,) = form_of(definition.kind)
    limit: Decimal | int | date | datetime = form.validate_python(given)
    return limit


def _not_offered(definition: Definition, value: Any, present: Any) -> FieldError | None:
    """What is wrong with a choice that is not offered, or given twice."""
    if definition.kind not in {Kind.CHOICE, Kind.CHOICES}:
        return None
    chosen = value if isinstance(value, list) else [value]
    if len(set(chosen)) < len(chosen):
        return _error(definition.key, "chosen_twice", "Choose each of these only once.")
    kept = present if isinstance(present, list) else [present]
    offered = [one.key for one in definition.choices if not one.archived]
    if any(one not in offered and one not in kept for one in chosen):
        expected = ", ".join(f"'{one}'" for one in offered)
        return _known(definition.key, "literal_error", expected=expected)
    return None


def _known(key: str, code: str, **facts: Any) -> FieldError:
    return _error(key, code, MESSAGES[code], **facts)


def _error(key: str, code: str, message: str, **facts: Any) -> FieldError:
    said = {name: str(value) for name, value in facts.items()}
    return FieldError(f"/{FIELD}/{key}", code, message, said)
