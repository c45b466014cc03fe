"""Backups of an installation's databases by PostgreSQL's own programs, and their restore."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import make_url

from chassis.storage.bootstrap import drop_databases, in_own_loop
from embedded.cluster import EmbeddedCluster
from runner.telling import Refusal

__all__ = ["Databases", "back_up", "restore", "said_by"]

TAIL_LINES = 20


def said_by(
    command: Sequence[str | Path], given: Mapping[str, str] | None = None, *, accepts: int = 0
) -> str:
    """What a command printed. Raises Refusal with its last lines when its exit code is higher."""
    done = subprocess.run(
        [str(part) for part in command],
        env=given or os.environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not 0 <= done.returncode <= accepts:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-TAIL_LINES:])
        shown = " ".join(_without_password(str(part)) for part in command)
        message = f"`{shown}` ended with exit code {done.returncode}:\n{said}"
        raise Refusal(message)
    return done.stdout


def back_up(programs: Path, owner_url: str, file: Path) -> int:
    """Dump a database into the file; its size in bytes. Raises Refusal."""
    said_by([programs / "pg_dump", "--format=custom", f"--file={file}", owner_url])
    return file.stat().st_size


def restore(programs: Path, owner_url: str, file: Path) -> None:
    """Fill an empty database of the owner role from a dump. Raises Refusal."""
    role = make_url(owner_url).username
    options = ("--exit-on-error", "--no-owner", f"--role={role}", f"--dbname={owner_url}")
    said_by([programs / "pg_restore", *options, file])


class Databases:
    """The databases of an installation's services in its embedded PostgreSQL."""

    def __init__(self, cluster: EmbeddedCluster, folder: Path) -> None:
        self._cluster = cluster
        self._folder = folder
        self._programs = cluster.place.binaries

    def back_up(self, name: str) -> int:
        """Dump the service's database; bytes of the dump. Raises Refusal."""
        owner_url = self._cluster.ensure_database(name).owner
        return back_up(self._programs, owner_url, self._file(name))

    def destroy(self, names: Sequence[str]) -> None:
        """Drop the databases, whoever is connected."""
        in_own_loop(drop_databases(self._cluster.admin_url, names))

    def restore(self, name: str) -> None:
        """Make the service's database anew, empty, and fill it from its dump. Raises Refusal."""
        owner_url = self._cluster.ensure_database(name).owner
        restore(self._programs, owner_url, self._file(name))

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.dump"


def _without_password(text: str) -> str:
    """The text, and where it has a database's URL, that without the password."""
    before, found, after = text.partition("postgresql://")
    return f"{before}{make_url(found + after).render_as_string()}" if found else text
