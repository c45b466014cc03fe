"""The feed adapter, against a real feed and a real inbox."""

import asyncio
import time
from uuid import uuid4

import asyncpg
import httpx
import pytest

from brokers.connection import Brokers
from chassis.events.cursor import Cursor
from chassis.events.event import Event
from chassis.events.feed import begin_epoch
from chassis.ids import uuid7
from chassis.testing.waiting import until
from identity.testing.service import running
from sync_bridge.app import SERVICE
from sync_bridge.inbox.received import ReadMode
from sync_bridge.sources.feed import FeedSource
from tests.sources.publishing import as_json, attributes_of

NAME = "feed:erp"


class MoonLanded(Event):
    """Something nobody maps."""

    event_name = "moon-landed"
    topic = "moon"
    aggregate = "moon"
    title: str


class Publisher:
    """A Tandem service with a real feed; the bridge's own will do."""

    def __init__(self, service):
        self.service = service
        self.asked = []
        service.client.event_hooks["request"].append(self._note)

    async def _note(self, request):
        self.asked.append(dict(request.url.params))

    async def publishes(self, count):
        async with self.service.database.transaction() as work:
            for number in range(count):
                await work.record(
                    MoonLanded(id=uuid7(), version=1, changed=["title"], title=f"ünï {number}")
                )
        await self.service.settle_feed()

    async def all_ids(self):
        """Of all events ever published, purged ones too."""
        async with self.service.database.driver() as sql:
            rows = await sql.fetch("select outbox_id from outbox_sequence order by feed_seq")
        return [str(row["outbox_id"]) for row in rows]

    async def ids(self):
        return [event["id"] for event in await self.service.feed()]

    async def loses(self, feed_seq):
        owner = await asyncpg.connect(self.service.owner_url)
        await owner.execute("delete from outbox_sequence where feed_seq = $1", feed_seq)
        await owner.close()

    async def forgets_up_to(self, feed_seq):
        owner = await asyncpg.connect(self.service.owner_url)
        await owner.execute("update feed_floor set feed_seq = $1", feed_seq)
        await owner.close()


@pytest.fixture
async def half(cluster):
    async with running(SERVICE, cluster) as service:
        yield Publisher(service)


@pytest.fixture
def source_of(half, stored):
    """Makes sources: each call is a process of the bridge that starts again."""

    def make(receive=stored.receive, *, client=half.service.client, limit=100, wait=0.2):
        return FeedSource(
            "erp",
            client,
            receive=receive,
            read_cursor=stored.cursor,
            begin_backfill=stored.begin_backfill,
            limit=limit,
            wait_seconds=wait,
        )

    return make


async def test_every_event_comes_in_order_over_many_pages(half, source_of, stored, working):
    """B02 seen from the reader: all of the feed, each once."""
    await half.publishes(25)
    source = source_of(limit=10)
    async with working(source):
        await stored.holds(25)
        await half.publishes(5)
        await stored.holds(30)
    assert sorted(await stored.ids()) == sorted(await half.ids())
    assert source.condition.state == "following"
    assert source.condition.missing == ""
    assert {asked["consumer"] for asked in half.asked if "consumer" in asked} == {"bridge"}


async def test_behind_a_backlog_what_happens_now_is_read_beside_it(
    half, source_of, stored, working
):
    """The fresh event is here before the next page of the backlog, and is here once."""
    await half.publishes(60)
    ahead: list[str] = []

    async def receive(events, *, mode, **rest):
        async def came():
            await half.publishes(1)
            return ahead

        if mode is ReadMode.AHEAD:
            ahead.extend(str(one.event_id) for one in events)
        elif mode is ReadMode.LATE and not ahead:
            await until(came)
        return await stored.receive(events, mode=mode, **rest)

    async with working(source_of(receive, limit=5)):
        await stored.holds(61)
        published = await half.ids()
        await stored.holds(len(published))

        async def marked():
            (position,) = await stored.fetch("select mark from position")
            return position["mark"] == len(published)

        await until(marked)
    assert set(ahead) <= set(published[60:])
    assert sorted(await stored.ids()) == sorted(published)
    named = [asked for asked in half.asked if "consumer" in asked]
    assert all(asked.get("after") != "latest" for asked in named)


async def test_data_are_stored_byte_for_byte(half, source_of, stored, working):
    """B56: the inbox holds what the half's database holds."""
    await half.publishes(1)
    async with working(source_of()):
        await stored.holds(1)
    (row,) = await stored.fetch("select * from inbox")
    async with half.service.database.driver() as sql:
        (sent,) = await sql.fetch("select payload::text as as_text, * from outbox")
    assert row["data"] == sent["as_text"].encode()
    assert (row["event_id"], row["feed_seq"], row["aggversion"]) == (sent["id"], 1, 1)
    assert row["correlationid"] == sent["correlation_id"]


async def test_cursor_and_events_are_one_transaction(half, source_of, stored, working):
    """B19: the rows of a page and the cursor behind it were written by the same transaction."""
    await half.publishes(3)
    async with working(source_of()):
        await stored.holds(3)
    events = await stored.fetch("select distinct xmin::text as writer from inbox")
    cursor = await stored.fetch("select xmin::text as writer from cursor")
    assert events == cursor


