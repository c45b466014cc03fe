"""The worker: each job in its own transaction, in effect once, whatever dies when."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from chassis.clock import frozen, utc_now
from chassis.events.wakeup import Signal, Wakeups
from chassis.jobs import queue
from chassis.service import Module, Schedule, ServiceContext
from chassis.telemetry.metrics import Metrics
from chassis.worker import schedules
from chassis.worker.housekeeping import housekeeping
from chassis.worker.jobs import Worker
from chassis.worker.running import jobs_worker


@pytest.fixture
def kind():
    return f"kind-{uuid4().hex[:8]}"


@pytest.fixture
def metrics():
    return Metrics("sample")


def worker(sample, kind, handler, **other):
    return Worker(sample.database, handlers={kind: handler}, **other)


async def ask(sample, kind, payload=None, **other):
    async with sample.database.transaction() as work:
        work.enqueue(kind, payload or {}, **other)


async def states(sample, kind):
    async with sample.database.driver() as sql:
        found = await sql.fetch("select state from job where kind = $1 order by id", kind)
    return [row["state"] for row in found]


async def notes(sample, title):
    async with sample.database.driver() as sql:
        return await sql.fetchval("select count(*) from note where title = $1", title)


async def write_note(work, payload):
    await work.sql.execute(
        "insert into note values ($1, $2, 1, now(), now())", uuid4(), payload["title"]
    )


def outcomes(metrics, kind):
    return {
        outcome: metrics.registry.get_sample_value(
            "tandem_job_runs_total", {"service": "sample", "kind": kind, "outcome": outcome}
        )
        for outcome in ("done", "retry", "lost")
    }


async def test_effect_and_done_mark_are_one_transaction(sample, kind, metrics):
    await ask(sample, kind, {"title": kind})
    assert await worker(sample, kind, write_note, metrics=metrics).once() == 1
    assert await notes(sample, kind) == 1
    assert await states(sample, kind) == ["done"]
    assert outcomes(metrics, kind)["done"] == 1


async def test_a_failing_handler_leaves_no_effect_and_is_tried_again(sample, kind, metrics):
    await ask(sample, kind, {"title": kind})

    async def fails_after_writing(work, payload):
        await write_note(work, payload)
        message = "the printer is out of paper"
        raise RuntimeError(message)

    with frozen(utc_now()):  # the pause before the next try may be as short as it likes
        await worker(sample, kind, fails_after_writing, metrics=metrics).once()
    assert await notes(sample, kind) == 0
    assert await states(sample, kind) == ["queued"]
    assert outcomes(metrics, kind)["retry"] == 1
    with frozen(utc_now() + timedelta(minutes=1)):
        await worker(sample, kind, write_note).once()
    assert await notes(sample, kind) == 1
    async with sample.database.driver() as sql:
        error = await sql.fetchval("select last_error from job where kind = $1", kind)
    assert error == "RuntimeError: the printer is out of paper"


async def test_a_slow_worker_whose_lease_ran_out_does_nothing_twice(sample, kind, metrics):
    """Two workers hold the same job: one effect, whoever commits first."""
    await ask(sample, kind, {"title": kind})
    async with sample.database.driver() as sql:
        (stale,) = await queue.claim(sql, kinds=[kind], now=utc_now())
    with frozen(utc_now() + queue.LEASE):
        await worker(sample, kind, write_note).once()
    late = worker(sample, kind, write_note, metrics=metrics)
    await late._attempt(stale)
    assert await notes(sample, kind) == 1
    assert outcomes(metrics, kind)["lost"] == 1


async def test_a_running_job_is_not_taken_however_long_it_runs(sample, kind):
    await ask(sample, kind, {"title": kind})
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(work, payload):
        started.set()
        await go_on.wait()
        await write_note(work, payload)

    running = asyncio.create_task(worker(sample, kind, slow).once())
    await started.wait()
    with frozen(utc_now() + 10 * queue.LEASE):
        assert await worker(sample, kind, write_note).once() == 0
    go_on.set()
    assert await running == 1
    assert await notes(sample, kind) == 1


async def test_a_stopped_worker_gives_its_job_back_at_once(sample, kind):
    await ask(sample, kind, {"title": kind})
    started = asyncio.Event()

    async def endless(work, payload):
        await write_note(work, payload)
        started.set()
        await asyncio.Event().wait()

    stopped = asyncio.create_task(worker(sample, kind, endless).run())
    await started.wait()
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
    assert await notes(sample, kind) == 0
    assert await worker(sample, kind, write_note).once() == 1
    assert await notes(sample, kind) == 1


@pytest.mark.parametrize("ends", ["in the handler", "in the last statement"])
async def test_a_lost_database_is_no_failure_of_the_job(sample, kind, ends):
    """The server ends the connection under it: nothing stays, no attempt counts, no one is told."""
    await ask(sample, kind, {"title": kind})
    lost: list[Any] = []

    async def loses_its_connection(work, payload):
        await write_note(work, payload)
        work.enqueue(f"next-{kind}", {})
        if lost:
            return
        lost.append(work.sql.get_server_pid())
        async with sample.database.driver() as other:
            await other.execute("select pg_terminate_backend($1, 10000)", *lost)
        if ends == "in the handler":
            await work.sql.execute("select 1")

    with capture_logs() as logs:
        assert await worker(sample, kind, loses_its_connection).once() == 2
    assert await notes(sample, kind) == 1
    async with sample.database.driver() as sql:
        job = await sql.fetchrow("select state, attempts, last_error from job where kind=$1", kind)
        asked = await sql.fetchval("select count(*) from job where kind = $1", f"next-{kind}")
    assert (tuple(job), asked) == (("done", 1, None), 1)
    assert [log["event"] for log in logs] == ["job_interrupted", "job", "job"]
    assert all("exc_info" not in log for log in logs)


async def test_a_database_that_is_away_when_a_job_begins_is_waited_for(sample, kind, monkeypatch):
    """What is not there for the act may not be there for giving it back either."""
    await ask(sample, kind, {"title": kind})
    monkeypatch.setattr("chassis.worker.jobs.POLL_SECONDS", 0.01)
    async with sample.database.driver() as sql:
        (claimed,) = await queue.claim(sql, kinds=[kind], now=utc_now())
    away = sample.service.connect(sample.settings, url="postgresql://x@127.0.0.1:1/x")
    working = Worker(away, handlers={kind: write_note})
    trying = asyncio.create_task(working._attempt(claimed))
    await asyncio.wait({trying}, timeout=0.1)
    assert not trying.done()
    working._database = sample.database
    await trying
    await away.close()
    async with sample.database.driver() as sql:
        assert await sql.fetchval("select attempts from job where kind = $1", kind) == 0


async def test_a_job_that_asks_for_itself_again_is_queued_anew(sample, kind):
    times = []

    async def twice(work, _payload):
        times.append(work.now)
        if len(times) < 2:
            work.enqueue(kind, {}, key="again")

    await ask(sample, kind, key="again")
    await worker(sample, kind, twice).once()
    assert await states(sample, kind) == ["done", "done"]


async def test_a_ring_wakes_the_worker(sample, kind):
    done, signal = asyncio.Event(), Signal()

    async def note(_work, _payload):
        done.set()

    working = asyncio.create_task(worker(sample, kind, note, signal=signal).run())
    await ask(sample, kind)
    signal.notify()
    await asyncio.wait_for(done.wait(), 10)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_a_schedule_makes_one_job_each_period_for_any_number_of_workers(sample, kind):
    hourly = Schedule(f"hourly-{kind}", timedelta(hours=1), kind)
    now = datetime(2026, 5, 4, 10, 59, 59, tzinfo=UTC)

    async def look(at):
        async with sample.database.driver() as sql:
            return await schedules.enqueue_due(sql, [hourly], now=at)

    made = await asyncio.gather(*(look(now) for _ in range(5)))
    assert sorted(map(len, made)) == [0, 0, 0, 0, 1]
    assert await look(now) == []
    assert await states(sample, kind) == ["queued"]
    async with sample.database.driver() as sql:
        await sql.execute("update job set state='done', finished_at=now() where kind=$1", kind)
    assert await look(now - timedelta(hours=5)) == []
    assert await look(now + timedelta(seconds=1)) == [hourly.name]
    assert await states(sample, kind) == ["done", "queued"]
    assert await look(now + timedelta(hours=7)) == [hourly.name]
    assert await states(sample, kind) == ["done", "queued"]


async def test_no_schedule_no_statement(sample):
    assert await schedules.enqueue_due(None, [], now=utc_now()) == []


async def test_the_clock_runs_within_the_worker(sample, kind):
    done = asyncio.Event()

    async def note(_work, _payload):
        done.set()

    every = Schedule(f"run-{kind}", timedelta(hours=1), kind)
    working = asyncio.create_task(worker(sample, kind, note, schedules=[every]).run())
    await asyncio.wait_for(done.wait(), 10)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_housekeeping_forgets_in_time_and_keeps_the_rest(sample, kind):
    now = utc_now()
    old, young = f"old-{kind}", f"young-{kind}"
    async with sample.database.driver() as sql:
        for key, age in ((old, 31), (young, 29)):
            await sql.execute(
                """insert into idempotency_key (actor, key, fingerprint, created_at)
                values ('key:x', $1, '', $2)""",
                key,
                now - timedelta(days=age),
            )
        for state, days in (("done", 15), ("done", 13), ("dead", 99)):
            await sql.execute(
                """insert into job (id, kind, payload, run_at, state, created_at, finished_at)
                values ($1, $2, '{}', now(), $3, $4, now())""",
                uuid4(),
                kind,
                state,
                now - timedelta(days=days),
            )
        async with sample.database.transaction() as work:
            await housekeeping(30)(work, {})
            assert work.jobs == []
        kept = await sql.fetch("select key from idempotency_key where key in ($1, $2)", old, young)
        assert [row["key"] for row in kept] == [young]
    assert sorted(await states(sample, kind)) == ["dead", "done"]


async def test_a_full_pass_of_housekeeping_asks_for_another(sample, kind, monkeypatch):
    monkeypatch.setattr("chassis.worker.housekeeping._AT_ONCE", 2)
    async with sample.database.driver() as sql:
        await sql.execute(
            """insert into job (id, kind, payload, run_at, state, created_at, finished_at)
            select gen_random_uuid(), $1, '{}', now(), 'done', now() - interval '99 days', now()
              from generate_series(1, 3)""",
            kind,
        )
    async with sample.database.transaction() as work:
        await housekeeping(30)(work, {})
        assert [job.key for job in work.jobs] == ["again"]
        work.jobs.clear()
    assert len(await states(sample, kind)) == 1


async def test_the_worker_of_another_process_is_woken_by_an_act_that_asks_for_a_job(
    sample, kind, monkeypatch
):
    """Not at its next look round; and the sequencer, whom it does not concern, sleeps on."""
    monkeypatch.setattr("chassis.worker.jobs.POLL_SECONDS", 60)
    done = asyncio.Event()

    async def note(_work, _payload):
        done.set()

    api = sample.service.connect(sample.settings, url=sample.runtime_url)
    here, there = Wakeups(api.connect_driver), Wakeups(api.connect_driver)
    api.wake(for_events=here.committed.notify, for_jobs=here.asked.notify)
    service = replace(
        sample.service, modules=[*sample.service.modules, Module(name=kind, jobs={kind: note})]
    )
    context = ServiceContext(service, sample.settings, sample.database)
    working, looked = jobs_worker(context, there), asyncio.Event()
    look_round = working.once

    async def look_and_tell():
        tried = await look_round()
        looked.set()
        return tried

    monkeypatch.setattr(working, "once", look_and_tell)
    running = [asyncio.create_task(one.run()) for one in (here, there, working)]
    try:
        await asyncio.gather(here.connected.wait(), there.connected.wait(), looked.wait())
        before = here.committed.count
        async with api.transaction() as work:
            work.enqueue(kind, {})
        await asyncio.wait_for(done.wait(), timeout=5)
        assert here.committed.count == before
    finally:
        for one in running:
            one.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await api.close()


async def test_a_job_has_longer_for_a_statement_than_a_request(sample, kind):
    """Also where API and worker share their connections; the next request has its own time."""
    seen = []

    async def look(work, _payload):
        seen.append(await work.sql.fetchval("show statement_timeout"))

    async with sample.database.transaction() as work:
        work.enqueue(kind, {})
    assert await worker(sample, kind, look).once() == 1
    async with sample.database.driver() as sql:
        seen.append(await sql.fetchval("show statement_timeout"))
    assert seen == ["1h", "30s"]
