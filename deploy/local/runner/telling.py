"""What the runner says to the person at the terminal."""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Refusal", "Step", "paint", "say", "step"]

STILL_SECONDS = 5.0
COLOURS = {"erp": "36", "crm": "35", "bridge": "33", "good": "32", "bad": "31", "dim": "2"}
_line = threading.Lock()


class Refusal(Exception):
    """The runner cannot go on; the text says why and what to do."""


def paint(text: str, colour: str) -> str:
    """The text in a colour, where standard output is a terminal that wants colours."""
    wanted = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if wanted and colour in COLOURS else text


def say(text: str = "") -> None:
    """One line, whole even when several threads speak."""
    with _line:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


class Step:
    """A part of the work that is going on; `progress` is what a waiting person is told."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.progress = ""
        self.result = "done"
        self.began = time.monotonic()
        self.ended = threading.Event()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.began

    def speak_up(self) -> None:
        """Tell every few seconds that it is still going on, and how far it is."""
        while not self.ended.wait(STILL_SECONDS):
            detail = f": {self.progress}" if self.progress else ""
            say(paint(f"  {self.title}, {self.seconds:.0f} s{detail}", "dim"))


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Time a part of the work and print the result; while it is long, print progress."""
    now = Step(title)
    speaker = threading.Thread(target=now.speak_up, daemon=True)
    speaker.start()
    try:
        yield now
    finally:
        now.ended.set()
        speaker.join()
    say(f"{paint('✓', 'good')} {title:<22} {now.result} ({now.seconds:.1f} s)")
