"""Tests at another time run at that time, or are told apart."""

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import pytest

import clock
from chassis.clock import start_at, utc_now

AT = datetime(2028, 2, 29, 16, 30, tzinfo=UTC)
EAST = ZoneInfo("Pacific/Kiritimati")


@pytest.mark.business_day
async def test_the_application_has_the_clock_that_was_set_and_the_database_the_zone(sample):
    """What `make test-clock` sets is what the tests marked `business_day` see."""
    sql = await asyncpg.connect(sample.owner_url)
    try:
        zone = await sql.fetchval("show timezone")
    finally:
        await sql.close()
    assert zone == os.environ.get("TANDEM_TEST_DATABASE_ZONE", "UTC")
    start = os.environ.get("TANDEM_TEST_CLOCK")
    set_to = datetime.fromisoformat(start) if start else datetime.now(UTC)
    assert timedelta(0) <= utc_now() - set_to + timedelta(seconds=1) < clock.RUN_MAX


def test_a_clock_that_is_set_goes_on(monkeypatch):
    monkeypatch.setattr("chassis.clock._ahead", timedelta(0))
    start_at(AT)
    first, second = utc_now(), utc_now()
    assert AT <= first <= second < AT + timedelta(minutes=1)
    with pytest.raises(ValueError, match="aware"):
        start_at(AT.replace(tzinfo=None))


def _readings(at=AT, zone=EAST, count=clock.MARKED_MIN):
    return [{"test": "a", "clock": at.astimezone(zone).isoformat()}] * count


@pytest.mark.parametrize(
    ("readings", "word"),
    [
        (_readings(AT - timedelta(seconds=1)), "ran at"),
        (_readings(AT + timedelta(hours=1)), "ran at"),
        (_readings(datetime.now(UTC)), "ran at"),
        (_readings(zone=UTC), "another zone"),
        (_readings(count=clock.MARKED_MIN - 1), "only"),
        ([], "only 0"),
    ],
)
def test_tests_that_ran_at_another_time_are_told(readings, word):
    moment = clock.Moment(AT, EAST.key)
    assert word in clock.misread(moment, readings)[0]
    assert clock.misread(moment, _readings()) == []
