"""The sequencer: every committed event gets one number, in an order that readers can trust."""

import asyncio
import random
from collections import defaultdict
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.events import sequencer as sequencers
from chassis.events.sequencer import LeaseLost, LowMark

WITHIN_SECONDS = 20


async def drain(sequencer) -> int:
    """Number all there is; how much it was."""
    total = 0
    while numbered := await sequencer.number():
        total += numbered
    return total


async def until(condition) -> None:
    """Wait for an awaitable condition to hold."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await condition():  # noqa: ASYNC110 - the database tells no one
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(sequencer):
    """The sequencer at work beside the test."""
    task = asyncio.create_task(sequencer.run())
    try:
        yield sequencer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Crowd:
    """Writers that overlap, a reader by number, and a naive reader by id as the control."""

    def __init__(self, history, insert):
        self.history, self.insert = history, insert
        self.committed, self.rolled_back = set(), set()
        self.seen_by_id, self.seen_by_number = set(), set()
        self.over = asyncio.Event()

    async def write(self, pauses: list[float]) -> None:
        sql = await self.history.connect()
        for pause in pauses:
            act = sql.transaction()
            await act.start()
            row_id = await self.insert(sql)
            await asyncio.sleep(pause)
            if pause > 0.009:
                await act.rollback()
                self.rolled_back.add(row_id)
            else:
                await act.commit()
                self.committed.add(row_id)

    async def read_naively(self) -> None:
        sql, last = await self.history.connect(), UUID(int=0)
        while not self.over.is_set():
            for row in await sql.fetch("select id from outbox where id > $1 order by id", last):
                last = row["id"]
                self.seen_by_id.add(last)
            await asyncio.sleep(0.001)

    async def read_by_number(self) -> None:
        sql, last = await self.history.connect(), 0
        page = "select * from outbox_sequence where feed_seq > $1 order by feed_seq"
        while self.seen_by_number != self.committed or not self.over.is_set():
            for row in await sql.fetch(page, last):
                assert row["feed_seq"] == last + 1
                last = row["feed_seq"]
                self.seen_by_number.add(row["outbox_id"])
            await asyncio.sleep(0.001)


async def test_32_writers_lose_nothing_and_a_naive_reader_loses(history, insert):
    """B02: the reader's set is the committed set; reading by id, as the control, misses some."""
    dice, crowd = random.Random(2), Crowd(history, insert)
    async with running(history.sequencer()):
        readers = asyncio.gather(crowd.read_naively(), crowd.read_by_number())
        pauses = [[dice.uniform(0, 0.010) for _ in range(12)] for _ in range(32)]
        await asyncio.gather(*map(crowd.write, pauses))
        crowd.over.set()
        await asyncio.wait_for(readers, WITHIN_SECONDS)
    assert crowd.seen_by_number == crowd.committed
    assert len(crowd.committed) + len(crowd.rolled_back) == 32 * 12
    assert crowd.committed - crowd.seen_by_id, "the writers did not overlap: no control"


async def test_a_late_commit_is_passed_over_by_a_naive_reader_only(history, insert):
    """B02: the smallest case: the earlier row commits after the later one was read."""
    early, late, reader = [await history.connect() for _ in range(3)]
    sequencer = history.sequencer()
    await sequencer.acquire()
    act = early.transaction()
    await act.start()
    first = await insert(early)
    second = await insert(late)
    naive = "select max(id::text)::uuid from outbox where id > $1"
    last = await reader.fetchval(naive, UUID(int=0))
    assert last == second
    assert await drain(sequencer) == 1
    await act.commit()
    assert await reader.fetchval(naive, last) is None, "lost to the naive reader"
    assert await drain(sequencer) == 1
    rows = await reader.fetch("select outbox_id from outbox_sequence order by feed_seq")
    assert [row["outbox_id"] for row in rows] == [second, first]


async def test_versions_of_an_aggregate_come_in_order_under_contention(history):
    """B03, B04: 1, 2, 3, ... for each aggregate, however many writers fight for its row."""
    write, rename, command = (
        history.module.write,
        history.module.rename,
        history.module.WriteNote(title="a"),
    )
    async with history.database.transaction() as work:
        notes = [(await write(work, command)).id for _ in range(3)]

    async def change(note: UUID) -> None:
        async with history.database.transaction() as work:
            await rename(work, note, command, None)

    async def all_numbered() -> bool:
        return len(await history.numbered()) == 63

    async with running(history.sequencer()):
        await asyncio.gather(*(change(notes[n % 3]) for n in range(60)))
        await until(all_numbered)
    versions = defaultdict(list)
    for row in await history.numbered():
        versions[row["aggregate_id"]].append(row["aggregate_version"])
    assert list(versions.values()) == [list(range(1, 22))] * 3


async def test_a_writer_whose_clock_is_ahead_overtakes_nobody(history, insert):
    """B04, B50: order comes from the database, not from the time in the writers' ids."""
    note, sql = uuid4(), await history.connect()
    ahead = await sql.fetchval("select uuid7_floor(now() + interval '1 hour')")
    await insert(sql, note, 1, UUID(int=ahead.int | 7 << 76))
    await insert(sql, note, 2)
    sequencer = history.sequencer()
    await sequencer.acquire()
    await drain(sequencer)
    assert [row["aggregate_version"] for row in await history.numbered()] == [1, 2]


