"""What a read knows: who reads, where and when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from chassis.actor import Actor
from chassis.clock import frozen, utc_now

READER = Actor(kind="user", id="r", name="Reader", scopes=frozenset({"notes.read"}))


async def test_a_read_knows_its_actor_and_setting(sample):
    async with sample.database.reading(actor=READER) as reading:
        assert reading.actor is READER
        assert reading.setting is sample.database.setting
        assert await reading.sql.fetchval("select 1") == 1
    async with sample.database.reading() as reading:
        assert reading.actor.reference == "system:system"


async def test_a_read_is_of_the_moment_it_began_and_of_the_business_day(sample):
    late = datetime(2026, 3, 31, 20, tzinfo=UTC)
    sample.database.setting, before = (
        replace(sample.database.setting, zone=ZoneInfo("Asia/Shanghai")),
        sample.database.setting,
    )
    try:
        with frozen(late):
            async with sample.database.reading() as reading:
                pass
        assert (reading.now, reading.today()) == (late, date(2026, 4, 1))
    finally:
        sample.database.setting = before


async def test_a_route_that_reads_is_given_its_caller(sample):
    client, other = await sample.as_("notes.read"), await sample.as_("notes.read")
    first, second = [(await one.get("/v1/notes/reader")).json() for one in (client, other)]
    assert first["reader"].startswith("key:")
    assert first["reader"] != second["reader"]
    assert first["currency"] == sample.settings.currency
    assert abs(datetime.fromisoformat(first["now"]) - utc_now()) < timedelta(minutes=1)
