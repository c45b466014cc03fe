"""Runs a service's command lines as a child of the runner, all in one process.

    python child.py <module> <arguments>...

Standard input is a pipe that the runner holds open. Each line of it is one more command of the
service, a JSON list, to be run first; an empty line lets the command of the arguments run, with
which this process ends. So a service is loaded once for its migrations and for serving.

After a command from the pipe a line with its exit code is written, which begins with DONE.

When the runner is gone, however it went, the pipe ends and the service stops in order; so no
service is left behind holding its port.
"""

import contextlib
import gc
import importlib
import json
import os
import queue
import runpy
import signal
import sys
import threading
from collections.abc import Sequence

DONE = "\x1e"
GRACE_SECONDS = 30.0


def stop_with_the_runner() -> None:
    """Stop this process in order."""
    # The runner was also the reader of our lines: without a reader, writing one is an error.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.kill(os.getpid(), signal.SIGTERM)
    deadline = threading.Timer(GRACE_SECONDS, os.kill, (os.getpid(), signal.SIGKILL))
    deadline.daemon = True
    deadline.start()


def listen(commands: "queue.Queue[str]") -> None:
    """Pass on what the runner wants, until it is gone."""
    with open(0, encoding="utf-8", closefd=False) as pipe:
        for line in pipe:
            commands.put(line.strip())
    stop_with_the_runner()


def load(module: str) -> None:
    """Import the service: most of what its start costs. None of it is garbage."""
    gc.disable()
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(f"{module}.cli")
    gc.freeze()
    gc.enable()


def run(module: str, command: Sequence[str]) -> object:
    """Run a command of the service; its exit code."""
    sys.argv = [module, *command]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        return ended.code
    return 0


def main(module: str, last: Sequence[str]) -> object:
    """Run what comes by the pipe, then the last command; its exit code."""
    commands: queue.Queue[str] = queue.Queue()
    threading.Thread(target=listen, args=(commands,), daemon=True).start()
    load(module)
    while command := commands.get():
        code = run(module, json.loads(command))
        print(f"{DONE}{code or 0}", flush=True)
    return run(module, last)


if __name__ == "__main__":
    sys.path.pop(0)  # this folder is the runner's, not the service's
    sys.exit(main(sys.argv[1], sys.argv[2:]))  # type: ignore[arg-type]