async def test_numbers_are_dense_across_batches_and_rollbacks(history, insert):
    """B05: 1, 2, 3, ... in the order of writing; rolled back rows leave no hole."""
    sql = await history.connect()
    for number in range(10):
        act = sql.transaction()
        await act.start()
        await insert(sql)
        await (act.rollback() if number % 3 == 0 else act.commit())
    sequencer = history.sequencer(batch=4)
    await sequencer.acquire()
    assert [await sequencer.number() for _ in range(3)] == [4, 2, 0]
    assert [row["feed_seq"] for row in await history.numbered()] == [1, 2, 3, 4, 5, 6]
    order = await sql.fetch(
        """select o.written from outbox o join outbox_sequence s on s.outbox_id = o.id
            order by s.feed_seq"""
    )
    assert order == sorted(order)


async def test_only_one_sequencer_leads_and_another_takes_over(history):
    """B05: the second one gets no lock; when the first is gone it leads with a higher epoch."""
    first, second = history.sequencer("first"), history.sequencer("second")
    assert await first.acquire()
    assert not await second.acquire()
    with pytest.raises(LeaseLost):
        await history.sequencer().number()
    await history.write_notes(2)
    assert await drain(first) == 2
    first.release()
    await until(second.acquire)
    await history.write_notes(1)
    assert await drain(second) == 1
    rows = await history.numbered()
    assert [(row["feed_seq"], row["epoch"]) for row in rows] == [(1, 1), (2, 1), (3, 2)]


async def test_a_waiting_sequencer_takes_over_by_itself(history, monkeypatch):
    """B05: the work goes on when its holder is gone, in whichever process waits."""
    monkeypatch.setattr(sequencers, "TAKEOVER_SECONDS", 0.01)
    first, second = history.sequencer("first"), history.sequencer("second")
    assert await first.acquire()
    async with running(second):
        await history.write_notes(1)
        assert await drain(first) == 1
        first.release()
        await until(lambda: _leads(history, 2))
        await history.write_notes(1)
        await until(lambda: _count(history, 2))
    assert [row["epoch"] for row in await history.numbered()] == [1, 2]


async def test_a_sequencer_that_lost_its_lock_unawares_numbers_nothing(history):
    """B05: the epoch fences it out even while it believes it leads."""
    zombie, heir = history.sequencer("zombie"), history.sequencer("heir")
    assert await zombie.acquire()
    await zombie._connection.execute("select pg_advisory_unlock_all()")
    assert await heir.acquire()
    await history.write_notes(3)
    with pytest.raises(LeaseLost):
        await zombie.number()
    assert await history.numbered() == []
    assert await drain(heir) == 3
    assert {row["epoch"] for row in await history.numbered()} == {heir.epoch}


async def test_a_superseded_sequencer_steps_back_and_waits_its_turn(history):
    """B05: after the fence it starts again as a candidate, and the work goes on."""
    sequencer = history.sequencer()
    async with running(sequencer):
        await until(lambda: _leads(history, 1))
        async with history.database.driver() as sql:
            await sql.execute("update sequencer_lease set epoch = 7")
        await history.write_notes(1)
        await until(lambda: _count(history, 1))
    assert sequencer.epoch == 8


async def _leads(history, epoch: int) -> bool:
    async with history.database.driver() as sql:
        return await sql.fetchval("select epoch from sequencer_lease") == epoch


async def _count(history, count: int) -> bool:
    return len(await history.numbered()) == count


async def test_an_idle_writer_delays_only_its_own_event(history, insert):
    """B06: what others commit meanwhile is numbered at once."""
    idle, sequencer = await history.connect(), history.sequencer()
    await sequencer.acquire()
    act = idle.transaction()
    await act.start()
    await insert(idle)
    notes = await history.write_notes(5)
    assert await drain(sequencer) == 5
    assert [row["aggregate_id"] for row in await history.numbered()] == notes
    await act.commit()
    assert await drain(sequencer) == 1


async def test_a_younger_transaction_that_wrote_first_is_not_passed_by_the_low_mark(
    history, insert
):
    """B02: an old transaction may write after a young one and commit before it.

    The snapshot's xmax then lies below the young one's xid, so it must not be the bound.
    """
    old, young = await history.connect(), await history.connect()
    sequencer = history.sequencer()
    await sequencer.acquire()
    old_act, young_act = old.transaction(), young.transaction()
    await old_act.start()
    await old.execute("select pg_current_xact_id()")
    await young_act.start()
    await insert(young)
    xid = await young.fetchval("select pg_current_xact_id()::text::bigint")
    await insert(old)
    await old_act.commit()
    assert await drain(sequencer) == 1
    with suppress(TimeoutError):  # other tests' transactions may be older; then it proves less
        await until(lambda: _is_oldest(history, xid))
    for _ in range(3):
        await history.write_notes(1)
        assert await drain(sequencer) == 1
    await young_act.commit()
    assert await drain(sequencer) == 1


