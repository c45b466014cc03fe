"""Which encoding a file has. What cannot be read rightly is refused; nothing is guessed.

A mark at the beginning (BOM) says it. Without one it is what the mapping declares, else UTF-8. A
declaration that the bytes speak against is refused before anything is sent; where only a few
lines are broken, those are left for their rows to be refused.
"""

import codecs
import re
from dataclasses import dataclass, field
from pathlib import Path

from values.sheets.refused import FileRefused, Refused

__all__ = ["MULTI_BYTE", "SINGLE_BYTE", "encoding_of", "is_surely_chinese"]

MULTI_BYTE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030", "gbk", "big5")
SINGLE_BYTE = ("latin-1", "cp1250", "cp1251", "cp1252")
_WESTERN = {"latin-1", "cp1250", "cp1252"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "utf-16"),
)
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_HIGH = re.compile(rb"[\x80-\xff]+")
_COMMON_CHINESE = range(0xB0, 0xD8)
"""First bytes of the 3,755 characters that Chinese uses most, in GB2312."""
_COMMON_SHARE = 0.7
_RUN = 3
"""Western words have one accented letter here and there; other scripts have whole words of them."""


def encoding_of(path: Path, declared: str | None) -> str:
    """The encoding to read the file with. Raises FileRefused where it is surely another."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(_WORKBOOKS):
        raise _refused(_WORKBOOK)
    for mark, family, reads in _MARKS:
        if head.startswith(mark):
            if declared and not declared.startswith(family):
                raise _refused(_OTHER_MARK, family=family, declared=declared)
            if family == "utf-16":
                _read_through(path, reads)
            return reads
    encoding = {"gbk": "gb18030"}.get(declared or "utf-8", declared or "utf-8")
    if encoding.startswith("utf-16"):
        encoding = "utf-16-le" if encoding == "utf-16" else encoding
        _read_through(path, encoding)
        return encoding
    _weigh(path, encoding)
    return encoding


def is_surely_chinese(path: Path) -> bool:
    """Whether a file without mark can be nothing but Chinese in GB18030.

    Texts of other encodings can mostly be read as GB18030 too; but what comes out are then rare
    characters, while Chinese is made of common ones.
    """
    common = signs = 0
    with path.open("rb") as file:
        for line in file:
            if not _reads(line, "gb18030"):
                return False
            for sign in line.decode("gb18030"):
                if not sign.isascii():
                    signs += 1
                    common += sign.encode("gb18030")[0] in _COMMON_CHINESE
    return common > signs * _COMMON_SHARE


def _read_through(path: Path, encoding: str) -> None:
    try:
        with path.open(encoding=encoding) as file:
            for _ in file:
                pass
    except UnicodeDecodeError as wrong:
        raise _refused(_OTHER, encoding=encoding) from wrong


@dataclass
class _Weights:
    """How the lines of a file that are not plain ASCII read."""

    good: int = 0
    bad: list[int] = field(default_factory=list)
    as_utf8: int = 0
    as_gb18030: int = 0
    high: int = 0
    in_runs: int = 0

    @property
    def lines(self) -> int:
        return self.good + len(self.bad)


def _weigh(path: Path, encoding: str) -> None:
    """Refuse a file most of whose lines cannot be of this encoding, or are surely of another."""
    weights = _weights(path, encoding)
    if weights.bad and len(weights.bad) >= weights.good:
        facts = {"line": weights.bad[0], "encoding": encoding}
        raise _refused(_BAD_CHINESE if _is_chinese(weights, encoding) else _BAD_LINE, **facts)
    if not encoding.startswith("utf-8") and weights.lines and weights.as_utf8 * 2 > weights.lines:
        raise _refused(_UTF8, encoding=encoding)
    if encoding in _WESTERN and weights.in_runs * 2 > weights.high:
        facts = {"encoding": encoding}
        raise _refused(_RUNS_CHINESE if _is_chinese(weights, encoding) else _RUNS, **facts)


def _weights(path: Path, encoding: str) -> _Weights:
    found = _Weights()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.isascii():
                continue
            if _reads(line, encoding):
                found.good += 1
            else:
                found.bad.append(number)
            found.as_utf8 += _is_utf8(line, least=2 if encoding in SINGLE_BYTE else 3)
            found.as_gb18030 += _reads(line, "gb18030")
            runs = [len(run) for run in _HIGH.findall(line)]
            found.high += sum(runs)
            found.in_runs += sum(length for length in runs if length >= _RUN)
    return found


def _reads(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(line: bytes, *, least: int) -> bool:
    """Whether the line is UTF-8 with a letter of so many bytes: GB18030 may look like two."""
    return _reads(line, "utf-8") and any(
        len(letter.encode()) >= least for letter in line.decode("utf-8")
    )


def _is_chinese(weights: _Weights, encoding: str) -> bool:
    """Whether all of it may be Chinese in GB18030, and was not taken for that."""
    return encoding != "gb18030" and weights.as_gb18030 == weights.lines


def _refused(text: str, /, **facts: object) -> FileRefused:
    return FileRefused([Refused("encoding", text, **facts)])


_OTHER_MARK = (
    "it begins with the mark of {family}, so it is not {declared}; "
    "take `encoding` out of the mapping"
)
_WORKBOOK = "this is a workbook, not CSV; save the sheet as CSV UTF-8"
_OTHER = "it is not {encoding}; set `encoding`"
_UTF8 = "it is UTF-8, not {encoding}; say `encoding: utf-8`"
_BAD_LINE = "line {line} is not {encoding}; set `encoding` to the one that it was written in"
_BAD_CHINESE = (
    "line {line} is not {encoding}; if it is Chinese, say `encoding: gb18030`, "
    "else the one that it was written in"
)
_RUNS = (
    "no text in {encoding} has so many accented letters in a row; "
    "set `encoding` to the one that it was written in"
)
_RUNS_CHINESE = (
    "no text in {encoding} has so many accented letters in a row; "
    "if it is Chinese, say `encoding: gb18030`, else the one that it was written in"
)
