"""The queue: asked for with the deed, claimed by one, retried, buried, revived."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.clock import utc_now
from chassis.jobs import queue
from chassis.jobs.queue import ATTEMPTS_MAX, LEASE, NewJob, insert_jobs, retry_delay
from chassis.telemetry.trace import Trace


@pytest.fixture
def kind():
    """A kind of job of this test alone: other tests' jobs are not claimed here."""
    return f"kind-{uuid4().hex[:8]}"


@pytest.fixture
async def sql(sample):
    async with sample.database.driver() as connection:
        yield connection


async def ask(sample, kind, **job):
    async with sample.database.transaction() as work:
        work.enqueue(kind, {"n": 1}, **job)


async def ask_and_fail(sample, kind):
    async with sample.database.transaction() as work:
        work.enqueue(kind, {})
        raise RuntimeError


async def rows(sql, kind):
    return await sql.fetch("select * from job where kind = $1 order by id", kind)


async def take(sql, kind, *, now=None, limit=10):
    return await queue.claim(sql, kinds=[kind], now=now or utc_now(), limit=limit)


async def test_a_job_is_asked_for_with_the_deed_or_not_at_all(sample, sql, kind):
    with pytest.raises(RuntimeError):
        await ask_and_fail(sample, kind)
    assert await rows(sql, kind) == []
    await ask(sample, kind)
    assert [row["state"] for row in await rows(sql, kind)] == ["queued"]


async def test_a_claimed_job_knows_what_was_asked_and_for_which_process(sample, sql, kind):
    """B43: the trace of the act that asked goes on in the job."""
    trace = Trace.from_headers({"tandem-origin": "crm", "tandem-hops": "1"})
    async with sample.database.transaction(trace=trace) as work:
        work.enqueue(kind, {"n": 7})
    (job,) = await take(sql, kind)
    assert (job.payload, job.attempt) == ({"n": 7}, 1)
    assert (job.trace.correlation_id, job.trace.origin) == (trace.correlation_id, "crm")
    assert job.trace.trace_id == trace.trace_id
    assert job.trace.span_id != trace.span_id


async def test_a_job_without_a_trace_gets_a_new_one(sql, kind):
    await sql.execute(
        "insert into job (id, kind, payload, run_at) values ($1, $2, '{}', now())", uuid4(), kind
    )
    (job,) = await take(sql, kind)
    assert job.trace.hops == 0


async def test_only_due_jobs_are_claimed_oldest_first(sample, sql, kind):
    now = utc_now()
    for minutes in (-1, -3, 1, -2):
        await ask(sample, kind, run_at=now + timedelta(minutes=minutes))
    taken = [await take(sql, kind, now=now, limit=1) for _ in range(4)]
    by_id = {row["id"]: row["run_at"] for row in await rows(sql, kind)}
    order = [by_id[jobs[0].id] for jobs in taken if jobs]
    assert order == sorted(order)
    assert len(order) == 3


async def test_two_workers_never_get_the_same_job(sample, kind):
    async with sample.database.transaction() as work:
        for _ in range(40):
            work.enqueue(kind, {})

    async def worker():
        async with sample.database.driver() as sql:
            mine = []
            while jobs := await take(sql, kind, limit=3):
                mine += [job.id for job in jobs]
            return mine

    shares = await asyncio.gather(*(worker() for _ in range(4)))
    taken = [job for share in shares for job in share]
    assert len(taken) == len(set(taken)) == 40


async def test_of_one_key_one_job_waits_and_the_earlier_time_holds(sample, sql, kind):
    now = utc_now()
    await ask(sample, kind, key="a", run_at=now + timedelta(hours=2))
    await ask(sample, kind, key="a", run_at=now + timedelta(hours=1))
    await ask(sample, kind, key="a", run_at=now + timedelta(hours=3))
    await ask(sample, kind, key="b")
    await ask(sample, kind)
    await ask(sample, kind)
    found = await rows(sql, kind)
    assert [row["key"] for row in found] == ["a", "b", None, None]
    assert found[0]["run_at"] == now + timedelta(hours=1)


async def test_what_is_asked_while_one_runs_runs_again_after_it(sample, sql, kind):
    """The running job may already have read the old state: the wish must not be lost."""
    await ask(sample, kind, key="a")
    (running,) = await take(sql, kind)
    await ask(sample, kind, key="a")
    assert len(await rows(sql, kind)) == 2
    (second,) = await take(sql, kind)
    assert second.id != running.id


async def test_a_twin_waits_until_its_second_asker_has_committed(sample, sql, kind):
    """Otherwise it could run before it sees what the second asker wrote."""
    await ask(sample, kind, key="a")
    async with sample.database.transaction() as work:
        work.enqueue(kind, {}, key="a")
        await work.settle()
        assert await take(sql, kind) == []
        work.jobs.clear()
    assert len(await take(sql, kind)) == 1


