"""The machine the figures come from, and what processes cost it."""

import os
import platform
from pathlib import Path

import asyncpg

__all__ = [
    "cpu_seconds",
    "database_cpu_seconds",
    "describe",
    "load_average",
    "services_in",
    "tree_cpu_seconds",
]

_TICKS = os.sysconf("SC_CLK_TCK")


async def describe(admin_url: str) -> dict[str, str]:
    """Cores, memory, versions: what a reader needs to judge the figures."""
    sql = await asyncpg.connect(admin_url)
    try:
        version = await sql.fetchval("select current_setting('server_version')")
        durable = await sql.fetchval(
            "select format('fsync %s, synchronous_commit %s', current_setting('fsync'),"
            " current_setting('synchronous_commit'))"
        )
    finally:
        await sql.close()
    gibibytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{gibibytes:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "postgresql": f"{version} ({durable})",
    }


def load_average() -> float:
    """Processes that wanted to run in the last minute, ours included."""
    return os.getloadavg()[0]


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, its ended children included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / _TICKS


def tree_cpu_seconds(pid: int) -> float:
    """Processor time of a process and its living children: of a database server."""
    total = cpu_seconds(pid)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            total += cpu_seconds(int(stat.parent.name)) if int(parent) == pid else 0
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def database_cpu_seconds(postmaster: int) -> dict[str, float]:
    """Processor time of a server's living connections, by the database they are in.

    Such a process is called `postgres: <role> <database> <address> <what it does>`, where the
    address is `[local]` or ends with a port in brackets.
    """
    spent: dict[str, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1]
            words = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").split()
            if int(parent) == postmaster and words[3:] and words[3].endswith((b"]", b")")):
                database = words[2].decode()
                spent[database] = spent.get(database, 0.0) + cpu_seconds(int(stat.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return spent


def services_in(folder: Path) -> dict[str, int]:
    """The running services of an installation in a folder: name -> process id."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
            home = f"TANDEM_DATA={folder / 'data'}\0".encode()
            if "serve" in words and home in (process / "environ").read_bytes():
                found[words[words.index("serve") - 1]] = int(process.name)
        except OSError:
            continue
    return found
