"""What people call a record: its number and its name, from what an event tells of it."""

import unicodedata
from dataclasses import dataclass
from typing import Annotated

import orjson
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

__all__ = [
    "BY_NAME",
    "BY_NUMBER",
    "NOTHING",
    "Asked",
    "Label",
    "label_of",
    "search_key",
]

BY_NUMBER = "number_key = {0} and number_key <> ''"
BY_NAME = "name_key >= {0} and name_key < {0} || chr(1114111) and name_key <> ''"
"""Conditions on lanes. A range, not `like`: a generic plan finds it in the index too."""

LENGTH_MAX = 200
_NUMBERS = ("number", "sku")


@dataclass(frozen=True, slots=True)
class Label:
    """A record's number and name; empty: it has none."""

    number: str = ""
    name: str = ""


NOTHING = Label()


def label_of(data: bytes) -> Label:
    """The number (or SKU) and the name in an event's data; none in what cannot be read."""
    try:
        state = orjson.loads(data)
    except orjson.JSONDecodeError:
        return NOTHING
    if not isinstance(state, dict):
        return NOTHING
    numbers = [_text(state.get(field)) for field in _NUMBERS]
    return Label(next(filter(None, numbers), ""), _text(state.get("name")))


def search_key(text: str) -> str:
    """The text as it is compared: letters of any case and width are the same."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _something(text: str) -> str:
    """The text, if anything of it can be seen: nothing would be in every name."""
    if not any(unicodedata.category(sign)[0] not in "ZC" for sign in search_key(text)):
        raise PydanticCustomError("nothing_to_search", "Name at least one letter or digit.")
    return text


Asked = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_something)]
"""A number or name that is looked for; blanks and invisible signs alone are none."""


def _text(value: object) -> str:
    """A text that the database can hold."""
    return value.replace("\0", "").strip()[:LENGTH_MAX] if isinstance(value, str) else ""
