"""The event feed over HTTP: pages, waiting, cursors that no longer hold, named readers."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from typer.testing import CliRunner

from chassis.cli.making import make_cli
from chassis.events import feed
from chassis.events.cursor import Cursor
from chassis.events.envelope import RECORDS_AFTER
from chassis.worker.outbox_upkeep import outbox_upkeep
from identity.testing.service import running

WITHIN_SECONDS = 20


@pytest.fixture
async def served(cluster, sample_module):
    """The sample service with a virgin history."""
    async with running(sample_module.SERVICE, cluster) as service:
        yield service


async def write(served, *titles: str) -> list[str]:
    """One note each; their ids."""
    replies = [await served.post("/v1/notes", {"title": title}) for title in titles]
    return [reply.json()["id"] for reply in replies]


async def page(served, **asked):
    """The titles of a page, and the cursor after it."""
    reply = await served.client.get("/v1/events", params=asked)
    assert reply.status_code == 200, reply.text
    return [one["data"]["title"] for one in reply.json()], reply.headers["Tandem-Cursor"]


async def refusal(served, **asked) -> tuple[int, str]:
    reply = await served.client.get("/v1/events", params=asked)
    return reply.status_code, reply.json()["code"]


async def position_of(served, name: str) -> int | None:
    async with served.database.driver() as sql:
        return await sql.fetchval("select feed_seq from feed_consumer where name = $1", name)


async def execute(served, statement: str) -> None:
    async with served.database.driver() as sql:
        await sql.execute(statement)


async def test_pages_follow_each_other_to_the_end(served):
    """B02: by cursor, every event once and in order; the empty page says: that was all."""
    await write(served, "a", "b", "c", "d", "e")
    await served.settle_feed()
    seen, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"after": cursor} if cursor else {})
        titles, cursor = await page(served, **asked)
        seen.append(titles)
        if not titles:
            break
    assert seen == [["a", "b"], ["c", "d"], ["e"], []]


async def test_a_page_is_a_cloudevents_batch_with_a_link_to_the_next(served):
    """House 18: batch JSON, the position in a header, the next page by link."""
    (note,) = await write(served, "a")
    await served.settle_feed()
    reply = await served.client.get("/v1/events", params={"limit": 7, "consumer": "bridge"})
    assert reply.headers["content-type"].startswith("application/cloudevents-batch+json")
    assert [one["subject"] for one in reply.json()] == [note]
    path, rel = reply.headers["Link"].split("; ")
    asked = parse_qs(urlsplit(path.strip("<>")).query)
    assert rel == 'rel="next"'
    assert asked["after"] == [reply.headers["Tandem-Cursor"]]
    assert asked["limit"] == ["7"]
    assert asked["consumer"] == ["bridge"]
    assert (await served.client.get(path.strip("<>"))).json() == []


async def test_an_uncommitted_or_unnumbered_event_is_not_shown(served):
    """B05: only what has its number is in the feed."""
    await write(served, "a")
    assert await page(served) == ([], str(await _cursor(served, 0)))


async def _cursor(served, position: int) -> Cursor:
    async with served.database.driver() as sql:
        row = await sql.fetchrow("select id, epoch from installation")
        return Cursor.at(row["id"], row["epoch"], position)


async def test_only_some_types(served, monkeypatch):
    """A reader of few types gets on through pages in which there is none of them."""
    monkeypatch.setattr(feed, "SCANNED_MAX", 2)
    await write(served, "a", "b", "c", "d", "e")
    await served.settle_feed()
    titles, cursor = await page(served, types="tandem.sample.other.v1,tandem.sample.more.v1")
    assert titles == []
    assert Cursor.parse(cursor).position == 2
    titles, cursor = await page(served, types="tandem.sample.other.v1", wait=0.5, after=cursor)
    assert Cursor.parse(cursor).position == 5
    titles, _ = await page(served, types="tandem.sample.note-written.v1")
    assert titles == ["a", "b"]


async def test_beginning_at_the_end(served):
    await write(served, "a")
    await served.settle_feed()
    titles, cursor = await page(served, after="latest")
    assert titles == []
    await write(served, "b")
    await served.settle_feed()
    assert (await page(served, after=cursor))[0] == ["b"]


async def test_a_waiting_reader_gets_the_event_when_it_comes_and_holds_no_connection(served):
    """P22: nothing of the database is held while the reader waits."""
    waiting = asyncio.create_task(page(served, wait=25))
    async with asyncio.timeout(WITHIN_SECONDS):
        while served.database.engine.pool.checkedout() or not _waits(served):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    assert served.database.engine.pool.checkedout() == 0
    await write(served, "a")
    await served.settle_feed()
    titles, _ = await asyncio.wait_for(waiting, WITHIN_SECONDS)
    assert titles == ["a"]


def _waits(served) -> bool:
    return bool(served.app.state.wakeups.sequenced._next._waiters)


async def test_a_waiting_reader_is_served_although_the_wake_up_is_lost(served, monkeypatch):
    """B08: the feed looks by itself once a second."""
    monkeypatch.setattr(served.app.state.wakeups.sequenced, "wake", lambda: None)
    waiting = asyncio.create_task(page(served, wait=25))
    await write(served, "a")
    await served.settle_feed()
    assert (await asyncio.wait_for(waiting, WITHIN_SECONDS))[0] == ["a"]


async def test_waiting_ends_with_an_empty_page(served):
    assert (await page(served, wait=0.05))[0] == []


async def test_a_reader_that_leaves_is_not_waited_for(served):
    """P22: the server notices that nobody listens any more."""
    left, sent = asyncio.Event(), []
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/events",
        "query_string": b"wait=25",
        "headers": [(b"authorization", f"Bearer {served.admin_key}".encode())],
    }
    messages = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive():
        if messages:
            return messages.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    request = asyncio.create_task(served.app(scope, receive, send))
    async with asyncio.timeout(WITHIN_SECONDS):
        while not _waits(served):  # noqa: ASYNC110 - the server side tells no one
            await asyncio.sleep(0.005)
    left.set()
    await asyncio.wait_for(request, 10)


async def test_a_stopping_service_answers_waiting_readers_at_once(served):
    """B29: nobody's long poll keeps the process from ending; the cursor stays good."""
    waiting = asyncio.create_task(page(served, wait=25))
    async with asyncio.timeout(WITHIN_SECONDS):
        while not _waits(served):  # noqa: ASYNC110 - the server side tells no one
            await asyncio.sleep(0.005)
    served.app.state.wakeups.close()
    titles, cursor = await asyncio.wait_for(waiting, 5)
    assert titles == []
    assert await page(served, after=cursor, wait=25) == ([], cursor)


