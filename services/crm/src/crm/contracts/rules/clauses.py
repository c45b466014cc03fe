"""Clauses: which variables they name, what is wrong with them, and the text that they make.

Of a clause only `{{ name }}` with a declared name is filled in. Nothing of it is evaluated: there
are no filters, calls or loops, and what a value says is never read as a clause. A clause may have a
condition, which is data beside it.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from crm.contracts.rules.conditions import included, wrong_condition
from crm.contracts.rules.variables import VARIABLES

__all__ = [
    "TEXT_MAX",
    "Rendered",
    "TextTooLong",
    "WrongClause",
    "hash_of_values",
    "rendered",
    "text_of",
    "variables_of",
    "wrong_clauses",
]

TEXT_MAX = 200_000
"""So many characters a text has at most."""
SOURCE_MAX = 100_000
"""So many characters all clauses of a template have at most."""
SHOWN_MAX = 60

_VARIABLE = re.compile(r"\{\{[ \t]*([a-z_]+\.[a-z_]+)[ \t]*\}\}")
_OTHER = re.compile(r"\{[{%#]")
_TITLE = {"en": "Contract {number}", "zh-CN": "合同编号：{number}"}


class TextTooLong(ValueError):
    """The text would have more than TEXT_MAX characters."""


@dataclass(frozen=True, slots=True)
class WrongClause:
    """What is wrong at which line of a clause's heading or body; `index` counts from 0.

    `shown` is what stands there, cut where it is long.
    """

    index: int
    field: str
    line: int
    code: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A clause as the parties read it."""

    heading: str
    body: str


def wrong_clauses(clauses: Sequence[Mapping[str, Any]]) -> list[WrongClause]:
    """What is wrong with clauses, in their order: at most one finding for each part.

    Codes: `unknown_variable`, `not_a_variable` (braces with something else than a name),
    `text_too_long` (all clauses together), and those of `wrong_condition`.
    """
    found = [
        wrong
        for index, clause in enumerate(clauses)
        for name in ("heading", "body")
        if (wrong := _wrong(index, name, clause[name])) is not None
    ]
    for index, clause in enumerate(clauses):
        if (when := clause.get("when")) and (of_when := wrong_condition(when)):
            field, code = of_when
            found.append(WrongClause(index, f"when/{field}", 1, code, when[field][:SHOWN_MAX]))
    length = 0
    for index, clause in enumerate(clauses):
        length += len(clause["heading"]) + len(clause["body"])
        if length > SOURCE_MAX:
            return [*found, WrongClause(index, "body", 1, "text_too_long")]
    return found


def variables_of(clauses: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """The variables that clauses without mistakes name, and how often each."""
    return Counter(
        name
        for clause in clauses
        for source in (clause["heading"], clause["body"])
        for name in _VARIABLE.findall(source)
    )


def rendered(clauses: Sequence[Mapping[str, Any]], values: Mapping[str, str]) -> list[Rendered]:
    """The clauses whose conditions the values meet, with these in the place of their variables.

    What stands in a value is text: it is not read as a template. Raises TextTooLong.
    """
    chosen = included(clauses, values)
    length = sum(len(one["heading"]) + len(one["body"]) for one in chosen)
    length += sum(count * len(values[name]) for name, count in variables_of(chosen).items())
    if length > TEXT_MAX:
        raise TextTooLong
    return [
        Rendered(_filled(one["heading"], values), _filled(one["body"], values)) for one in chosen
    ]


def text_of(clauses: Sequence[Rendered], *, language: str, title: str, number: str) -> str:
    """The contract in plain text: the same clauses give the same text."""
    parts = [f"{title}\n{_TITLE[language].format(number=number)}"]
    for position, one in enumerate(clauses, 1):
        heading = f"{position}. {one.heading}".rstrip()
        parts.append(f"{heading}\n{one.body}")
    return "\n\n".join(parts) + "\n"


def hash_of_values(values: Mapping[str, Any]) -> str:
    """SHA-256 of values, whatever their order."""
    return hashlib.sha256(orjson.dumps(values, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _filled(source: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values[found[1]], source)


def _wrong(index: int, field: str, source: str) -> WrongClause | None:
    """The first mistake of a part."""
    for found in _OTHER.finditer(source):
        line = source.count("\n", 0, found.start()) + 1
        named = _VARIABLE.match(source, found.start())
        if named is None:
            shown = source[found.start() : found.start() + SHOWN_MAX].partition("\n")[0]
            return WrongClause(index, field, line, "not_a_variable", shown)
        if named[1] not in VARIABLES:
            return WrongClause(index, field, line, "unknown_variable", named[1][:SHOWN_MAX])
    return None
