"""The server processes of an embedded PostgreSQL: made, started, watched, stopped."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from embedded.placement import SOCKET_NAME, ClusterUnavailable, Place

__all__ = ["Server"]

INIT_SECONDS_MAX = 120
START_SECONDS_MAX = 600
"""Recovery after a crash reads all that was written since the last checkpoint."""
STOP_SECONDS_MAX = 60
SOCKET_SECONDS_MAX = 5
LEFTOVER_SECONDS_MAX = 15
POLL_SECONDS = 0.02
LOG_BYTES_MAX = 10 * 1024 * 1024

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}
THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For test clusters only: a power cut would ruin the files."""

ADVICE = (
    ("No space left on device", "the disk is full: free space in {data} and start again"),
    ("Disk quota exceeded", "the disk quota is used up: free space in {data} and start again"),
    ("could not create lock file", "its socket folder {sockets} cannot be written"),
    ("could not bind Unix address", "another server uses the socket folder {sockets}"),
    (
        "could not map anonymous shared memory",
        "the machine has too little free memory: close something and start again",
    ),
    (
        "initialized by PostgreSQL version",
        "the files in {data} were written by another major version: export with the old one",
    ),
)
LEFTOVER = ('lock file "', "shared memory block")
IMPOSSIBLE_PID = 999_999_999


class Server:
    """One PostgreSQL server, driven by the wheel's own `initdb` and `pg_ctl`."""

    def __init__(self, place: Place, *, durable: bool = True) -> None:
        self.place = place
        self.settings = SETTINGS | ({} if durable else THROW_AWAY)

    def initialise(self, superuser: str, password: str) -> None:
        """Make the database files: UTF-8, code point order, password for every connection.

        An interrupted attempt leaves nothing that could be taken for a finished one.
        """
        fresh = self.place.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        secret = fresh.with_name("postgres.first")
        secret.touch(mode=0o600)
        secret.write_text(password, encoding="ascii")
        self._hand_over(fresh, secret)
        try:
            self._run(
                *("initdb", "-D", str(fresh), "-U", superuser, f"--pwfile={secret}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
                seconds=INIT_SECONDS_MAX,
            )
        finally:
            secret.unlink()
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("\ninclude 'tandem.conf'\n")
        fresh.rename(self.place.data)

    def start(self) -> None:
        """Start, recovering from a crash where there was one. Raises ClusterUnavailable."""
        self._write_settings()
        self._keep_log_small()
        command = (
            *("pg_ctl", "start", "-w", "-s", "-t", str(START_SECONDS_MAX)),
            *("-D", str(self.place.data), "-l", str(self.place.log)),
        )
        deadline = time.monotonic() + LEFTOVER_SECONDS_MAX
        while True:
            try:
                return self._run(*command, seconds=START_SECONDS_MAX + 10)
            except ClusterUnavailable as failed:
                leftover = any(sign in str(failed) for sign in LEFTOVER)
                if not leftover or time.monotonic() > deadline:
                    raise
            self._disown_stale_locks()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop after open transactions were rolled back; does nothing when it does not run."""
        self._stop("fast")

    def kill(self) -> None:
        """Stop without writing anything down, so that the next start would be a recovery."""
        self._stop("immediate")

    def _stop(self, mode: str) -> None:
        if not self.is_alive():
            return
        self._run(
            *("pg_ctl", "stop", "-w", "-s", "-m", mode, "-t", str(STOP_SECONDS_MAX)),
            *("-D", str(self.place.data)),
            seconds=STOP_SECONDS_MAX + 10,
        )

    def is_alive(self) -> bool:
        """Whether the process named in the pid file exists and is this cluster's server."""
        pid = self._recorded_pid()
        return pid is not None and _serves(pid, self.place.data)

    def is_reachable(self) -> bool:
        """Whether it is alive and its socket is there, which somebody's tidying may remove."""
        return self.is_alive() and (self.place.sockets / SOCKET_NAME).exists()

    def wait(self, ready: Callable[[], bool]) -> bool:
        """Wait while the server runs but is not ready, as when it recovers; whether it got ready.

        A server whose socket is gone never will: that is found out within seconds.
        """
        began = time.monotonic()
        while self.is_alive():
            if ready():
                return True
            waited = time.monotonic() - began
            limit = START_SECONDS_MAX if self.is_reachable() else SOCKET_SECONDS_MAX
            if waited > limit:
                return False
            time.sleep(POLL_SECONDS)
        return False

    def _recorded_pid(self) -> int | None:
        try:
            return int((self.place.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _disown_stale_locks(self) -> None:
        """A lock file whose pid went to another program says nothing; its other lines still do.

        So the pid is replaced by an impossible one and PostgreSQL itself judges the shared memory
        of the earlier server, which its last processes may still be leaving.
        """
        lock = self.place.data / "postmaster.pid"
        if not self.is_alive() and lock.exists():
            _, _, rest = lock.read_text().partition("\n")
            lock.write_text(f"{IMPOSSIBLE_PID}\n{rest}")
            for path in self.place.sockets.glob(".s.PGSQL.*"):
                path.unlink()

    def _write_settings(self) -> None:
        settings = self.settings | {"unix_socket_directories": str(self.place.sockets)}
        lines = (f"{name} = {_quoted(value)}\n" for name, value in settings.items())
        path = self.place.data / "tandem.conf"
        path.write_text("".join(lines), encoding="utf-8")
        self._hand_over(path)

    def _keep_log_small(self) -> None:
        log = self.place.log
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_suffix(".log.old"))

    def _hand_over(self, *paths: Path) -> None:
        account = self.place.account
        if account is not None:
            for path in paths:
                os.chown(path, account.uid, account.gid)

    def _run(self, program: str, *arguments: str, seconds: int) -> None:
        account = self.place.account
        written = self.place.log.stat().st_size if self.place.log.exists() else 0
        # A file, not a pipe: the server inherits it and would keep a pipe open for good.
        with tempfile.TemporaryFile() as output:
            try:
                subprocess.run(
                    [str(self.place.binaries / program), *arguments],
                    user=None if account is None else account.uid,
                    group=None if account is None else account.gid,
                    extra_groups=None if account is None else [],
                    cwd="/",
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    timeout=seconds,
                    check=True,
                )
            except subprocess.SubprocessError as failed:
                output.seek(0)
                said = output.read().decode(errors="replace") + self._log_since(written)
                raise ClusterUnavailable(self._explain(program, said)) from failed

    def _log_since(self, position: int) -> str:
        if not self.place.log.exists():
            return ""
        with self.place.log.open("rb") as log:
            log.seek(position)
            return log.read().decode(errors="replace")

    def _explain(self, program: str, said: str) -> str:
        for sign, advice in ADVICE:
            if sign in said:
                return "PostgreSQL cannot start: " + advice.format(
                    data=self.place.data, sockets=self.place.sockets
                )
        last = "\n".join(said.strip().splitlines()[-8:])
        return f"{program} failed; it said:\n{last}\n(log: {self.place.log})"


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _serves(pid: int, data: Path) -> bool:
    """Whether the process is a PostgreSQL server of these files, by its command line."""
    try:
        command = (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        asked = ["/bin/ps", "-o", "command=", "-p", str(pid)]
        command = subprocess.run(asked, capture_output=True, check=False).stdout
    return b"postgres" in command and os.fsencode(data) in command