async def test_the_command_after_a_restore_ends_every_cursor(served):
    """B23: a restored backup must not give the numbers of lost events to new ones."""
    _, cursor = await page(served)
    called = await asyncio.to_thread(
        CliRunner().invoke,
        make_cli(served.service),
        ["restored", "--json"],
        env={"SAMPLE_DATABASE_URL": served.runtime_url},
    )
    assert called.exit_code == 0, called.output
    assert orjson.loads(called.stdout)["history"] > 1
    assert await refusal(served, after=cursor) == (410, "cursor_foreign")


@pytest.mark.parametrize("after", ["nonsense", "bm9uc2Vuc2U=", "x" * 50, "MTIzNDU2NzguMS4tMQ=="])
async def test_a_malformed_cursor_is_the_callers_mistake(served, after):
    assert await refusal(served, after=after) == (400, "cursor_malformed")


async def test_a_cursor_older_than_retention_is_gone(served):
    """B23: 410 with what to do, never a silent jump to the oldest event kept."""
    start = (await page(served))[1]
    await _write_three_months_ago(served)
    await served.settle_feed()
    middle = (await page(served, limit=1))[1]
    async with served.database.transaction() as work:
        await outbox_upkeep(14, consumer_days=30, relays=True)(work, {})
    await write(served, "new")
    await served.settle_feed()
    for cursor in (start, middle):
        reply = await served.client.get("/v1/events", params={"after": cursor})
        assert reply.status_code == 410
        assert reply.json()["code"] == "cursor_expired"
        assert "/v1/events/states" in reply.json()["detail"]
    assert await refusal(served, after=start, types="tandem.sample.note-written.v1") == (
        410,
        "cursor_expired",
    )
    assert (await page(served))[0] == ["new"]


