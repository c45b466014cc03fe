"""How often callers may come: by key, by address, to log in; counted over all processes."""

import asyncio
from typing import Any

import httpx
import pytest

from chassis.http.rate_limits import RateLimits, source_of
from chassis.http.shared_counts import SharedCounts
from chassis.problems.standard import RateLimited
from identity.testing.service import running

NOON = 1_795_867_200.0
"""A full minute, in seconds since 1970."""


class Clock:
    """A clock that stands, 18 s before its minute ends, until it is set."""

    def __init__(self):
        self.now = NOON + 42

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def limited(sample_module, cluster, clock):
    """The sample service with small limits, as one of its processes."""
    settings = {
        "rate_limit_key": "3/minute",
        "rate_limit_source": "20/minute",
        "rate_limit_logins": "5/minute",
    }
    async with running(sample_module.SERVICE, cluster, **settings) as sample:
        sample.app.state.rate_limits = RateLimits(sample.settings, sample.database, clock=clock)
        yield sample


async def test_a_key_that_comes_too_often_waits_for_the_next_window(limited, clock):
    busy, other = await limited.as_("notes.read"), await limited.as_("notes.read")
    replies = [await busy.get("/v1/notes") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429]
    assert replies[0].headers["ratelimit-policy"] == '"source";q=20;w=60, "key";q=3;w=60'
    assert replies[0].headers["ratelimit"] == '"source";r=19;t=18, "key";r=2;t=18'
    refused = replies[3]
    assert refused.headers["retry-after"] == "18"
    assert refused.json()["code"] == "rate_limited"
    assert '"key";r=0;t=18' in refused.headers["ratelimit"]
    assert (await other.get("/v1/notes")).status_code == 200
    clock.now += 18
    assert (await busy.get("/v1/notes")).status_code == 200


async def test_what_is_refused_changes_nothing(limited):
    writer = await limited.as_("notes.write", "notes.read")
    for _ in range(3):
        await writer.get("/v1/notes")
    reply = await writer.post(
        "/v1/notes", json={"title": "too many"}, headers={"Idempotency-Key": "too-many"}
    )
    assert reply.status_code == 429
    async with limited.database.driver() as sql:
        assert await sql.fetchval("select count(*) from note where title = 'too many'") == 0


async def test_an_address_that_comes_too_often_is_not_asked_who_it_is(limited):
    nobody = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=limited.app), base_url="http://sample.test"
    )
    async with nobody:
        replies = [await nobody.get("/v1/notes") for _ in range(21)]
        assert {reply.status_code for reply in replies[:20]} == {401}
        assert replies[20].status_code == 429
        assert replies[20].json()["code"] == "rate_limited"
        assert (await nobody.get("/livez")).status_code == 200


async def test_attempts_to_log_in_are_counted_exactly_over_all_processes(limited, clock):
    """A guesser who is spread over processes and logins has one count."""
    here, twin = (
        limited.app.state.rate_limits,
        RateLimits(limited.settings, limited.database, clock=clock),
    )

    async def guess(process: RateLimits) -> None:
        scope: dict[str, Any] = {"state": {}}
        await process.count("logins", process.logins, "127.0.0.1", scope, exact=True)

    await asyncio.gather(*(guess(one) for one in (here, twin) * 2))
    client = limited.with_key("none")
    replies = [
        await client.post("/v1/sessions", json={"login": f"u{number}", "password": "p"})
        for number in range(2)
    ]
    assert [reply.status_code for reply in replies] == [401, 429]
    assert replies[1].json()["code"] == "rate_limited"
    with pytest.raises(RateLimited):
        await guess(twin)
    await twin.close()


async def test_processes_share_what_they_count(sample, clock):
    key = "shared"
    one, two = (SharedCounts(sample.database, clock=clock) for _ in range(2))
    await one.clear(key)
    for _ in range(2):
        await one.incr(key, 60)
    await one.settle()
    await two.incr(key, 60)
    await two.settle()
    assert await two.get(key) == 3
    await one.incr(key, 60)
    await one.settle()
    assert await one.get(key) == 4
    clock.now += 18
    assert await one.get(key) == 0
    assert await one.incr(key, 60) == 1
    await asyncio.gather(one.close(), two.close())


async def test_what_ended_is_forgotten_in_the_database(sample, clock):
    counts = SharedCounts(sample.database, clock=clock)
    await counts.incr("ends", 60)
    await counts.settle()
    clock.now += 60
    await counts.incr("begins", 60)
    await counts.settle()
    async with sample.database.driver() as sql:
        known = await sql.fetch("select key from rate_count where key in ('ends', 'begins')")
    assert [row["key"] for row in known] == ["begins"]
    await counts.close()


async def test_without_the_database_a_process_counts_alone(sample_module, clock):
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    settings = sample_module.SERVICE.settings.model_validate({"database_url": nowhere})
    database = sample_module.SERVICE.connect(settings)
    counts = SharedCounts(database, clock=clock)
    for _ in range(3):
        await counts.incr("alone", 60)
    await counts.settle()
    assert await counts.get("alone") == 3
    assert not await counts.check()
    await counts.close()
    await database.close()


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_stands_for_its_owner(host, source):
    assert source_of({"client": (host, 1)}) == source


def test_whoever_has_no_address_is_counted_as_one():
    assert source_of({}) == "unknown"


async def test_without_settings_nothing_is_counted_or_declared_in_replies(sample):
    reply = await sample.client.get("/v1/notes")
    assert not {"ratelimit", "ratelimit-policy"} & set(reply.headers)


@pytest.mark.parametrize("rate", ["600", "0/minute", "6/fortnight", "10/5 minutes", ""])
def test_what_is_no_rate_is_refused_at_the_start(sample_module, rate):
    with pytest.raises(ValueError, match="is no rate"):
        sample_module.SERVICE.settings.model_validate({"rate_limit_key": rate})


def test_every_operation_declares_it(sample):
    for path, operations in sample.app.openapi()["paths"].items():
        for operation in operations.values() if path.startswith("/v1/") else ():
            refused = operation["responses"]["429"]
            assert "`rate_limited`" in refused["description"], path
            assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= refused["headers"].keys()
