"""A restore that nobody told of is seen by what Kafka has, and the outbox has not."""

import asyncpg
import pytest

from brokers.connection import Brokers
from chassis.events.topic_ends import TopicEnds
from chassis.storage.connections import driver_url
from chassis.testing.records import headers_of, records_of
from identity.testing.service import running

from .test_relay import PARTITIONS, Desk, Killed, Told, at_work, desk, dies

__all__ = ["desk"]

pytestmark = pytest.mark.kafka


def relay_of(one, broker, *, make=None):
    """Its relay, which compares first."""
    relay = one.relay(broker, make=make)
    ends = TopicEnds(
        Brokers(broker), topics=[one.topic], partitions=PARTITIONS, answer_seconds=10.0
    )
    relay._compare = ends.compare
    return relay


async def as_owner(one, command, *values):
    sql = await asyncpg.connect(driver_url(one.service.owner_url))
    try:
        await sql.execute(command, *values)
    finally:
        await sql.close()


async def history_of(one):
    async with one.service.database.driver() as sql:
        return await sql.fetchval("select epoch from installation")


@pytest.fixture
async def restored(desk, cluster, sample_module):
    """The same installation, as it was in a backup of before its first event."""
    async with running(sample_module.SERVICE, cluster) as service:
        async with desk.service.database.driver() as sql:
            installation = await sql.fetchval("select id from installation")
        one = Desk(service, desk.note)
        await as_owner(one, "update installation set id = $1", installation)
        yield one


@pytest.mark.parametrize("written_since", [0, 7, 40])
async def test_what_was_published_and_is_not_in_the_outbox_begins_a_new_history(
    kafka, desk, restored, written_since
):
    """Fewer or more events may have been written since; then it goes on in the new history."""
    await desk.writes(20)
    async with at_work(relay_of(desk, kafka.bootstrap)):
        await desk.reaches(20)
    if written_since:
        await restored.writes(written_since)
    async with at_work(relay_of(restored, kafka.bootstrap)):
        await restored.writes(5)
        await restored.reaches(written_since + 5)
    history = await history_of(restored)
    assert history > await history_of(desk) == 1
    records = (await records_of(kafka.bootstrap, desk.topic)).values()
    told = [headers_of(record) for some in records for record in some]
    new = {one["ce_id"] for one in told if one["ce_history"] == str(history)}
    assert new == set(await restored.ids_in_feed())
    async with at_work(relay_of(restored, kafka.bootstrap)):
        await restored.writes(5)
        await restored.reaches(written_since + 10)
    assert await history_of(restored) == history


async def test_what_was_sent_and_not_marked_is_no_restore(kafka, desk):
    """B10: a crash between acknowledgement and mark; and what is purged is not compared."""
    await desk.writes(20)
    dying = Told(desk.relay(kafka.bootstrap)._make_publisher(), after=dies)
    async with at_work(relay_of(desk, kafka.bootstrap, make=lambda: dying)) as task:
        with pytest.raises(Killed):
            await task
    assert await desk.mark() == 0
    async with at_work(relay_of(desk, kafka.bootstrap)):
        await desk.reaches(20)
    await as_owner(desk, "update feed_floor set feed_seq = 20")
    await as_owner(desk, "delete from outbox_sequence")
    async with at_work(relay_of(desk, kafka.bootstrap)):
        await desk.writes(5)
        await desk.reaches(25)
    assert await history_of(desk) == 1


async def test_what_another_installation_published_is_no_concern(
    kafka, desk, cluster, sample_module
):
    await desk.writes(20)
    async with at_work(relay_of(desk, kafka.bootstrap)):
        await desk.reaches(20)
    async with running(sample_module.SERVICE, cluster) as service:
        other = Desk(service, desk.note)
        await as_owner(other, "update installation set id = gen_random_uuid()")
        async with at_work(relay_of(other, kafka.bootstrap)):
            await other.writes(5)
            await other.reaches(5)
        assert await history_of(other) == 1
