"""Bodies of requests, of whose errors no more are made than a reply lists."""

from json import JSONDecoder
from typing import Any

from fastapi._compat import ModelField
from pydantic import ValidationError

from chassis.problems.problem import ERRORS_MAX

__all__ = ["Body"]

_DECODER = JSONDecoder()


class Body(ModelField):
    """The field of a route that is the whole body."""

    def validate(self, value: Any, _: Any = None, *, loc: Any = ()) -> tuple[Any, list[Any]]:
        """The command, or what is wrong: of more than a hundred errors the first, without input.

        An object of each of 250,000 errors would keep all others waiting for a second.
        """
        try:
            return self._type_adapter.validate_python(value, from_attributes=True), []
        except ValidationError as wrong:
            few = wrong.error_count() <= ERRORS_MAX
            errors: list[Any] = wrong.errors(include_url=False) if few else _first_errors(wrong)
            return None, [{**one, "loc": (*loc, *one["loc"])} for one in errors]


def _first_errors(wrong: ValidationError) -> list[Any]:
    text, at, errors = wrong.json(include_url=False, include_input=False), 1, list[Any]()
    while len(errors) < ERRORS_MAX:
        one, end = _DECODER.raw_decode(text, at)
        errors.append(one)
        at = end + 1
    return errors
