"""Passwords known from breaches: a local file of SHA-1 hashes, searched by bisection.

The file is what the well-known lists come as: a line `HASH:COUNT` each, in ascending order of the
hash. It may have any size: it is mapped into memory, and about forty lines are read of it. Nothing
leaves the machine.
"""

import hashlib
import mmap
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import InvalidInput
from chassis.service import ServiceContext, Unsound
from chassis.settings import ServiceSettings
from chassis.telemetry.logs import get_logger
from identity.settings import identity_settings

__all__ = ["BreachListUnreadable", "breach_list", "breach_list_of", "check_breaches", "sampled"]

HASH_LENGTH = 40
SAMPLES = 1000
"""So many places of the file `doctor` looks at."""
_LINE = re.compile(rb"[0-9A-Fa-f]{40}:[0-9]+\r?\n?\Z")
BREACHED = "This password is known from a breach of another service. Take another one."
log = get_logger("identity")


class BreachListUnreadable(Problem):
    """The file of passwords known from breaches is set and cannot be read."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "breach_list_unreadable"
    title: ClassVar[str] = "New passwords cannot be checked now"
    detail: ClassVar[str] = "Nothing was changed. Ask whoever runs this service to run `doctor`."


@dataclass(frozen=True)
class Sampled:
    """What `doctor` saw of a file: its bytes, and at which of them the order or form is wrong."""

    size: int
    wrong_at: int | None


def breach_list_of(settings: ServiceSettings) -> Path | None:
    """The file that the settings name, if any."""
    return identity_settings(settings).breached_passwords_file


def check_breaches(password: str, listed: Path | None) -> None:
    """Raises InvalidInput for a password in the file, BreachListUnreadable. No file: nothing."""
    if listed is None:
        return
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with listed.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as at:
            found = _contains(at, wanted)
    except (OSError, ValueError) as unreadable:
        log.exception("breach_list_unreadable", path=str(listed))
        raise BreachListUnreadable from unreadable
    if found:
        raise InvalidInput(errors=[FieldError("/password", "password_breached", BREACHED)])


def _contains(lines: mmap.mmap, wanted: bytes) -> bool:
    """Whether a line begins with the hash. Raises ValueError where a line is none."""
    low, high = 0, _end_of_lines(lines)
    while low < high:
        start = _line_start(lines, (low + high) // 2)
        line = _line_at(lines, start)
        if not _LINE.match(line):
            message = f"the line at byte {start} is no HASH:COUNT"
            raise ValueError(message)
        seen = line[:HASH_LENGTH].upper()
        if seen == wanted:
            return True
        low, high = (start + len(line), high) if seen < wanted else (low, start)
    return False


def sampled(path: Path, *, samples: int = SAMPLES) -> Sampled:
    """Look at so many places of the file, each with the line after it. Raises OSError, ValueError.

    A file with less lines than that is looked at whole.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        size, end, before, seen_to = len(lines), _end_of_lines(lines), b"", 0
        for number in range(samples):
            start = max(_line_start(lines, size * number // samples), seen_to)
            for _ in range(2):
                if start >= end:
                    break
                line = _line_at(lines, start)
                if not _LINE.match(line) or line[:HASH_LENGTH].upper() <= before:
                    return Sampled(size, start)
                before, start = line[:HASH_LENGTH].upper(), start + len(line)
            seen_to = start
        return Sampled(size, None)


async def breach_list(here: ServiceContext) -> str:
    """Whether the file is named, readable and in order. Raises Unsound."""
    path, name = breach_list_of(here.settings), here.service.name.upper()
    if path is None:
        return f"{name}_BREACHED_PASSWORDS_FILE is unset: common passwords are refused, no others"
    try:
        found = sampled(path)
    except (OSError, ValueError) as unreadable:
        message = f"{path} cannot be read ({unreadable}), so no password can be set"
        raise Unsound(message) from unreadable
    if found.wrong_at is not None:
        message = (
            f"{path}: the line at byte {found.wrong_at} is no HASH:COUNT, or not above the one "
            "before; give a file in ascending order of the SHA-1 hashes"
        )
        raise Unsound(message)
    return f"{path}, {found.size} bytes, in order at {SAMPLES} places"


def _end_of_lines(lines: mmap.mmap) -> int:
    """Where the last line ends that is not blank. Raises ValueError where all are."""
    end = len(lines)
    while end and lines[end - 1] in b"\r\n":
        end -= 1
    if not end:
        message = "it has no lines"
        raise ValueError(message)
    return end


def _line_start(lines: mmap.mmap, at: int) -> int:
    return lines.rfind(b"\n", 0, at) + 1


def _line_at(lines: mmap.mmap, start: int) -> bytes:
    end = lines.find(b"\n", start, start + 100)
    return lines[start : end + 1] if end >= 0 else lines[start : start + 100]
