"""Breaks of the contract that were decided on before the version that gathers them is released."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Accepted", "accepted_breaks"]

ACCEPTED = Path("contracts/accepted.toml")
ANYTHING = "…"

PLACE = re.compile(r"^contracts/\S+: (?:against \S+: )?")
"""What a line of the check begins with: the file, and the version it is compared with."""


@dataclass(frozen=True)
class Accepted:
    """The breaks that are accepted: single lines of the check, and kinds of lines."""

    lines: frozenset[str]
    kinds: tuple[re.Pattern[str], ...]

    def __contains__(self, fault: object) -> bool:
        text = str(fault)
        return text in self.lines or any(kind.fullmatch(text) for kind in self.kinds)


def accepted_breaks(root: Path) -> Accepted:
    """Breaks that are listed in `contracts/accepted.toml`, in the words of the check.

    A `break` with `…` in it names a kind of them; `…` stands for anything.
    Raises KeyError for an entry without `break` or without the reason (`why`), ValueError for a
    kind that does not say which.
    """
    path = root / ACCEPTED
    listed = tomllib.loads(path.read_text("utf-8")).get("accepted", []) if path.exists() else []
    written = [entry["break"] for entry in listed if entry["why"]]
    return Accepted(
        lines=frozenset(one for one in written if ANYTHING not in one),
        kinds=tuple(_kind(one) for one in written if ANYTHING in one),
    )


def _kind(written: str) -> re.Pattern[str]:
    """The lines that a kind names. It says what happens in its own words, not only where."""
    said = PLACE.sub("", written).partition(": ")[2]
    if not re.search(r"[a-z]{4}.*[a-z ]{4}", said.replace(ANYTHING, "")):
        fault = f"{ACCEPTED}: {written!r} does not say which kind of break"
        raise ValueError(fault)
    return re.compile(".*".join(re.escape(part) for part in written.split(ANYTHING)))
