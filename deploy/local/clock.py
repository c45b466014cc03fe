"""`make test-clock`: the tests marked `business_day`, at other times and in other zones.

    python deploy/local/clock.py            at every moment
    python deploy/local/clock.py --short    at three of them, as CI does

Exit codes: 0 all passed and ran at the time set, 1 otherwise.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
MARKED_MIN = 100
"""Fewer marked tests than these: somebody lost the marker."""
RUN_MAX = timedelta(minutes=20)


@dataclass(frozen=True)
class Moment:
    """When the clock of the tests starts, and the zones of the process and of the database."""

    at: datetime
    zone: str = "UTC"
    database_zone: str = "UTC"


def _of(text: str, *zones: str) -> Moment:
    return Moment(datetime.fromisoformat(text).replace(tzinfo=UTC), *zones)


EAST, WEST = "Pacific/Kiritimati", "America/Los_Angeles"
HOURS = [_of(f"2027-06-15T{hour:02}:40") for hour in range(0, 24, 3)]
YEARS_END = [_of("2027-12-31T15:20", EAST, WEST), _of("2027-12-31T16:20", WEST, EAST)]
LEAP_DAY = [_of("2028-02-29T02:00", WEST, EAST), _of("2028-02-28T20:00", EAST, WEST)]
SHORT = [HOURS[6], YEARS_END[1], LEAP_DAY[0]]


def misread(moment: Moment, readings: list[dict[str, str]], most: timedelta = RUN_MAX) -> list[str]:
    """What shows that tests did not run at the moment set; nothing when they did."""
    wrong = [] if len(readings) >= MARKED_MIN else [f"only {len(readings)} marked tests passed"]
    offset = moment.at.astimezone(ZoneInfo(moment.zone)).utcoffset()
    for one in readings:
        if not moment.at <= datetime.fromisoformat(one["clock"]) <= moment.at + most:
            wrong.append(f"{one['test']} ran at {one['clock']}")
        if datetime.fromisoformat(one["clock"]).utcoffset() != offset:
            wrong.append(f"{one['test']} ran in another zone: {one['clock']}")
    return wrong


def marked_files() -> list[str]:
    """The test files in which the marker stands: collecting all others takes longer than these."""
    folders = (*ROOT.glob("libs/*/tests"), *ROOT.glob("services/*/tests"), ROOT / "tests")
    found = (path for folder in folders for path in folder.rglob("test_*.py"))
    return sorted(str(one) for one in found if "mark.business_day" in one.read_text("utf-8"))


def run(moment: Moment, folder: Path, arguments: list[str]) -> list[str]:
    """Run the marked tests at a moment; what was wrong."""
    readings = folder / "readings.jsonl"
    readings.unlink(missing_ok=True)
    environment = os.environ | {
        "TZ": moment.zone,
        "TANDEM_TEST_CLOCK": moment.at.isoformat(),
        "TANDEM_TEST_CLOCK_READINGS": str(readings),
        "TANDEM_TEST_DATABASE_ZONE": moment.database_zone,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-m", "business_day", *arguments]
    command += marked_files()
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    if done.returncode:
        return [f"pytest ended with {done.returncode}"]
    lines = readings.read_text("utf-8").splitlines() if readings.exists() else []
    return misread(moment, [json.loads(line) for line in lines])


def main(arguments: list[str]) -> int:
    """Run all moments asked for, also when one fails."""
    short = "--short" in arguments
    rest = [one for one in arguments if one != "--short"]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for moment in SHORT if short else [*HOURS, *YEARS_END, *LEAP_DAY]:
            where = f"TZ {moment.zone}, database in {moment.database_zone}"
            print(f"== {moment.at:%Y-%m-%d %H:%M} UTC, {where}", flush=True)
            wrong = run(moment, Path(folder), rest)
            failed = failed or bool(wrong)
            print("\n".join(wrong) or "passed, at the time set", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
