"""Contracts as they were committed, read through git."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

__all__ = ["BASE", "History", "from_yaml"]

BASE = "CONTRACTS_BASE"
"""Environment variable: the commit a branch is compared with, such as `origin/main`."""


VERSION = """^ *"?version"?: *["']?[0-9]+[.][0-9][^"',[:space:]]*["']?,?$"""
"""The line of a contract that says its version, in JSON and in YAML."""


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

    def is_cut_off(self) -> bool:
        """True for a shallow clone: what was promised before lies in commits that it lacks."""
        return (self._git("rev-parse", "--is-shallow-repository") or "").strip() == "true"

    def bases(self) -> list[str]:
        """Commits whose promises bind: the last one and the one it follows, and CONTRACTS_BASE.

        Where a break is committed already, as on a server, the last commit has nothing to tell.
        The one it follows does: for a merged branch that is the main line before it.
        """
        named = ["HEAD", "HEAD^1", *filter(None, [os.environ.get(BASE)])]
        return [one for one in named if self._git("rev-parse", "--verify", "--quiet", one)]

    def lacks_base(self) -> bool:
        """True when CONTRACTS_BASE names no commit."""
        base = os.environ.get(BASE)
        return bool(base) and base not in self.bases()

    def text_at(self, commit: str, path: str) -> str | None:
        """A file as it stood in a commit, None where it was not there."""
        return self._git("show", f"{commit}:./{path}")

    def at(self, commit: str, path: str) -> dict[str, Any] | None:
        """A JSON or YAML file as it stood in a commit, None where it was not there."""
        text = self.text_at(commit, path)
        if text is None:
            return None
        document: dict[str, Any] = json.loads(text) if path.endswith(".json") else from_yaml(text)
        return document

    def files(self, commit: str, folder: str) -> list[str]:
        """Paths of the files a commit has under a folder."""
        told = self._git("ls-tree", "-r", "--name-only", commit, f"./{folder}/")
        return [] if told is None else told.split()

    def versions(self, path: str) -> Iterator[dict[str, Any]]:
        """The states of a contract that bind: those of `bases`, and each version's last one.

        Raises ValueError where a commit has the file and no version of it is found.
        """
        commits = (self._git("log", "--format=%H", "--", f"./{path}") or "").split()
        versions = self._versions_at(commits, path)
        for commit in commits:
            if commit not in versions and self.text_at(commit, path) is not None:
                message = f"{path} says no version in the commit {commit}"
                raise ValueError(message)
        last: dict[str, str] = {}
        for commit in commits:
            if commit in versions:
                last.setdefault(versions[commit], commit)
        states = {
            self._git("rev-parse", "--verify", "--quiet", f"{commit}:./{path}"): commit
            for commit in (*self.bases(), *last.values())
        }
        yield from filter(None, (self.at(commit, path) for commit in states.values()))

    def _versions_at(self, commits: list[str], path: str) -> dict[str, str]:
        """The version of a contract in each commit, found without reading the documents."""
        if not commits:
            return {}
        told = self._git("grep", "--extended-regexp", VERSION, *commits, "--", f"./{path}") or ""
        lines = (line.split(":", 2) for line in reversed(told.splitlines()))
        return {commit: found.strip(" ,") for commit, _, found in lines}


def from_yaml(text: str) -> Any:
    """The document that the text says, read by the C library where it is."""
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  safe
