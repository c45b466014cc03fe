"""`make demo`: stories across CRM, bridge and ERP, through the public APIs alone.

Each plays in a temporary installation of its own and ends with exit code 0, or 1 when the halves
do not agree. Without more it is a small story that prints each step with the ids on both sides and
how long the crossing took. DATA=northwind replays real orders and checks every cent; DAYS=30
replays the orders of its first 30 days alone; RESULT=path writes what was found as JSON.
TRANSPORT=kafka lets the events travel by a real Apache Kafka instead of the HTTP feeds.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

import httpx

from demonstration.calling import Refused
from demonstration.northwind import SETTINGS, data_folder, replay, write
from demonstration.patience import Patient
from demonstration.playing import Disagreement
from demonstration.story import Story
from runner.telling import Refusal, paint, say
from runner.temporary import Temporary, temporary_installation

TAIL_LINES = 20
ROUTINE = "[info "
"""What lines of the log have that tell of nothing unusual."""


def tell(there: Temporary) -> int:
    """Play the story; 1 with what is wrong and the services' last lines when it ends badly."""
    try:
        with there.clients(Patient) as clients:
            Story(clients).play()
    except (Disagreement, httpx.HTTPError) as bad:
        body = bad.response.text if isinstance(bad, httpx.HTTPStatusError) else ""
        return ended_badly(there, f"{bad} {body}")
    return 0


def tell_northwind(there: Temporary, data: Path, transport: str, days: int) -> int:
    """Replay the set; 1 when something does not hold."""
    try:
        playing = replay(
            there.credentials, data=data, folder=there.folder, transport=transport, days=days
        )
        report = asyncio.run(playing)
    except Refused as bad:
        return ended_badly(there, str(bad))
    if result := os.environ.get("RESULT"):
        write(report, Path(result))
    return 0 if report["holds"] else 1


def days_asked() -> int:
    """DAYS of the environment; 0 when all are wanted. Raises Refusal."""
    written = os.environ.get("DAYS") or "0"
    if not written.isdecimal():
        message = f"DAYS={written} is no number of days: write DAYS=30, or leave it away"
        raise Refusal(message)
    return int(written)


def ended_badly(there: Temporary, why: str) -> int:
    """Say why, with the services' last lines."""
    lines = there.log.read_text(encoding="utf-8").splitlines()
    telling = [line for line in lines if ROUTINE not in line] or lines
    said = "\n".join(f"    {line}" for line in telling[-TAIL_LINES:])
    sys.stderr.write(f"{paint('The story ends badly:', 'bad')} {why}\n{said}\n")
    return 1


def play(chosen: str, transport: str) -> int:
    """Start, play, stop; returns the exit code. Raises Refusal."""
    if chosen not in {"", "northwind"}:
        message = f"DATA={chosen} is unknown: write DATA=northwind, or leave it away"
        raise Refusal(message)
    if not chosen:
        with temporary_installation(TRANSPORT=transport) as there:
            return tell(there)
    data, days = data_folder(), days_asked()
    if data is None:
        message = (
            "The data set Northwind is not here: set TANDEM_SHARED to the folder that has "
            "data/northwind/Orders.csv in it (default: ../shared)"
        )
        raise Refusal(message)
    with temporary_installation(TRANSPORT=transport, **SETTINGS) as there:
        return tell_northwind(there, data, transport, days)


def main() -> int:
    """Play what the environment asks for; returns the exit code."""
    began = time.monotonic()
    try:
        code = play(os.environ.get("DATA", ""), os.environ.get("TRANSPORT") or "feed")
    except Refusal as refused:
        sys.stderr.write(f"{refused}\n")
        return 2
    if code == 0:
        say(paint(f"\nThe halves agree. {time.monotonic() - began:.0f} s in all.", "good"))
    return code


if __name__ == "__main__":
    sys.exit(main())
