"""Tests at another time: where the clock starts, and proof of what it read (`make test-clock`).

The application's clock is set and the database's is left alone: a business day that anybody takes
from the database is then another one, so its test fails at any hour.
"""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from chassis.clock import start_at, utc_now

__all__ = ["DATABASE_ZONE", "MARKER", "pytest_runtest_call", "set_clock"]

START = "TANDEM_TEST_CLOCK"
READINGS = "TANDEM_TEST_CLOCK_READINGS"
DATABASE_ZONE = "TANDEM_TEST_DATABASE_ZONE"
MARKER = "business_day"


def set_clock() -> None:
    """Start the clock where the environment says, if it does."""
    if os.environ.get(START):
        start_at(datetime.fromisoformat(os.environ[START]))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> object:
    """Run the test; if it is marked, write down what the clocks read when it had passed."""
    done = yield
    if item.get_closest_marker(MARKER) and os.environ.get(READINGS):
        reading = {
            "test": item.nodeid,
            "clock": utc_now().astimezone().isoformat(),  # in the zone of the process
        }
        with Path(os.environ[READINGS]).open("a", encoding="utf-8") as readings:
            readings.write(json.dumps(reading) + "\n")
    return done
