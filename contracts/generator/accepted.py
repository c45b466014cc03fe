"""Breaks of the contract that were decided on before the version that gathers them is released."""

import tomllib
from pathlib import Path

__all__ = ["accepted_breaks"]

ACCEPTED = Path("contracts/accepted.toml")


def accepted_breaks(root: Path) -> frozenset[str]:
    """Breaks that are listed in `contracts/accepted.toml`, in the words of the check.

    Raises KeyError for an entry without `break` or without the reason (`why`).
    """
    if not (root / ACCEPTED).exists():
        return frozenset()
    listed = tomllib.loads((root / ACCEPTED).read_text("utf-8")).get("accepted", [])
    return frozenset(entry["break"] for entry in listed if entry["why"])