def test_equal_jobs_of_one_act_are_asked_once():
    now = utc_now()
    jobs = [
        NewJob("k", {"n": 1}, now + timedelta(1), key="a"),
        NewJob("k", {"n": 2}, now, key="a"),
        NewJob("k", {"n": 3}, now),
        NewJob("other", {"n": 4}, now, key="a"),
    ]
    _insert, (ids, kinds, payloads, keys, traces, times) = insert_jobs(jobs)
    assert len(set(ids)) == 3
    assert kinds == ["k", "k", "other"]
    assert payloads == ['{"n":2}', '{"n":3}', '{"n":4}']
    assert (keys, traces, times) == (["a", None, "a"], [None] * 3, [now] * 3)


async def test_a_vanished_workers_job_is_claimed_again_after_its_lease(sample, sql, kind):
    await ask(sample, kind)
    now = utc_now()
    (first,) = await take(sql, kind, now=now)
    assert await take(sql, kind, now=now + LEASE - timedelta(seconds=1)) == []
    (second,) = await take(sql, kind, now=now + LEASE)
    assert (second.id, second.attempt) == (first.id, 2)
    assert not await queue.finish(sql, first, now=now)
    assert await queue.postpone(sql, first, error="late", now=now) is None
    assert await queue.finish(sql, second, now=now)
    assert await take(sql, kind, now=now + 2 * LEASE) == []


async def test_a_failed_job_waits_longer_each_time_and_dies_in_the_end(sample, sql, kind):
    await ask(sample, kind)
    now = utc_now()
    for attempt in range(1, ATTEMPTS_MAX + 1):
        (job,) = await take(sql, kind, now=now)
        assert job.attempt == attempt
        state = await queue.postpone(sql, job, error="x" * 5000, now=now)
        assert state == ("dead" if attempt == ATTEMPTS_MAX else "queued")
        now += timedelta(hours=1)
    (row,) = await rows(sql, kind)
    assert len(row["last_error"]) == 2000
    assert row["finished_at"]
    assert await take(sql, kind, now=now + timedelta(days=9)) == []
    assert await queue.revive(sql, row["id"], now=now)
    assert not await queue.revive(sql, row["id"], now=now)
    (job,) = await take(sql, kind, now=now)
    assert job.attempt == 1


async def test_a_failed_job_gives_way_to_a_newer_one_with_its_key(sample, sql, kind):
    await ask(sample, kind, key="a")
    (first,) = await take(sql, kind)
    await ask(sample, kind, key="a")
    assert await queue.postpone(sql, first, error="failed", now=utc_now()) == "done"
    states = [row["state"] for row in await rows(sql, kind)]
    assert sorted(states) == ["done", "queued"]


async def test_a_dead_job_is_not_revived_beside_a_waiting_one_with_its_key(sample, sql, kind):
    await ask(sample, kind, key="a")
    (job,) = await take(sql, kind)
    await sql.execute("update job set attempts = $2 where id = $1", job.id, ATTEMPTS_MAX)
    last = queue.ClaimedJob(job.id, job.kind, {}, ATTEMPTS_MAX, job.trace)
    assert await queue.postpone(sql, last, error="x", now=utc_now()) == "dead"
    await ask(sample, kind, key="a")
    assert not await queue.revive(sql, job.id, now=utc_now())


async def test_a_job_given_back_is_free_at_once_and_has_lost_no_attempt(sample, sql, kind):
    await ask(sample, kind)
    (job,) = await take(sql, kind)
    await queue.give_back(sql, job)
    (again,) = await take(sql, kind)
    assert again.attempt == 1


def test_the_wait_is_random_below_a_limit_that_doubles():
    assert max(retry_delay(1) for _ in range(200)) <= timedelta(seconds=2)
    assert max(retry_delay(5) for _ in range(200)) <= timedelta(seconds=32)
    many = [retry_delay(40) for _ in range(400)]
    assert max(many) <= timedelta(hours=1)
    assert min(many) < timedelta(minutes=20) < timedelta(minutes=40) < max(many)


async def test_an_administrator_lists_reads_and_retries_jobs(sample, sql, kind):
    await ask(sample, kind)
    (job,) = await take(sql, kind)
    path = f"/v1/jobs/{job.id}"
    refused = await sample.post(f"{path}/retry", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "job_not_dead")
    await sql.execute(
        "update job set state='dead', lease_until=null, finished_at=now() where id = $1", job.id
    )
    asked = {"state": "dead", "kind": kind}
    listed = (await sample.client.get("/v1/jobs", params=asked)).json()["items"]
    assert [one["id"] for one in listed] == [str(job.id)]
    retried = await sample.post(f"{path}/retry", {})
    assert (retried.json()["state"], retried.json()["attempts"]) == ("queued", 0)
    assert (await sample.client.get(path)).json()["payload"] == {"n": 1}
    assert (await sample.client.get(f"/v1/jobs/{uuid4()}")).status_code == 404
    assert (await sample.post(f"/v1/jobs/{uuid4()}/retry", {})).status_code == 404