async def test_a_crash_before_the_commit_leaves_neither_events_nor_cursor(
    half, source_of, stored, working, killed
):
    """B19: the next start asks for the same page again."""
    await half.publishes(3)
    async with working(source_of(stored.dies_before)) as task:
        with pytest.raises(killed):
            await task
    assert await stored.ids() == []
    assert await stored.cursor(NAME) is None
    async with working(source_of()):
        await stored.holds(3)


async def test_a_crash_after_the_commit_goes_on_behind_it(half, source_of, stored, working, killed):
    """B19: nothing is asked for twice."""
    await half.publishes(3)
    async with working(source_of(stored.dies_after)) as task:
        with pytest.raises(killed):
            await task
    assert len(await stored.ids()) == 3
    again = source_of()
    await half.publishes(2)
    async with working(again):
        await stored.holds(5)
    assert again.condition.new_events == 2


async def test_an_idle_feed_writes_nothing(half, source_of, stored, working):
    """A long poll that brings nothing costs the bridge's database nothing."""
    await half.publishes(1)
    async with working(source_of(wait=0.05)):
        await stored.holds(1)
        before = await stored.fetch("select value, updated_at from cursor")
        asked = len(half.asked)
        await until(lambda: len(half.asked) >= asked + 3)
    assert await stored.fetch("select value, updated_at from cursor") == before


async def test_after_a_refused_cursor_the_records_are_read_and_the_feed_from_its_end(
    half, source_of, stored, working
):
    """B23: events that are gone are no silent jump: what they said is read from the records."""
    await half.publishes(3)
    async with working(source_of()):
        await stored.holds(3)
    await half.publishes(10)
    await half.forgets_up_to(8)
    source = source_of()
    async with working(source):

        async def asked():
            return await stored.fetch("select reason, finished_at from backfill")

        await until(asked)
        await half.publishes(2)
        await stored.holds(5)
    kept, ids = await asked(), await half.all_ids()
    assert {(row["reason"], row["finished_at"]) for row in kept} == {("410 cursor_expired", None)}
    assert sorted(await stored.ids()) == sorted(ids[:3] + ids[-2:])
    assert source.condition.state == "following"


async def test_of_a_restored_half_what_was_written_since_is_read(half, source_of, stored, working):
    """B23: its events since the restore, and the records for what it was set back to."""
    await half.publishes(3)
    async with working(source_of()):
        await stored.holds(3)
    async with half.service.database.driver() as sql:
        history = await begin_epoch(sql)
    await half.publishes(2)
    async with working(source_of()):
        await stored.holds(5)
    assert sorted(await stored.ids()) == sorted(await half.all_ids())
    kept = await stored.fetch("select history, count(*)::int as n from inbox group by 1 order by 1")
    assert [(row["history"], row["n"]) for row in kept] == [(1, 3), (history, 2)]
    begun = await stored.fetch("select distinct reason from backfill")
    assert [row["reason"] for row in begun] == ["410 cursor_foreign"]


@pytest.fixture
async def relayed(half):
    """The half as its bridge reaches it."""
    client = await half.service.as_("events.read")
    async with half.service.database.driver() as sql:
        await sql.execute("update api_key set scopes = scopes || '{events.relay}'")
    return client


async def test_a_feed_that_is_read_from_its_oldest_event_still_shows_what_a_restore_lost(
    half, source_of, stored, working, relayed
):
    """B23: `feeds restart` comes before the half is asked; what was confirmed is not forgotten."""
    await half.publishes(3)
    async with working(source_of(client=relayed)):
        await stored.holds(3)
    await stored.forgets_cursor("feed:erp")
    await half.loses(3)
    async with working(source_of(client=relayed)):
        await until(lambda: stored.fetch("select from backfill"))
        await half.publishes(2)
        await stored.holds(5)
    begun = await stored.fetch("select distinct reason from backfill")
    assert [row["reason"] for row in begun] == ["410 cursor_foreign"]
    kept = await stored.fetch("select count(*)::int as n from inbox group by history order by 1")
    assert [row["n"] for row in kept] == [2, 3]


async def test_a_feed_that_lost_nothing_is_read_from_its_oldest_event(
    half, source_of, stored, working, relayed
):
    await half.publishes(3)
    async with working(source_of(client=relayed)):
        await stored.holds(3)
    await stored.forgets_cursor("feed:erp")
    await half.publishes(2)
    async with working(source_of(client=relayed)):
        await stored.holds(5)
    assert await stored.fetch("select distinct history from inbox") == [{"history": 1}]
    assert await stored.fetch("select from backfill") == []


async def test_a_cursor_that_another_process_replaced_is_followed(half, source_of, stored, working):
    """Only one back-fill is begun for one refusal."""
    await half.publishes(3)
    reply = await half.service.client.get("/v1/events/position")
    await half.forgets_up_to(3)
    await half.publishes(2)
    cursors = iter(["stale", reply.json()["cursor"]])
    stale = str(Cursor.parse(reply.json()["cursor"]).at(uuid4(), 1, 1))

    async def read_cursor(_name):
        return stale if next(cursors) == "stale" else reply.json()["cursor"]

    source = source_of()
    source._read_cursor = read_cursor
    async with working(source):
        await stored.holds(2)
    assert await stored.fetch("select * from backfill") == []