async def _write_three_months_ago(served) -> None:
    then = datetime.now(UTC).replace(day=1) - timedelta(days=75)
    async with served.database.driver() as sql:
        floor = await sql.fetchval("select uuid7_floor($1)", then)
        for place in (1, 2):
            await sql.execute(
                """insert into outbox (id, topic, type, aggregate_type, aggregate_id,
                     aggregate_version, occurred_at, origin, correlation_id, hops, traceparent,
                     actor, payload)
                   values ($1, 'sample.note.v1', 'tandem.sample.note-written.v1', 'note', $2, 1,
                     now(), 'sample', $2, 0, '', 'system:system', '{"title": "old"}')""",
                UUID(int=floor.int | 7 << 76 | place),
                uuid4(),
            )
    async with served.database.transaction() as work:
        await work.sql.execute("select outbox_prepare()")


async def test_a_cursor_of_another_history_is_gone(served):
    """B23: another installation, a restored backup, numbers that were never given."""
    await write(served, "a")
    await served.settle_feed()
    _, cursor = await page(served)
    known = Cursor.parse(cursor)
    assert await refusal(served, after=str(Cursor("00000000", 1, 1))) == (410, "cursor_foreign")
    ahead = str(Cursor(known.installation, known.epoch, 2))
    assert await refusal(served, after=ahead) == (410, "cursor_foreign")
    async with served.database.driver() as sql:
        first, second = [await feed.begin_epoch(sql) for _ in range(2)]
    assert known.epoch < first < second
    assert await refusal(served, after=cursor) == (410, "cursor_foreign")
    assert (await page(served))[0] == ["a"]


async def test_a_refused_reader_learns_where_the_new_history_begins(served):
    """B23: what was written since the restore is read as events, and nothing of before twice."""
    await write(served, "a", "b")
    await served.settle_feed()
    _, cursor = await page(served)
    async with served.database.driver() as sql:
        history = await feed.begin_epoch(sql)
    await write(served, "c")
    await served.settle_feed()
    refused = (await served.client.get("/v1/events", params={"after": cursor})).json()
    assert (await page(served, after=refused["facts"]["begins"]))[0] == ["c"]
    reply = await served.client.get("/v1/events")
    assert {event["history"] for event in reply.json()} == {history}


async def test_a_bridge_that_read_more_than_there_is_begins_a_new_history(served):
    """B23: a restore that nobody told of. Once, however many ask; and of a bridge only."""
    await write(served, "a", "b")
    await served.settle_feed()
    _, cursor = await page(served)
    owner = await asyncpg.connect(served.owner_url)
    await owner.execute("delete from outbox_sequence where feed_seq = 2")
    await owner.close()
    assert await refusal(served, after=cursor) == (410, "cursor_foreign")
    bridge = await served.as_("events.read", "events.relay")
    replies = [bridge.get("/v1/events", params={"after": cursor}) for _ in range(5)]
    refused = [reply.json() for reply in await asyncio.gather(*replies)]
    assert {one["code"] for one in refused} == {"cursor_foreign"}
    assert len({one["facts"]["begins"] for one in refused}) == 1
    reply = await bridge.get("/v1/events", params={"after": refused[0]["facts"]["begins"]})
    [event] = reply.json()
    assert event["history"] > Cursor.parse(cursor).epoch == 1


async def test_a_named_reader_is_remembered_by_what_it_has_confirmed(served):
    """B07: asking after a cursor says that all before it is safe; the page itself says nothing."""
    await write(served, "a", "b")
    await served.settle_feed()
    _, cursor = await page(served, consumer="bridge")
    assert await position_of(served, "bridge") == 0
    await page(served, consumer="bridge", after=cursor)
    assert await position_of(served, "bridge") == 2
    _, early = await page(served, limit=1)
    await page(served, consumer="bridge", after=early)
    assert await position_of(served, "bridge") == 1


async def test_a_refused_reader_marks_nothing(served):
    await refusal(served, consumer="bridge", after="nonsense")
    assert await position_of(served, "bridge") is None


async def test_named_readers_are_listed_and_forgotten_by_an_administrator(served):
    """B07: a reader that will not come back must not keep the outbox for ever."""
    await write(served, "a")
    await served.settle_feed()
    await page(served, consumer="gone")
    (listed,) = (await served.client.get("/v1/events/consumers")).json()["items"]
    assert (listed["name"], listed["sequence"], listed["behind"]) == ("gone", 0, 1)
    reader = await served.as_("events.read")
    assert (await reader.delete("/v1/events/consumers/gone")).status_code == 403
    assert (await served.client.delete("/v1/events/consumers/gone")).status_code == 204
    assert (await served.client.delete("/v1/events/consumers/gone")).status_code == 404
    assert await position_of(served, "gone") is None


