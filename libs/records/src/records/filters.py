"""Filters that many lists have: one of several words, ranges of amounts and of days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, get_args

from pydantic import BaseModel, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from chassis.clock import days_between
from chassis.problems.field_errors import MESSAGES
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from values.decimals import SignedAmount
from values.text import Status

__all__ = ["AnyOf", "Statuses", "TotalQuery", "among", "between", "on_days", "total_between"]


@dataclass(frozen=True)
class AnyOf:
    """Marks a filter that takes one word of an enum (or literal), or several with commas between.

    The value stays text, such as `draft,confirmed`; each word of it is known.
    """

    words: Any

    @property
    def known(self) -> Sequence[str]:
        """The words there are."""
        if isinstance(self.words, type) and issubclass(self.words, StrEnum):
            return list(self.words)
        return get_args(self.words)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The text's own schema, and then the check of its words."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Text, with the words in its description."""
        words = ", ".join(f"`{word}`" for word in self.known)
        said = f"One of {words}; or several, with commas between them."
        return handler(schema) | {"description": said}

    def _checked(self, given: str) -> str:
        chosen = [word.strip() for word in given.split(",")]
        if set(chosen) <= set(self.known):
            return ",".join(dict.fromkeys(chosen))
        expected = ", ".join(f"'{word}'" for word in self.known)
        raise PydanticCustomError(
            "literal_error", MESSAGES["literal_error"], {"expected": expected}
        )


Statuses = Annotated[str, AnyOf(Status)]
"""Whether records are in use, or archived."""


class TotalQuery(BaseModel):
    """The filter of documents by what they come to; all are in the company's currency."""

    total_from: SignedAmount | None = Field(
        default=None, description="The least total, in the company's currency."
    )
    total_to: SignedAmount | None = Field(
        default=None, description="The greatest total, in the company's currency."
    )


def among(column: str, chosen: str | None, names: Mapping[str, str] | None = None) -> Filter:
    """The column holds one of the words chosen (`AnyOf`); `names`: what it calls them.

    One word is asked for by itself, so that an index of the column gives the list's order.
    """
    if chosen is None:
        return Filter("", None)
    words = [names[word] if names else word for word in chosen.split(",")]
    if len(words) == 1:
        return Filter(f"{column} = {{}}", words[0])
    return Filter(f"{column} = any({{}}::text[])", words)


def between(column: str, first: Any, last: Any) -> list[Filter]:
    """The column lies in the range; either end may be missing."""
    return [Filter(f"{column} >= {{}}", first), Filter(f"{column} <= {{}}", last)]


def on_days(at: Reading, column: str, first: date | None, last: date | None) -> list[Filter]:
    """The instant lies on one of the business days of the company's zone, both included."""
    if first is None and last is None:
        return []
    begin, end = days_between(at.setting.zone, first, last)
    return [Filter(f"{column} >= {{}}", begin), Filter(f"{column} < {{}}", end)]


def total_between(column: str, query: TotalQuery) -> list[Filter]:
    """The document's total lies in the range."""
    return between(column, query.total_from, query.total_to)
