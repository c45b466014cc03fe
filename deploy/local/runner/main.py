"""The runner's commands. Those that need packages continue inside the environment."""

import argparse
import fcntl
import json
import os
import shutil
import sys
from pathlib import Path

from runner.environment import Environment
from runner.telling import Refusal, paint, say, step

__all__ = ["ROOT", "main"]

ROOT = Path(__file__).resolve().parents[3]
INSIDE = "inside"
CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis")
REFUSED = 2
MARKS = ("postgres.json", "credentials.json")
LOCKS = ("run.lock", "postgres.users")


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 cannot be tried."""
    asked = _parse(arguments)
    try:
        if asked.command == INSIDE:
            from runner.installation import run_installation  # noqa: PLC0415 - needs the packages

            return run_installation()
        if asked.command == "clean":
            return _clean(everything=asked.all)
        python = _prepared("dev" if asked.dev else "local")
    except Refusal as refused:
        sys.stderr.write(f"\n{paint('Stopped.', 'bad')} {refused}\n")
        return REFUSED
    except KeyboardInterrupt:
        return 130
    if asked.command == "up":
        _continue_inside(python)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.py", description="Tandem on this machine.")
    parser.set_defaults(dev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="create or refresh the environment")
    setup.add_argument("--dev", action="store_true", help="with what tests and checks need")
    commands.add_parser("up", help="run Tandem until Ctrl-C")
    commands.add_parser(INSIDE)
    clean = commands.add_parser("clean", help="remove environment and caches")
    clean.add_argument("--all", action="store_true", help="remove the local data as well")
    return parser.parse_args(arguments)


def _prepared(kind: str) -> Path:
    """The environment's interpreter, with everything installed.

    TANDEM_AS_IT_IS=1 takes the interpreter that runs us and installs nothing.
    """
    if os.environ.get("TANDEM_AS_IT_IS"):
        return Path(sys.executable)
    environment = Environment(ROOT)
    with step("Python environment") as now:
        environment.prepare("dev" if kind == "dev" else "local", now)
    return environment.python


def _continue_inside(python: Path) -> None:
    os.execv(python, [str(python), str(ROOT / "deploy/local/run.py"), INSIDE])  # noqa: S606


def _clean(*, everything: bool) -> int:
    data = Path(os.environ.get("TANDEM_DATA") or ROOT / ".tandem").resolve()
    if everything:
        _remove_data(data)
    for name in (".venv", *CACHES):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    (ROOT / ".venv.lock").unlink(missing_ok=True)
    say("Removed the environment and caches.")
    if data.exists():
        say(f"Kept the local data in {data}; `make clean ALL=1` removes it as well.")
    return 0


def _remove_data(data: Path) -> None:
    """Remove a data folder that is ours and at rest. Raises Refusal."""
    if not data.exists():
        return
    if not any((data / name).exists() for name in MARKS):
        message = f"{data} does not look like Tandem's data; nothing was removed."
        raise Refusal(message)
    if any(_is_held(data / name) for name in LOCKS):
        message = f"Tandem runs on {data}: stop it first; nothing was removed."
        raise Refusal(message)
    record = data / "postgres.json"
    known = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    if known.get("refuge"):
        shutil.rmtree(known["refuge"])
    shutil.rmtree(data)
    say(f"Removed the local data in {data}.")


def _is_held(lock: Path) -> bool:
    if not lock.exists():
        return False
    with lock.open("a") as probe:
        try:
            fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
