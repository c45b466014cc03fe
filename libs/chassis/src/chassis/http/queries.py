"""What may stand in a query: parameters that the path knows, each written in one way."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Cookie, Header, Path

from chassis.problems.field_errors import MESSAGES
from chassis.problems.problem import FieldError

__all__ = ["QueryForm"]

_FORMS: Mapping[type, tuple[re.Pattern[str], str]] = {
    bool: (re.compile(r"true|false"), "bool_parsing"),
    int: (re.compile(r"-?[0-9]+"), "int_parsing"),
    float: (re.compile(r"-?[0-9]+(\.[0-9]+)?"), "float_parsing"),
}
"""How a value is written, and what is said of another one. The validator takes more: `yes`, `on`
and `1` for true, ` +5`, `1_000` and full-width digits for numbers."""


@dataclass(frozen=True)
class QueryForm:
    """The parameters of a path's query, by name, with their type where it has one form.

    Those in `lists` may be given several times, each with one of the values. Names that begin with
    one of the `prefixes` are read by what the route depends on (`parameter_prefix`).
    """

    kinds: Mapping[str, type | None]
    lists: frozenset[str]
    prefixes: tuple[str, ...] = ()

    @classmethod
    def of(cls, dependant: Dependant) -> Self:
        """What a route and all that it depends on read of the query."""
        kinds, lists = dict(_of_query(dependant)), frozenset(_lists_of_query(dependant))
        calls = [getattr(one.call, "parameter_prefix", "") for one in dependant.dependencies]
        return cls(kinds, lists, tuple(filter(None, calls)))

    def errors(self, request: Request) -> list[FieldError]:
        """Parameters that the path does not know, that say nothing, or that are not in form.

        A mistyped filter would be no filter at all. A short list is shown whole, on one page; a
        client that asks every list alike may give it a `limit`.
        """
        given = request.query_params.multi_items()
        checked = ((name, self._wrong(name, value)) for name, value in given)
        wrong = [FieldError(f"/query/{name}", *error) for name, error in checked if error]
        times = Counter(name for name, _ in given)
        repeated = [name for name in times if times[name] > 1 and name not in self.lists]
        return wrong + [
            FieldError(f"/query/{name}", "repeated", "Give this parameter only once.")
            for name in repeated
        ]

    def _wrong(self, name: str, value: str) -> tuple[str, str] | None:
        if name not in self.kinds and name != "limit" and not name.startswith(self.prefixes):
            return "unknown_parameter", "There is no such parameter."
        if not value.strip():
            return "empty", "Give a value, or leave it out."
        form, code = _FORMS.get(self.kinds.get(name) or str, (None, ""))
        return (code, MESSAGES[code]) if form and not form.fullmatch(value) else None


def _lists_of_query(dependant: Dependant) -> Iterator[str]:
    """The parameters that take several values."""
    for field in get_flat_params(dependant):
        if any(get_origin(one) in _LISTS for one in _parts(field.field_info.annotation)):
            yield field.alias


def _of_query(dependant: Dependant) -> Iterator[tuple[str, type | None]]:
    for field in get_flat_params(dependant):
        if not isinstance(field.field_info, (Cookie, Header, Path)):
            parts = _parts(field.field_info.annotation)
            kinds = (one for one in parts if isinstance(one, type) and one in _FORMS)
            yield field.alias, next(kinds, None)


_LISTS = {list, set, frozenset, tuple, Sequence, Collection}


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation, and what it is made of."""
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)
