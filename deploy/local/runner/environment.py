"""The Python environment in `.venv`: pinned packages with hashes, then our own distributions.

It is made with the standard library alone and made anew only when what it is made from changed.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from runner.telling import Refusal, Step

__all__ = ["DISTRIBUTIONS", "Environment", "Kind"]

DISTRIBUTIONS = (
    "libs/values",
    "libs/calendars",
    "libs/brokers",
    "libs/chassis",
    "libs/identity",
    "libs/records",
    "libs/approvals",
    "libs/importer",
    "libs/embedded",
    "services/erp",
    "services/crm",
    "services/sync-bridge",
)
STAMP = "tandem.json"
SAID_LINES = 12
Kind = Literal["local", "dev"]
OFFLINE = re.compile(
    r"no matching distribution|could not find a version|connection|name resolution|timed out"
    r"|network|retries exceeded|proxy|failed to fetch|dns error|unreachable",
    re.IGNORECASE,
)
FULL = re.compile(r"no space left|disk quota exceeded", re.IGNORECASE)


class Environment:
    """The environment of one checkout."""

    def __init__(self, root: Path, folder: Path | None = None) -> None:
        self.root = root
        self.folder = folder or root / ".venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def prepare(self, kind: Kind, now: Step) -> None:
        """Make it hold what the requirements say. Raises Refusal with what to do."""
        try:
            with self._alone():
                self._prepare(kind, now)
                self._compile()
        except OSError as failed:
            if failed.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise Refusal(self._disk_full()) from failed
            if failed.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
                message = f"{failed.filename} cannot be written: run as the account that owns it"
                raise Refusal(message) from failed
            raise

    def _prepare(self, kind: Kind, now: Step) -> None:
        wanted = self._digest(kind)
        stamp = self._stamp()
        if self._works() and stamp.get(kind) == wanted:
            now.result = "up to date"
            return
        if not self._works() or stamp.get("root", str(self.root)) != str(self.root):
            now.progress = "creating it"
            self._create()
        requirements = self.root / "requirements" / f"{kind}.txt"
        self._install(now, "--require-hashes", "-r", str(requirements))
        own = [part for folder in DISTRIBUTIONS for part in ("-e", str(self.root / folder))]
        self._install(now, "--no-deps", "--no-build-isolation", *own)
        stamp = {"root": str(self.root), kind: wanted}
        if kind == "dev":
            stamp["local"] = self._digest("local")
        (self.folder / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
        now.result = "ready"

    def _create(self) -> None:
        uv = shutil.which("uv")
        made = _run([sys.executable, "-m", "venv", "--clear", str(self.folder)])
        if made.returncode and uv:
            command = [uv, "venv", "--seed", "--clear", "--python", sys.executable]
            made = _run([*command, str(self.folder)])
        if made.returncode == 0:
            return
        said = made.stdout + made.stderr
        if FULL.search(said):
            raise Refusal(self._disk_full())
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        message = (
            f"Python cannot create an environment in {self.folder}:\n{_last(said)}\n"
            f"On Debian and Ubuntu, install its module first: apt-get install python{version}-venv"
        )
        raise Refusal(message)

    def _install(self, now: Step, *what: str) -> None:
        """Install by uv where it is at hand, else by pip; both get the same pins and hashes."""
        uv = shutil.which("uv")
        if uv:
            now.progress = "uv installs packages"
            if _run([uv, "pip", "install", "-p", str(self.python), *what]).returncode == 0:
                return
        pip = [str(self.python), "-m", "pip", "--disable-pip-version-check"]
        command = [*pip, "install", "--no-input", "--progress-bar", "off", *what]
        code, said = _watched(command, now, total=self._count(what))
        if code:
            raise Refusal(self._advice(said))

    def _compile(self) -> None:
        """Our own modules' bytecode, also where PYTHONDONTWRITEBYTECODE is set; saves seconds.

        Where it cannot be written, each start compiles them as before.
        """
        folders = [str(self.root / folder / "src") for folder in DISTRIBUTIONS]
        _run([str(self.python), "-m", "compileall", "-q", *folders])

    def _count(self, what: tuple[str, ...]) -> int:
        lists = [Path(part) for part in what if part.endswith(".txt")]
        pins = re.compile(r"^[a-z0-9]", re.IGNORECASE | re.MULTILINE)
        return sum(len(pins.findall(path.read_text(encoding="utf-8"))) for path in lists)

    def _advice(self, said: str) -> str:
        if FULL.search(said):
            return self._disk_full()
        if OFFLINE.search(said):
            return (
                f"The packages could not be fetched:\n{_last(said)}\n\n"
                "The first installation needs the network once. Check the connection; behind a "
                "proxy set HTTPS_PROXY, with a mirror of your own set PIP_INDEX_URL. Without any "
                "network: on a machine that has one, run\n"
                "    python3 -m pip download --require-hashes -r requirements/local.txt -d wheels"
                "\nbring the folder `wheels` here and run\n"
                '    PIP_NO_INDEX=1 PIP_FIND_LINKS="$PWD/wheels" make run'
            )
        return f"The packages could not be installed:\n{_last(said)}"

    def _disk_full(self) -> str:
        return (
            f"The disk is full: {self.folder} needs about 500 MB. Free some space "
            f"(`df -h {self.root}` shows how much there is) and try again."
        )

    def _works(self) -> bool:
        if not self.python.exists():
            return False
        return _run([str(self.python), "-c", "import pip"]).returncode == 0

    def _stamp(self) -> dict[str, str]:
        try:
            return dict(json.loads((self.folder / STAMP).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return {}

    def _digest(self, kind: Kind) -> str:
        """Changes when the pins or our own distributions' descriptions change, or the folder."""
        digest = hashlib.sha256(str(self.root).encode())
        digest.update((self.root / "requirements" / f"{kind}.txt").read_bytes())
        for folder in DISTRIBUTIONS:
            digest.update((self.root / folder / "pyproject.toml").read_bytes())
        return digest.hexdigest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """`make run` and `make test` started together install one after the other."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with self.folder.with_name(f"{self.folder.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, capture_output=True, text=True, check=False, env=_plain())


def _plain() -> dict[str, str]:
    """Our environment without another Python's traces."""
    hidden = {"PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_REQUIRE_VIRTUALENV", "PIP_USER"}
    return {name: value for name, value in os.environ.items() if name not in hidden}


def _watched(command: list[str], now: Step, total: int) -> tuple[int, str]:
    """Run, counting the packages it collects; returns its exit code and all it said."""
    said: list[str] = []
    collected = 0
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=_plain()
    ) as process:
        for line in process.stdout or ():
            said.append(line)
            if line.startswith("Collecting "):
                collected += 1
                now.progress = f"package {collected} of {total}, {line.split()[1]}"
            elif line.startswith("Installing collected"):
                now.progress = "unpacking all packages"
    return process.returncode, "".join(said)


def _last(said: str) -> str:
    return "\n".join(said.strip().splitlines()[-SAID_LINES:])
