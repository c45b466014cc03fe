"""Wake-ups: they reach every process, are sent seldom, and never relied upon."""

import asyncio
from contextlib import asynccontextmanager

from chassis.events import wakeup
from chassis.events.wakeup import Signal, Wakeups

WITHIN_SECONDS = 20


@asynccontextmanager
async def carrying(*several: Wakeups):
    """The wake-ups of several processes, connected."""
    tasks = [asyncio.create_task(one.run()) for one in several]
    try:
        for one in several:
            await asyncio.wait_for(one.connected.wait(), WITHIN_SECONDS)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_everyone_who_waits_is_woken():
    signal = Signal()
    waiting = asyncio.gather(*(signal.wait(signal.count, WITHIN_SECONDS) for _ in range(3)))
    await asyncio.sleep(0)
    signal.notify()
    assert await waiting == [True] * 3


async def test_who_is_sent_away_while_the_bell_rings_goes():
    """Stopping a process signals the last time and cancels at once; no waiter may live on."""
    signal = Signal()
    waiting = asyncio.create_task(signal.wait(signal.count, WITHIN_SECONDS))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    signal.close()
    waiting.cancel()
    (answer,) = await asyncio.gather(waiting, return_exceptions=True)
    assert answer is not True
    assert waiting.cancelled()


async def test_a_ring_between_the_look_and_the_wait_is_not_missed():
    """B08: note the count, look, then wait: what came meanwhile counts."""
    signal = Signal()
    seen = signal.count
    signal.notify()
    assert await signal.wait(seen, WITHIN_SECONDS)


async def test_without_a_ring_the_wait_ends_with_its_time():
    signal = Signal()
    assert not await signal.wait(signal.count, 0.001)


async def test_a_ring_here_is_seen_in_another_process_on_its_own_bell(history):
    """B08: a commit in the API process wakes the sequencer in the worker."""
    api, worker = Wakeups(history.connect), Wakeups(history.connect)
    async with carrying(api, worker):
        committed, sequenced = worker.committed.count, worker.sequenced.count
        api.committed.notify()
        assert await worker.committed.wait(committed, WITHIN_SECONDS)
        assert worker.sequenced.count == sequenced
        seen = api.sequenced.count
        worker.sequenced.notify()
        assert await api.sequenced.wait(seen, WITHIN_SECONDS)


async def test_what_was_seen_is_not_sent_again(history):
    """Two processes must not keep waking each other."""
    api, worker = Wakeups(history.connect), Wakeups(history.connect)
    async with carrying(api, worker):
        before, seen = api.committed.count, worker.committed.count
        api.committed.notify()
        assert await worker.committed.wait(seen, WITHIN_SECONDS)
        answered = api.sequenced.count
        worker.sequenced.notify()
        assert await api.sequenced.wait(answered, WITHIN_SECONDS)
        assert api.committed.count == before + 1
        assert worker.committed.count == seen + 1


async def test_many_rings_are_sent_as_few_notifications(history):
    """Bridge rules, wake-up: NOTIFY takes a lock of the whole server, so it is sent seldom."""
    api, seen, last = Wakeups(history.connect), [], asyncio.Event()
    listener = await history.connect()
    await listener.add_listener("tandem_committed", lambda *_: seen.append("committed"))
    await listener.add_listener("tandem_sequenced", lambda *_: last.set())
    async with carrying(api):
        for _ in range(500):
            api.committed.notify()
        await asyncio.sleep(0)
        api.sequenced.notify()
        await asyncio.wait_for(last.wait(), WITHIN_SECONDS)
    assert 1 <= len(seen) <= 2
    await listener.close()


async def test_after_a_lost_connection_every_bell_rings(history, monkeypatch):
    """B08: what was told while nobody listened may be anything, so everyone looks."""
    monkeypatch.setattr(wakeup, "RECONNECT_SECONDS", 0.01)
    opened = []

    async def connect():
        opened.append(await history.connect())
        return opened[-1]

    api = Wakeups(connect)
    async with carrying(api):
        counts = api.committed.count, api.sequenced.count
        async with history.database.driver() as sql:
            await sql.execute("select pg_terminate_backend($1)", opened[0].get_server_pid())
        api.committed.notify()
        assert await api.sequenced.wait(counts[1], WITHIN_SECONDS)
        assert api.committed.count >= counts[0] + 2
        assert len(opened) == 2


async def test_a_silent_connection_is_tried_now_and_then(history, monkeypatch):
    """P18: a dead listener is silent, so the connection is asked whether it lives."""
    monkeypatch.setattr(wakeup, "PING_SECONDS", 0.05)
    asked = asyncio.Event()

    async def connect():
        connection = await history.connect()
        connection.add_query_logger(
            lambda query: asked.set() if query.query == "select 1" else None
        )
        return connection

    async with carrying(Wakeups(connect)):
        await asyncio.wait_for(asked.wait(), WITHIN_SECONDS)
