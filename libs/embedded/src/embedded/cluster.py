"""A real PostgreSQL for one data folder, shared by every process that works there.

The first process starts it, the last one stops it. Who works there is told by file locks, which
the system drops when a process dies in whatever way, so a killed process is never waited for.
"""

import errno
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote

import asyncpg

from chassis.storage.bootstrap import DatabaseUrls, Roles, ensure_database, in_own_loop
from embedded.placement import ClusterUnavailable, choose_home, choose_place
from embedded.server import Server

__all__ = ["EmbeddedCluster"]

SUPERUSER = "tandem"
CONNECT_SECONDS_MAX = 10
PASSWORD_BYTES = 24
RECORD = "postgres.json"


class EmbeddedCluster:
    """A process's share in the PostgreSQL of a data folder. Close it to give the share back."""

    def __init__(self, data_dir: Path, *, durable: bool) -> None:
        self.data_dir = data_dir
        self.record = _Record(data_dir / RECORD)
        self.place = choose_place(data_dir, self.record.home)
        self.server = Server(self.place, durable=durable)
        self._share: IO[str] | None = None

    @staticmethod
    def exists(data_dir: Path) -> bool:
        """Whether the folder has a cluster, so that joining it makes none."""
        return (data_dir / RECORD).exists()

    @classmethod
    def open(cls, data_dir: Path | str, *, durable: bool = True) -> Self:
        """Join the cluster of this folder, made and started first if need be.

        `durable=False` is for throw-away clusters of tests: a power cut would ruin them.
        Raises ClusterUnavailable with a text that says what to do.
        """
        folder = Path(data_dir).resolve()
        with _explained(folder):
            if not folder.exists():
                folder.mkdir(parents=True)
                folder.chmod(0o711)
            with _alone(folder):
                cluster = cls(folder, durable=durable)
                with _private(folder / "postgres.users") as share:
                    fcntl.flock(share, fcntl.LOCK_SH)
                    cluster._make()
                    cluster._run()
                    # The lock lives with the open file: this second handle keeps it.
                    cluster._share = os.fdopen(os.dup(share.fileno()), "a")
        return cluster

    @property
    def admin_url(self) -> str:
        """URL of the superuser, for making databases; no service ever gets it."""
        host = quote(str(self.place.sockets), safe="")
        return f"postgresql://{SUPERUSER}:{self.record.password('')}@/postgres?host={host}"

    def password(self, role: str) -> str:
        """The password of a role, invented at first use and the same for every process."""
        with _explained(self.data_dir), _alone(self.data_dir):
            return self.record.password(role)

    def ensure_database(self, name: str) -> DatabaseUrls:
        """The database of a service with its two roles, made at first use."""
        with _explained(self.data_dir), _alone(self.data_dir):
            roles = Roles(
                name=name,
                runtime_password=self.record.password(name),
                owner_password=self.record.password(f"{name}_owner"),
            )
            in_own_loop(ensure_database(self.admin_url, name, roles))
        return roles.urls(self.admin_url, name)

    def ensure_running(self) -> bool:
        """Start the server again if it died or lost its socket; True when that was needed."""
        if self.server.is_reachable():
            return False
        with _explained(self.data_dir), _alone(self.data_dir):
            return self._run()

    def close(self) -> None:
        """Leave; the last to leave stops the server. A second call does nothing."""
        if self._share is None:
            return
        with _alone(self.data_dir):
            fcntl.flock(self._share, fcntl.LOCK_UN)
            self._share.close()
            self._share = None
            with _private(self.data_dir / "postgres.users") as probe:
                try:
                    fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self.server.stop()

    def discard(self) -> bool:
        """Stop the server and remove its files, if nobody else works here; whether that was done.

        For throw-away clusters: removing the files of hundreds of databases at once takes less
        than dropping them one by one. Whoever comes next makes the cluster anew.
        """
        if self._share is None:
            return False
        with _alone(self.data_dir):
            try:
                fcntl.flock(self._share, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fcntl.flock(self._share, fcntl.LOCK_SH)  # the failed attempt gave it away
                return False
            self.server.kill()
            # Killed between any two of these, whoever comes next finds a whole cluster or none.
            removed = self.place.data.with_name(f"{self.place.data.name}.removed")
            shutil.rmtree(removed, ignore_errors=True)
            self.record.mark_made(made=False)
            self.place.data.rename(removed)
            self.record.path.unlink()
            shutil.rmtree(removed)
            self._share.close()
            self._share = None
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _make(self) -> None:
        if self.place.data.exists():
            if not self.record.made:
                self.record.mark_made()
            return
        if self.record.made:
            message = (
                f"the database files {self.place.data} are gone: bring them back from a backup, "
                f"or remove {self.record.path} to begin with an empty database"
            )
            raise ClusterUnavailable(message)
        self.server.initialise(SUPERUSER, self.record.password(""))
        self.record.mark_made()

    def _run(self) -> bool:
        """Start the server unless it answers; True when it was started here."""
        if self._answers() or self.server.wait(self._answers):
            return False
        self.server.stop()
        self.server.start()
        try:
            self._answers()
        except ClusterUnavailable:
            self.server.stop()
            raise
        return True

    def _answers(self) -> bool:
        return in_own_loop(_answers(self.admin_url, self.record.path))


async def _answers(url: str, record: Path) -> bool:
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS_MAX)
    except (asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError, OSError):
        return False
    except asyncpg.TooManyConnectionsError:
        return True
    except asyncpg.InvalidPasswordError as refused:
        message = f"the password in {record} does not fit the database files beside it"
        raise ClusterUnavailable(message) from refused
    await connection.close()
    return True


