"""What `make run` and the other targets start: Tandem on this machine, with Python alone.

    python deploy/local/run.py setup [--dev]     create or refresh the environment
    python deploy/local/run.py up                the same, then run everything until Ctrl-C
    python deploy/local/run.py clean [--all]     remove the environment; --all: the data as well

This file is read by whatever Python is called `python3`, so it avoids newer syntax.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
HERE = Path(__file__).resolve().parent


def hand_over_to_newer_python() -> None:
    """Continue in a newer Python of this machine, or say what is needed and end with code 2."""
    for name in NEWER:
        path = shutil.which(name)
        works = path and subprocess.run([path, "-c", ""], check=False).returncode == 0
        if path and works:
            os.execv(path, [path, *sys.argv])  # noqa: S606 - this very program
    sys.exit(
        "Tandem needs Python 3.11 or newer; {} is {}.{} and no newer one is on the PATH.\n"
        "Install one (Debian, Ubuntu: apt-get install python3.11 python3.11-venv; macOS: brew "
        "install python@3.12), then try again.".format(sys.executable, *sys.version_info[:2])
    )


if __name__ == "__main__":
    if sys.version_info < OLDEST:
        hand_over_to_newer_python()
    sys.path[:0] = [str(HERE), str(HERE.parent)]
    from runner.main import main

    sys.exit(main(sys.argv[1:]))
