"""Contracts as they were committed, read through git."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["History"]


class History:
    """The committed past of the contracts folder of one working tree."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def _git(self, *arguments: str) -> str | None:
        """What git prints, or None when it refuses: no repository, no commit, no such file."""
        told = subprocess.run(
            ["git", "-C", str(self._root), *arguments],  # noqa: S607  git is found by the shell's path
            capture_output=True,
            text=True,
            check=False,
        )
        return told.stdout if told.returncode == 0 else None

    def exists(self) -> bool:
        """True when there is a repository with at least one commit."""
        return self._git("rev-parse", "--verify", "--quiet", "HEAD") is not None

    def at(self, commit: str, path: str) -> dict[str, Any] | None:
        """A JSON file as it stood in a commit, None where it was not there."""
        text = self._git("show", f"{commit}:./{path}")
        return None if text is None else json.loads(text)

    def files(self, commit: str, folder: str) -> list[str]:
        """Paths of the files a commit has under a folder."""
        told = self._git("ls-tree", "-r", "--name-only", commit, f"./{folder}/")
        return [] if told is None else told.split()

    def versions(self, path: str) -> Iterator[dict[str, Any]]:
        """The last committed state of a contract, then the last one of each earlier version."""
        commits = (self._git("log", "--format=%H", "--", f"./{path}") or "").split()
        known: set[str] = set()
        for commit in commits:
            document = self.at(commit, path)
            if document is not None and document["info"]["version"] not in known:
                known.add(document["info"]["version"])
                yield document