async def _is_oldest(history, xid: int) -> bool:
    """Whether no transaction of the server, of other tests too, is older than this one."""
    async with history.database.driver() as sql:
        oldest = "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
        return await sql.fetchval(oldest) >= xid


def outcome(*, newest: int | None = None, xid: int | None = None, oldest_running: int):
    """What one pass told: the last row it numbered, its own xid, the oldest xid still running."""
    return {"newest": newest, "xid": xid, "oldest_running": oldest_running}


def test_the_low_mark_moves_when_every_older_transaction_has_ended():
    """B02, B05: not before, and not past what a cut-off pass has left."""
    mark = LowMark(settled=0)
    mark.learn(outcome(newest=10, xid=50, oldest_running=45), cut_off=False)
    mark.learn(outcome(newest=12, xid=53, oldest_running=47), cut_off=False)
    assert mark.settled == 0, "a transaction older than the pass may still write below 10"
    mark.learn(outcome(oldest_running=50), cut_off=False)
    assert mark.settled == 0
    mark.learn(outcome(newest=9, xid=60, oldest_running=54), cut_off=True)
    assert mark.settled == 0, "rows between 9 and 10 may be left"
    mark.learn(outcome(newest=20, xid=61, oldest_running=54), cut_off=True)
    assert mark.settled == 10
    mark.learn(outcome(oldest_running=62), cut_off=False)
    assert mark.settled == 20
    mark.learn(outcome(oldest_running=70), cut_off=False)
    assert mark.settled == 20


async def test_the_low_mark_is_kept_for_the_next_sequencer(history):
    """B05: a successor need not look at the whole history again."""
    sequencer = history.sequencer()
    await sequencer.acquire()
    await history.write_notes(7)
    await drain(sequencer)
    sequencer._mark = LowMark(settled=7)
    await history.write_notes(1)
    assert await drain(sequencer) == 1
    sequencer.release()
    heir = history.sequencer()
    await until(heir.acquire)
    assert heir._mark.settled == 7


async def test_an_idle_pass_writes_nothing(history):
    """B62: a service without events is at rest; its lease row is not even locked."""
    sequencer = history.sequencer()
    await sequencer.acquire()
    lease = "select ctid::text, xmin::text, xmax::text from sequencer_lease"
    async with history.database.driver() as sql:
        before = await sql.fetchrow(lease)
        assert await sequencer.number() == 0
        assert await sql.fetchrow(lease) == before


async def test_a_lost_wake_up_costs_time_and_no_event(history, insert):
    """B08: nobody notifies; the poll finds the event."""
    sql = await history.connect()
    async with running(history.sequencer()):
        await until(lambda: _leads(history, 1))
        for count in range(1, 4):
            await insert(sql)
            started = asyncio.get_running_loop().time()
            await until(lambda count=count: _count(history, count))
            taken = asyncio.get_running_loop().time() - started
            assert taken < sequencers.POLL_IDLE_SECONDS + 2


async def test_a_wake_up_is_enough_without_the_poll(history, monkeypatch):
    """B08: with the poll out of reach, only the signal after the commit can bring the event."""
    monkeypatch.setattr(sequencers, "POLL_BUSY_SECONDS", 600.0)
    monkeypatch.setattr(sequencers, "POLL_IDLE_SECONDS", 600.0)
    async with running(history.sequencer()):
        await until(lambda: _leads(history, 1))
        for count in range(1, 4):
            seen = history.wakeups.sequenced.count
            await history.write_notes(1)
            assert await history.wakeups.sequenced.wait(seen, WITHIN_SECONDS)
            assert len(await history.numbered()) == count


async def test_a_full_batch_is_followed_at_once(history, insert, monkeypatch):
    """B08: a backlog does not wait for polls between its batches."""
    monkeypatch.setattr(sequencers, "POLL_BUSY_SECONDS", 600.0)
    sql = await history.connect()
    for _ in range(9):
        await insert(sql)
    async with running(history.sequencer(batch=2)):
        await until(lambda: _count(history, 9))


async def test_it_survives_the_loss_of_its_connection(history):
    """B05: the server drops it, it comes back with the next epoch, and nothing is lost."""
    sequencer = history.sequencer()
    async with running(sequencer):
        await history.write_notes(1)
        await until(lambda: _count(history, 1))
        async with history.database.driver() as sql:
            await sql.execute(
                "select pg_terminate_backend($1)", sequencer._connection.get_server_pid()
            )
        await history.write_notes(1)
        await until(lambda: _count(history, 2))
    assert [row["epoch"] for row in await history.numbered()] == [1, 2]


async def test_a_number_is_never_given_twice(history):
    """B05: the tables say so too."""
    await history.write_notes(1)
    sequencer = history.sequencer()
    await sequencer.acquire()
    await drain(sequencer)
    async with history.database.driver() as sql:
        for columns in ("feed_seq, gen_random_uuid(), 1", "feed_seq + 1, outbox_id, 1"):
            with pytest.raises(asyncpg.UniqueViolationError):
                await sql.execute(
                    f"insert into outbox_sequence select {columns} from outbox_sequence"
                )
