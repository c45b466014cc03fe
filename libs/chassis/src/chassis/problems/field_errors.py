"""What the edge says of a field that the validator refuses: our words, in both languages."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput

__all__ = ["MESSAGES", "NEVER_EMPTY", "errors_of_field", "field_error"]

_SAID = {
    "This field is required.": "missing",
    "There is no such field.": "extra_forbidden",
    "Write this as text in quotes.": "string_type",
    "This text holds characters that are no Unicode.": "string_unicode",
    "Write at least {min_length} characters.": "string_too_short",
    "Write at most {max_length} characters.": "string_too_long",
    "This text does not fit the pattern {pattern}": "string_pattern_mismatch",
    "Write one of: {expected}.": "literal_error",
    "Write true or false.": "bool_type bool_parsing",
    "Write a whole number.": "int_type int_parsing int_from_float",
    "This number has too many digits.": "int_parsing_size",
    "Write a number.": "float_type float_parsing finite_number",
    'Write this as a decimal number in quotes, such as "12.30".': "decimal_type decimal_parsing",
    "This must be at least {ge}.": "greater_than_equal",
    "This must be at most {le}.": "less_than_equal",
    "This is no valid id (UUID).": "uuid_type uuid_parsing",
    "Write a day of the calendar as YYYY-MM-DD.": (
        "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact"
    ),
    "Write the time as YYYY-MM-DDThh:mm:ss with its zone, such as Z or +08:00.": (
        "datetime_type datetime_parsing datetime_object_invalid datetime_from_date_parsing"
        " timezone_naive"
    ),
    "Write this as a list in square brackets.": "list_type",
    "Give at least {min_length} of these.": "too_short",
    "Give at most {max_length} of these.": "too_long",
    "Write this as an object with named fields.": "model_type model_attributes_type dict_type",
    "This value is not accepted here.": "invalid_key is_instance_of value_error assertion_error",
}
MESSAGES: Mapping[str, str] = {
    code: said for said, codes in _SAID.items() for code in codes.split()
}
"""What is said of a wrong field, by the validator's code. Rules of our own bring their words."""

NEVER_EMPTY = "This field cannot be emptied: it always has a value."


def field_error(error: Mapping[str, Any]) -> FieldError:
    """What the validator found wrong, in our words; the limits it names are the facts."""
    where = [str(part) for part in error["loc"] if part != "body"]
    pointer, code = "/" + "/".join(where), str(error["type"])
    if code != "missing" and error.get("input", code) is None:
        return FieldError(pointer, "never_empty", NEVER_EMPTY)
    if code in {"too_short", "too_long"} and isinstance(error.get("input"), str):
        code = f"string_{code}"  # a secret: the validator counts its characters as if in a list
    code = "literal_error" if code == "enum" else code  # one of some words, however those are kept
    if code not in MESSAGES:
        return FieldError(pointer, code, str(error["msg"]))
    facts = {name: str(value) for name, value in error.get("ctx", {}).items()}
    if "expected" in facts:
        facts["expected"] = facts["expected"].replace("' or '", "', '")
    return FieldError(pointer, code, MESSAGES[code], facts)


@contextmanager
def errors_of_field(field: str) -> Iterator[None]:
    """What the validator finds wrong inside becomes InvalidInput, with `field` before its place.

    For a value that is whole only once the parts given are joined with those that are stored.
    """
    try:
        yield
    except ValidationError as wrong:
        errors = [field_error({**one, "loc": (field, *one["loc"])}) for one in wrong.errors()]
        raise InvalidInput(errors=errors) from wrong
