"""What the edge says of a field that the validator refuses: our words, in both languages."""

from collections.abc import Mapping
from typing import Any

from chassis.http.problem import FieldError

__all__ = ["MESSAGES", "field_error"]

_DATE = "Write the date as YYYY-MM-DD."
_TIME = "Write the time as YYYY-MM-DDThh:mm:ss with its zone, such as Z or +08:00."
_TEXT = "Write this as text in quotes."
_WHOLE = "Write a whole number."
_BOOL = "Write true or false."
_UUID = "This is no valid id (UUID)."
_OBJECT = "Write this as an object with named fields."
_DECIMAL = 'Write this as a decimal number in quotes, such as "12.30".'
_REFUSED = "This value is not accepted here."

MESSAGES: Mapping[str, str] = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field.",
    "none_required": "Write null or leave this out.",
    "string_type": _TEXT,
    "string_unicode": "This text holds characters that are no Unicode.",
    "string_too_short": "Write at least {min_length} characters.",
    "string_too_long": "Write at most {max_length} characters.",
    "string_pattern_mismatch": "This text has not the expected form.",
    "literal_error": "Write one of: {expected}.",
    "bool_type": _BOOL,
    "bool_parsing": _BOOL,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": "This number has too many digits.",
    "int_from_float": _WHOLE,
    "float_type": "Write a number.",
    "float_parsing": "Write a number.",
    "finite_number": "Write a number.",
    "decimal_type": _DECIMAL,
    "decimal_parsing": _DECIMAL,
    "decimal_max_digits": "Write at most {max_digits} digits.",
    "decimal_max_places": "Write at most {decimal_places} digits after the point.",
    "decimal_whole_digits": "Write at most {whole_digits} digits before the point.",
    "greater_than": "This must be greater than {gt}.",
    "greater_than_equal": "This must be at least {ge}.",
    "less_than": "This must be less than {lt}.",
    "less_than_equal": "This must be at most {le}.",
    "multiple_of": "This must be a multiple of {multiple_of}.",
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "uuid_version": _UUID,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_naive": _TIME,
    "timezone_aware": _TIME,
    "timezone_offset": _TIME,
    "list_type": "Write this as a list in square brackets.",
    "too_short": "Give at least {min_length} of these.",
    "too_long": "Give at most {max_length} of these.",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "invalid_key": _REFUSED,
    "is_instance_of": _REFUSED,
    "value_error": _REFUSED,
    "assertion_error": _REFUSED,
}
"""What is said of a wrong field, by the validator's code. Rules of our own bring their words."""


def field_error(error: Mapping[str, Any]) -> FieldError:
    """What the validator found wrong, in our words; the limits it names are the facts."""
    where = [str(part) for part in error["loc"] if part != "body"]
    pointer, code = "/" + "/".join(where), str(error["type"])
    if code not in MESSAGES:
        return FieldError(pointer, code, str(error["msg"]))
    facts = {name: str(value) for name, value in error.get("ctx", {}).items()}
    if "expected" in facts:
        facts["expected"] = facts["expected"].replace("' or '", "', '")
    return FieldError(pointer, code, MESSAGES[code], facts)