class _Record:
    """What must be remembered beside the database files: where they are, and the passwords."""

    def __init__(self, path: Path) -> None:
        self.path = path
        known = _read(path)
        # Only a refuge is written down: the folder itself may be moved.
        refuge = known.get("refuge") if known else _refuge_of(path.parent)
        self.home = Path(refuge) if refuge else path.parent
        self.made = bool(known.get("made", False))
        self.passwords: dict[str, str] = known.get("passwords", {})

    def password(self, role: str) -> str:
        """The role's password, invented and stored at first use; "" is the superuser."""
        if role not in self.passwords:
            # Another process may have added roles since this one read.
            self.passwords |= _read(self.path).get("passwords", {})
        if role not in self.passwords:
            self.passwords[role] = secrets.token_urlsafe(PASSWORD_BYTES)
            self._save()
        return self.passwords[role]

    def mark_made(self, *, made: bool = True) -> None:
        """From now on missing files are a loss, not a beginning; or no loss any more."""
        self.made = made
        self._save()

    def _save(self) -> None:
        content: dict[str, Any] = {
            "refuge": None if self.home == self.path.parent else str(self.home),
            "made": self.made,
            "passwords": self.passwords,
        }
        fresh = self.path.with_suffix(".json.new")
        with _private(fresh) as file:
            file.truncate(0)
            json.dump(content, file, indent=2)
        fresh.replace(self.path)


def _refuge_of(folder: Path) -> str | None:
    home = choose_home(folder)
    return None if home == folder else str(home)


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _private(path: Path) -> IO[str]:
    """A file that only the owner of its folder can read; root leaves it to that owner."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(handle, folder.st_uid, folder.st_gid)
    return os.fdopen(handle, "r+", encoding="utf-8")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time makes, starts or stops the cluster."""
    with _private(folder / "postgres.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Turn the system's refusals into a text that says what to do."""
    try:
        yield
    except OSError as refused:
        if refused.errno in {errno.ENOSPC, errno.EDQUOT}:
            message = f"the disk is full: free space for {folder} and start again"
        elif refused.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            message = (
                f"{refused.filename or folder} cannot be written by this account: run as the "
                "account that made it, or choose another folder by TANDEM_DATA"
            )
        else:
            raise
        raise ClusterUnavailable(message) from refused