async def test_the_position_is_the_end_of_what_is_committed(served):
    """A driver waits until the bridge has come to this cursor: nothing committed lies behind it."""
    await write(served, "a")
    unfinished = (await served.client.get("/v1/events/position?wait=0")).json()
    assert (unfinished["sequence"], unfinished["complete"]) == (0, False)
    asked = asyncio.create_task(served.client.get("/v1/events/position?wait=20"))
    await served.settle_feed()
    end = (await asyncio.wait_for(asked, WITHIN_SECONDS)).json()
    assert (end["sequence"], end["complete"]) == (1, True)
    assert (await page(served))[1] == end["cursor"]


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events/position"])
async def test_the_feed_needs_its_permission(served, path):
    """Events tell all a service knows, so reading them is a permission of its own."""
    stranger, noter = served.with_key("nobody"), await served.as_("notes.write")
    reader = await served.as_("events.read")
    assert (await stranger.get(path)).status_code == 401
    assert (await noter.get(path)).status_code == 403
    assert (await reader.get(path)).status_code == 200


@pytest.mark.parametrize(
    "asked", [{"limit": 501}, {"limit": 0}, {"wait": 26}, {"consumer": "A b"}, {"types": ","}]
)
async def test_what_the_feed_does_not_give_is_refused(served, asked):
    assert await refusal(served, **asked) == (422, "invalid_input")


async def test_an_oversize_event_is_the_callers_problem(served, monkeypatch):
    """B13: refused with 413 when it is written; nothing of the deed remains."""
    monkeypatch.setattr("chassis.events.outbox.EVENT_BYTES_MAX", 100)
    reply = await served.post("/v1/notes", {"title": "x" * 150})
    assert (reply.status_code, reply.json()["code"]) == (413, "event_too_large")
    assert (await served.client.get("/v1/notes")).json()["items"] == []


async def test_the_contract_declares_the_batch(served):
    """House 10: media type, headers and the refusals stand in OpenAPI."""
    described = orjson.loads(orjson.dumps(served.app.openapi()))["paths"]["/v1/events"]["get"]
    content = described["responses"]["200"]["content"]
    assert list(content) == ["application/cloudevents-batch+json"]
    schema = content["application/cloudevents-batch+json"]["schema"]
    assert schema["type"] == "array"
    assert "sequence" in schema["items"]["required"]
    assert {"400", "401", "403", "410"} <= set(described["responses"])


async def test_pages_look_rows_up_by_key(served):
    """Hot path 7: no page reads the whole outbox, whatever its size."""
    await execute(
        served,
        """insert into outbox (id, topic, type, aggregate_type, aggregate_id, aggregate_version,
             occurred_at, origin, correlation_id, hops, traceparent, actor, payload)
           select overlay(gen_random_uuid()::text placing left(uuid7_floor(now())::text, 13) || '-7'
               from 1 for 15)::uuid, 't.n.v1', 't', 'n', gen_random_uuid(), 1, now(), 's',
             gen_random_uuid(), 0, '', 'a', '{}' from generate_series(1, 20000)""",
    )
    await served.settle_feed()
    async with served.database.driver() as sql:
        await sql.execute("analyze outbox_sequence")
        await sql.execute("analyze outbox")
        plans = [
            await _plan(sql, feed._PAGE, "(100, 50, 50, null)"),
            await _plan(sql, feed._UNNUMBERED, "(19990)"),
            await _plan(sql, RECORDS_AFTER, "(100, 50)"),
        ]
    for plan in plans:
        assert "Seq Scan on outbox" not in plan, plan
        assert "Gather" not in plan, plan
        assert "Hash" not in plan, plan


async def _plan(sql, query: str, arguments: str) -> str:
    """The generic plan, as every connection of the pool makes it."""
    await sql.execute(f"prepare asked as {query}")
    rows = await sql.fetch(f"explain execute asked {arguments}")
    await sql.execute("deallocate asked")
    return "\n".join(row[0] for row in rows)
