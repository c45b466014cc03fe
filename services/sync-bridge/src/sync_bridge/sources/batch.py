"""A batch of CloudEvents in JSON, taken apart without touching a byte of any event's data."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

__all__ = ["Envelope", "envelopes"]

_DECODER = json.JSONDecoder()
_BLANK = re.compile(r"[ \t\r\n]*")
_BEGIN = b'{"specversion":'
_FIRST, _BETWEEN = b"[" + _BEGIN, b"}," + _BEGIN
_BLANKS = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event: its attributes, its data as they were written, and the whole as it was written."""

    attributes: Mapping[str, Any]
    data: bytes
    raw: bytes


def envelopes(page: bytes) -> list[Envelope]:
    """The events of a JSON array. Raises ValueError when it is not an array of objects."""
    try:
        return _as_ours_are_written(page)
    except ValueError:
        return _taken_apart(page.decode())


def _as_ours_are_written(page: bytes) -> list[Envelope]:
    """The events of a page in the form that our feeds have: data last. Raises ValueError.

    Where each part is JSON by itself, the whole can be read in no other way.
    """
    if not (page.startswith(_FIRST) and page.endswith(b"}]")):
        message = "another form"
        raise ValueError(message)
    return [_split(_BEGIN + part + b"}") for part in page[len(_FIRST) : -2].split(_BETWEEN)]


def _split(raw: bytes) -> Envelope:
    before, _, data = raw[:-1].partition(b',"data":')
    attributes = orjson.loads(before + b"}")
    orjson.loads(data)
    return Envelope(attributes, data.strip(_BLANKS), raw)


def _taken_apart(text: str) -> list[Envelope]:
    """The same of a page in any form, token by token."""
    found: list[Envelope] = []
    place = _expect(text, 0, "[")
    if text.startswith("]", place):
        return found
    while True:
        envelope, place = _envelope(text, place)
        found.append(envelope)
        if text.startswith(",", place):
            place = _after_blank(text, place + 1)
            continue
        _expect(text, place, "]")
        return found


def _envelope(text: str, start: int) -> tuple[Envelope, int]:
    """The object that begins here, and where the next token begins."""
    attributes: dict[str, Any] = {}
    data = ""
    place = _expect(text, start, "{")
    while not text.startswith("}", place):
        name, place = _DECODER.raw_decode(text, place)
        place = _expect(text, _after_blank(text, place), ":")
        value, end = _DECODER.raw_decode(text, place)
        if name == "data":
            data = text[place:end]
        else:
            attributes[name] = value
        place = _after_blank(text, end)
        if text.startswith(",", place):
            place = _after_blank(text, place + 1)
    envelope = Envelope(attributes, data.encode(), text[start : place + 1].encode())
    return envelope, _after_blank(text, place + 1)


def _expect(text: str, place: int, token: str) -> int:
    """Where the token after this one begins. Raises ValueError when this is another."""
    place = _after_blank(text, place)
    if not text.startswith(token, place):
        message = f"expected {token} at character {place}"
        raise ValueError(message)
    return _after_blank(text, place + 1)


def _after_blank(text: str, place: int) -> int:
    blank = _BLANK.match(text, place)
    return blank.end() if blank else place
