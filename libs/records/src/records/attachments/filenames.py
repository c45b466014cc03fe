"""Names of files: one that a record shows, and that a browser saves under."""

import unicodedata
from typing import Annotated
from urllib.parse import quote

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from values.text import ONE_LINE

__all__ = ["Filename", "content_disposition"]

_NEVER = frozenset('/\\<>:"|?*')
_TURNS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of writing: `gpj.exe` would be read as `exe.jpg`."""

_NOT_QUOTED = str.maketrans(dict.fromkeys('?%"\\', "_"))


def _checked(name: str) -> str:
    name = unicodedata.normalize("NFC", name)
    stem = name.rpartition(".")[0]
    if (
        not stem.strip(". ")
        or name.endswith((".", " "))
        or _NEVER & set(name)
        or _TURNS & set(name)
    ):
        raise PydanticCustomError(
            "filename_form",
            "Write a name with its ending, such as drawing.pdf, without slashes and without "
            'any of < > : " | ? *',
        )
    return name


Filename = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=ONE_LINE),
    AfterValidator(_checked),
]
"""A name of a file with its ending, without a folder."""


def content_disposition(filename: str) -> str:
    """The header that lets a browser save the file under its name (RFC 6266, RFC 5987)."""
    ascii_only = filename.encode("ascii", "replace").decode()
    plain = ascii_only.translate(_NOT_QUOTED)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
