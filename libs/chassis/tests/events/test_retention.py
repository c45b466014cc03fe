"""Keeping the outbox: months made ahead, old ones dropped only when nobody needs them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.worker.outbox_upkeep import outbox_upkeep

PARTITIONS = """select inhrelid::regclass::text as name from pg_inherits
  where inhparent = 'outbox'::regclass order by 1"""


IN_PARTITION = "select count(*) from outbox where tableoid = '{}'::regclass"


def months_ago(count: int) -> datetime:
    """The 10th of the month that long ago."""
    month = datetime.now(UTC).replace(day=10)
    for _ in range(count):
        month = (month.replace(day=1) - timedelta(days=1)).replace(day=10)
    return month


def name_of(month: datetime) -> str:
    return f"outbox_{month:%Y_%m}"


class Keeper:
    """An outbox with rows of past months, numbered, and its upkeep."""

    def __init__(self, history, insert):
        self.history, self.insert = history, insert

    async def past(self, count: int, rows: int = 2, version: int = 1) -> list[UUID]:
        """Rows written so many months ago."""
        sql = await self.history.connect()
        floor = await sql.fetchval("select uuid7_floor($1)", months_ago(count))
        notes = [uuid4() for _ in range(rows)]
        for place, note in enumerate(notes):
            row_id = UUID(int=floor.int | 7 << 76 | place + 1)
            await self.insert(sql, note, version, row_id)
            await sql.execute(
                "insert into outbox_version values ($1, $2, $3)", note, version, row_id
            )
        return notes

    async def number(self) -> None:
        sequencer = self.history.sequencer()
        await sequencer.acquire()
        while await sequencer.number():
            pass
        sequencer.release()

    async def upkeep(self, keep_days: int = 14, *, relays: bool = True) -> None:
        async with self.history.database.transaction() as work:
            await outbox_upkeep(keep_days, consumer_days=30, relays=relays)(work, {})

    async def partitions(self) -> set[str]:
        async with self.history.database.driver() as sql:
            return {row["name"] for row in await sql.fetch(PARTITIONS)}

    async def value(self, query: str):
        async with self.history.database.driver() as sql:
            return await sql.fetchval(query)


@pytest.fixture
def keeper(history, insert):
    return Keeper(history, insert)


async def test_months_are_made_ahead(keeper):
    """B07: this month and the next two stand ready, so no row waits for a table."""
    made = await keeper.partitions()
    now = datetime.now(UTC).replace(day=10)
    ahead = [now + timedelta(days=30 * count) for count in range(3)]
    assert made == {name_of(month) for month in ahead} | {"outbox_default"}
    await keeper.upkeep()
    assert await keeper.partitions() == made


async def test_a_new_row_lies_in_its_month(keeper, history):
    await history.write_notes(1)
    assert await keeper.value("select tableoid::regclass::text from outbox") == name_of(
        months_ago(0)
    )


async def test_rows_that_came_without_a_month_get_one(keeper, history):
    """B07: an installation that slept for months finds the stray rows a home, all unchanged."""
    notes = await keeper.past(2)
    assert await keeper.value(IN_PARTITION.format("outbox_default")) == 2
    before = sorted(map(str, await history.written()))
    await keeper.upkeep(keep_days=400)
    assert await keeper.value(IN_PARTITION.format("outbox_default")) == 0
    assert await keeper.value(IN_PARTITION.format(name_of(months_ago(2)))) == 2
    assert sorted(map(str, await history.written())) == before
    await keeper.number()
    assert {row["aggregate_id"] for row in await history.numbered()} == set(notes)
    sql = await history.as_owner()
    with pytest.raises(asyncpg.RestrictViolationError):
        await sql.execute(f"truncate {name_of(months_ago(2))}")


async def test_an_old_month_that_everyone_has_read_is_dropped(keeper, history):
    """B07: with its rows go their numbers and versions; what follows keeps its numbers."""
    await keeper.past(3)
    (recent,) = await history.write_notes(1)
    await keeper.number()
    await keeper.upkeep()
    assert name_of(months_ago(3)) not in await keeper.partitions()
    assert [(row["feed_seq"], row["aggregate_id"]) for row in await history.numbered()] == [
        (3, recent)
    ]
    assert await keeper.value("select feed_seq from feed_floor") == 2
    assert await keeper.value("select count(*) from outbox_version") == 1


async def test_numbers_go_on_although_every_row_was_purged(keeper, history):
    """B05: a purge never makes a number come twice."""
    await keeper.past(3)
    await keeper.number()
    await keeper.upkeep()
    assert await history.numbered() == []
    await history.write_notes(1)
    await keeper.number()
    assert [row["feed_seq"] for row in await history.numbered()] == [3]


@pytest.mark.parametrize(
    "holder",
    [
        "insert into feed_consumer (name, feed_seq) values ('bridge', 1)",
        "insert into relay_mark (feed_seq) values (1)",
    ],
)
async def test_a_month_that_a_reader_still_needs_stays(keeper, history, holder):
    """B07: below the relay's mark and every consumer's mark only."""
    await keeper.past(3)
    await keeper.number()
    async with history.database.driver() as sql:
        await sql.execute(holder)
        await keeper.upkeep()
        assert name_of(months_ago(3)) in await keeper.partitions()
        await sql.execute("update feed_consumer set feed_seq = 2")
        await sql.execute("update relay_mark set feed_seq = 2")
    await keeper.upkeep()
    assert name_of(months_ago(3)) not in await keeper.partitions()


async def test_a_month_with_an_event_that_has_no_number_stays(keeper):
    """B07: what the sequencer has not seen, nobody has read."""
    await keeper.past(3)
    await keeper.upkeep()
    assert name_of(months_ago(3)) in await keeper.partitions()


async def test_a_month_within_the_retention_time_stays(keeper):
    """B07: the floor is the time that the operator set."""
    await keeper.past(3)
    await keeper.number()
    await keeper.upkeep(keep_days=400)
    assert name_of(months_ago(3)) in await keeper.partitions()


async def test_months_go_in_order(keeper, history):
    """B07: an older month in use keeps the younger ones too, so the history has no hole."""
    await keeper.past(3)
    await keeper.number()
    await keeper.past(4)
    async with history.database.driver() as sql:
        await sql.execute("insert into relay_mark (feed_seq) values (2)")
    await keeper.number()
    await keeper.upkeep()
    assert {name_of(months_ago(3)), name_of(months_ago(4))} <= await keeper.partitions()


async def test_a_month_in_use_is_left_for_the_next_time(keeper, history):
    """B07: a long reader is not waited for for ever; the upkeep goes on without that month."""
    await keeper.past(3)
    await keeper.number()
    await keeper.upkeep(keep_days=400)
    owner = await history.as_owner()
    await owner.execute("alter function outbox_purge(integer) set lock_timeout = '50ms'")
    reader = await history.connect()
    act = reader.transaction()
    await act.start()
    await reader.fetch("select * from outbox")
    await keeper.upkeep()
    assert name_of(months_ago(3)) in await keeper.partitions()
    assert await keeper.value("select feed_seq from feed_floor") == 0
    await act.rollback()
    await keeper.upkeep()
    assert name_of(months_ago(3)) not in await keeper.partitions()


async def test_less_than_a_day_is_refused(keeper):
    """B07: a slip in a setting does not empty the outbox."""
    with pytest.raises(asyncpg.RaiseError, match="at least one day"):
        await keeper.upkeep(keep_days=0)


async def test_the_runtime_role_cannot_drop_a_month_itself(keeper, history):
    """House 3: only through the functions that the owner made for it."""
    await history.write_notes(1)
    await keeper.number()
    sql = await history.connect()
    for statement in (
        f"drop table {name_of(months_ago(0))}",
        f"alter table outbox detach partition {name_of(months_ago(0))}",
        f"select outbox_drop_month('{name_of(months_ago(0))}', 100)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(statement)
    assert len(await history.written()) == 1


async def test_a_consumer_that_is_gone_keeps_no_month(keeper):
    """B23: after so many days it is forgotten; if it comes back, the feed answers 410."""
    old = name_of(months_ago(3))
    await keeper.past(3)
    await keeper.number()
    consumer = "insert into feed_consumer (name, feed_seq, seen_at) values ('gone', 0, {}) {}"
    again = "on conflict (name) do update set seen_at = excluded.seen_at returning name"
    await keeper.value(consumer.format("now() - interval '29 days'", again))
    await keeper.upkeep()
    assert old in await keeper.partitions(), "it may still come"
    await keeper.value(consumer.format("now() - interval '31 days'", again))
    await keeper.upkeep()
    assert old not in await keeper.partitions()
    assert await keeper.value("select count(*) from feed_consumer") == 0


async def test_the_place_of_a_relay_that_is_no_more_keeps_no_month(keeper):
    """After a change from Kafka to the feed; a relay that still runs elsewhere keeps its place."""
    old = name_of(months_ago(3))
    await keeper.past(3)
    await keeper.number()
    await keeper.value("insert into relay_mark (feed_seq) values (0) returning feed_seq")
    await keeper.upkeep()
    assert old in await keeper.partitions(), "Kafka is set, so the relay comes back"
    running = await keeper.history.connect()
    await running.execute("select pg_advisory_lock(hashtextextended('outbox_relay', 0))")
    await keeper.upkeep(relays=False)
    assert old in await keeper.partitions()
    await running.execute("select pg_advisory_unlock(hashtextextended('outbox_relay', 0))")
    await keeper.upkeep(relays=False)
    assert old not in await keeper.partitions()
    assert await keeper.value("select count(*) from relay_mark") == 0
