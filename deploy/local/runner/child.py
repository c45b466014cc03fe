"""Runs a service's command line as a child of the runner.

    python child.py <module> <arguments>...

Standard input is a pipe that the runner holds open. When the runner is gone, however it went, the
pipe ends and the service stops in order; so no service is left behind holding its port.
"""

import os
import runpy
import signal
import sys
import threading

GRACE_SECONDS = 30.0


def stop_with_the_runner() -> None:
    """Wait for the end of the pipe, then stop this process."""
    while os.read(0, 1024):
        continue
    # The runner was also the reader of our lines: without a reader, writing one is an error.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.kill(os.getpid(), signal.SIGTERM)
    deadline = threading.Timer(GRACE_SECONDS, os.kill, (os.getpid(), signal.SIGKILL))
    deadline.daemon = True
    deadline.start()


if __name__ == "__main__":
    threading.Thread(target=stop_with_the_runner, daemon=True).start()
    module = sys.argv[1]
    sys.path.pop(0)  # this folder is the runner's, not the service's
    del sys.argv[0]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
