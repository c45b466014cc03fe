"""What people call a record: its number and its name, from what an event tells of it."""

import unicodedata
from dataclasses import dataclass

import orjson

__all__ = ["BY_NAME", "BY_NUMBER", "NOTHING", "Label", "label_of", "search_key"]

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


def _text(value: object) -> str:
    """A text that the database can hold."""
    return value.replace("\0", "").strip()[:LENGTH_MAX] if isinstance(value, str) else ""