async def test_a_refused_key_is_an_alarm_of_its_own(half, source_of, working):
    """B31: 401 is no reason to hurry; the state says what is wrong."""
    async with httpx.AsyncClient(
        transport=half.service.client._transport, base_url=half.service.client.base_url
    ) as stranger:
        source = source_of(client=stranger)
        async with working(source):
            await until(lambda: source.condition.state == "refused")
    assert "401" in source.condition.reason


class Scripted(httpx.AsyncBaseTransport):
    """A half that answers as told; the last answer is repeated."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.at = []

    async def handle_async_request(self, _request):
        self.at.append(time.monotonic())
        await asyncio.sleep(0)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = answer
        return httpx.Response(status, text=body, headers=headers)


def page(*events, cursor="c1"):
    return 200, f"[{','.join(events)}]", {"Tandem-Cursor": cursor}


TROUBLES = {
    "a reset connection": httpx.ReadError("reset"),
    "a timeout": httpx.ReadTimeout("slow"),
    "a fault of the half": (500, "{}", {}),
    "a proxy's page": (200, "<html>hello</html>", {}),
    "a body that is no batch": (200, '{"items": []}', {"Tandem-Cursor": "c"}),
    "a body cut short": (200, '[{"id": "1"', {"Tandem-Cursor": "c"}),
}


@pytest.mark.parametrize("what", TROUBLES)
async def test_trouble_is_survived_and_nothing_is_stored_of_it(source_of, stored, working, what):
    """B31: connection errors, timeouts and 5xx are tried again."""
    half = Scripted(TROUBLES[what], page(as_json(attributes_of())), page())
    async with httpx.AsyncClient(transport=half, base_url="http://erp.test") as client:
        source = source_of(client=client)
        async with working(source):
            await stored.holds(1)
            assert await stored.cursor(NAME) == "c1"
    assert len(half.at) >= 2


async def test_the_half_decides_how_long_to_wait(source_of, stored, working):
    """B32: Retry-After is obeyed."""
    half = Scripted((429, "{}", {"Retry-After": "1"}), page(as_json(attributes_of())), page())
    async with (
        httpx.AsyncClient(transport=half, base_url="http://erp.test") as client,
        working(source_of(client=client)),
    ):
        await stored.holds(1)
    assert half.at[1] - half.at[0] >= 1.0


async def test_what_is_no_event_goes_to_quarantine_and_stops_nothing(source_of, stored, working):
    """B22: kept as it was written; the others of the page are stored."""
    bad = as_json(attributes_of(id="none", sequence=f"{7:020d}"))
    good = attributes_of()
    half = Scripted(page(bad, as_json(good)), page())
    async with (
        httpx.AsyncClient(transport=half, base_url="http://erp.test") as client,
        working(source_of(client=client)),
    ):
        await stored.holds(1)
    assert await stored.ids() == [good["id"]]
    (kept,) = await stored.fetch("select * from quarantine")
    assert (kept["source"], kept["reason"]) == (NAME, "id is no UUID")
    assert kept["raw"] == bad.encode()
    assert "7" in kept["place"]


async def test_it_stops_in_time_in_the_middle_of_a_long_poll(half, source_of, working):
    """B29: a waiting reader ends at once."""
    source = source_of(wait=20)
    async with working(source):
        await until(lambda: bool(half.asked))
        began = time.monotonic()
    assert time.monotonic() - began < 5


@pytest.mark.kafka
async def test_the_same_event_by_both_transports_takes_effect_once(
    topic, half, source_of, stored, working
):
    """B18: Kafka and feed at the same time: one row in the inbox, one event in its lane."""
    from sync_bridge.sources.kafka import KafkaSource  # noqa: PLC0415 - only where Kafka is

    events = [attributes_of(sequence=f"{n:020d}") for n in range(1, 31)]
    by_http = Scripted(page(*[as_json(event) for event in events]), page())
    both = KafkaSource(
        Brokers(topic.broker),
        receive=stored.receive,
        begin_backfill=stored.begin_backfill,
        group=f"g{uuid4()}",
        instance="one",
        topics=topic.pattern,
    )
    async with httpx.AsyncClient(transport=by_http, base_url="http://erp.test") as client:
        feed = source_of(client=client)
        await topic.gets(*events[:20])
        async with working(feed), working(both):
            await topic.gets(*events[20:])
            await stored.holds(30)

            async def seen_by_both():
                committed = await stored.fetch("select sum(events)::int as n from position")
                return committed[0]["n"] == 30 and both.condition.state == "following"

            await until(seen_by_both)
    assert sorted(await stored.ids()) == sorted(event["id"] for event in events)
    assert feed.condition.new_events + both.condition.new_events == 30
    lanes = await stored.fetch("select sum(pending)::int as pending from lane")
    assert lanes == [{"pending": 30}]
