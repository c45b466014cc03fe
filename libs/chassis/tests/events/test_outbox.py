"""The outbox: written with the deed, never changed afterwards."""

import asyncio
import signal
import sys
from typing import ClassVar
from uuid import uuid4

import asyncpg
import pytest

from chassis.events import outbox
from chassis.events.event import Event, InternalEvent
from chassis.ids import uuid7

WRITER = """
import asyncio, importlib.util, sys
from uuid import UUID
from pathlib import Path

async def main(sample, url, note, when):
    spec = importlib.util.spec_from_file_location("sample_service", sample)
    module = importlib.util.module_from_spec(spec)
    sys.modules["sample_service"] = module
    spec.loader.exec_module(module)
    settings = module.SERVICE.settings.model_validate({"database_url": url})
    database = module.SERVICE.connect(settings)
    event = module.NoteWritten(id=UUID(note), version=1, changed=["title"], title="a")
    async with database.transaction() as work:
        await work.record(event)
        if when == "before":
            await work.settle()
            print("settled", flush=True)
            await asyncio.Event().wait()
    print("committed", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


class Counted(Event):
    """An event whose JSON grows most by the database's spaces."""

    event_name: ClassVar[str] = "counted"
    topic: ClassVar[str] = "note"
    aggregate: ClassVar[str] = "note"
    numbers: list[int]


async def test_a_committed_act_leaves_exactly_its_events(history):
    """B01, C67: the events of the deed, in the deed's transaction, no more and no fewer."""
    one, two = uuid4(), uuid4()
    await history.publish((one, 1), (two, 1), (one, 2))
    rows = sorted(await history.written(), key=lambda row: row["written"])
    assert [(row["aggregate_id"], row["aggregate_version"]) for row in rows] == [
        (one, 1),
        (two, 1),
        (one, 2),
    ]
    assert {row["topic"] for row in rows} == {"sample.note.v1"}
    assert {row["origin"] for row in rows} == {"sample"}
    assert {row["hops"] for row in rows} == {0}


async def test_a_rolled_back_act_leaves_no_event(history):
    """B01: nothing happened, so nothing is told."""
    with pytest.raises(RuntimeError, match="refused"):  # noqa: PT012 - the act is the block
        async with history.database.transaction() as work:
            await work.record(history.noted(uuid4()))
            raise RuntimeError("refused")
    assert await history.written() == []


async def test_a_failed_item_of_a_batch_takes_only_its_own_events_along(history):
    """B01: a savepoint rolled back is a deed undone."""
    kept, failed = uuid4(), uuid4()
    async with history.database.transaction() as work:
        await work.record(history.noted(kept))
        with pytest.raises(RuntimeError):  # noqa: PT012 - the item is the block
            async with work.savepoint():
                await work.record(history.noted(failed))
                raise RuntimeError
    assert [row["aggregate_id"] for row in await history.written()] == [kept]


@pytest.mark.parametrize(("when", "left"), [("before", 0), ("after", 1)])
async def test_a_writer_killed_around_its_commit(history, when, left):
    """B01: kill -9 before COMMIT leaves nothing, between COMMIT and the reply exactly the event."""
    note = uuid4()
    arguments = (history.module.__spec__.origin, history.urls.runtime, str(note), when)
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert await asyncio.wait_for(writer.stdout.readline(), 30)
    writer.send_signal(signal.SIGKILL)
    await writer.wait()
    async with history.database.driver() as sql:
        others = """select count(*) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()"""
        while await sql.fetchval(others):  # noqa: ASYNC110 - the server notices the death
            await asyncio.sleep(0.02)
    assert [row["aggregate_id"] for row in await history.written()] == [note] * left


async def test_a_version_is_published_once(history):
    """B03: two acts that publish one version of an aggregate: the second fails whole."""
    note = uuid4()
    await history.publish((note, 1))
    with pytest.raises(asyncpg.UniqueViolationError) as refused:
        await history.publish((uuid4(), 1), (note, 1))
    assert refused.value.constraint_name == "pk_outbox_version"
    assert len(await history.written()) == 1


async def test_two_acts_at_once_cannot_both_publish_a_version(history):
    """B03: the one that comes second waits for the first, and fails when that one commits."""
    note = uuid4()
    outcomes = await asyncio.gather(
        *(history.publish((note, 1)) for _ in range(4)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, asyncpg.UniqueViolationError)]
    assert len(refused) == 3
    assert len(await history.written()) == 1


@pytest.mark.parametrize("role", ["runtime", "owner"])
async def test_rows_are_never_changed_by_any_role(history, role):
    """B07: update, delete and truncate are refused, for the owner of the tables too."""
    await history.write_notes(1)
    sql = await (history.as_owner() if role == "owner" else history.connect())
    partition = await sql.fetchval("select tableoid::regclass::text from outbox")
    for change in (
        "update outbox set topic = 'other'",
        "update outbox set id = id",
        "delete from outbox",
        "truncate outbox",
        f"update {partition} set topic = 'other'",
        f"delete from {partition}",
        f"truncate {partition}",
    ):
        with pytest.raises(
            (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)
        ) as no:
            await sql.execute(change)
        assert role == "runtime" or isinstance(no.value, asyncpg.RestrictViolationError), change
    assert len(await history.written()) == 1


async def test_an_event_too_large_for_the_broker_is_refused_with_the_deed(history):
    """B13: caught when it is written, as a problem of the caller; nothing is kept."""
    huge = history.noted(uuid4(), title="x" * outbox.EVENT_BYTES_MAX)
    with pytest.raises(outbox.EventTooLarge) as refused:
        async with history.database.transaction() as work:
            await work.record(huge)
    assert refused.value.status == 413
    assert refused.value.facts["limit"] == outbox.EVENT_BYTES_MAX
    assert await history.written() == []


async def test_the_largest_event_accepted_fits_whatever_spaces_the_database_adds(history):
    """B13: the limit before the database and the limit in it agree."""
    count = (outbox.EVENT_BYTES_MAX - 200) // 2
    event = Counted(id=uuid4(), version=1, changed=[], numbers=[1] * count)
    assert len(event.model_dump_json()) > outbox.EVENT_BYTES_MAX - 200
    async with history.database.transaction() as work:
        await work.record(event)
    assert len(await history.written()) == 1


async def test_the_database_refuses_what_slips_past_the_guard(history):
    """B13: the CHECK says the same."""
    sql = await history.connect()
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await sql.execute(
            """insert into outbox (id, topic, type, aggregate_type, aggregate_id,
                 aggregate_version, occurred_at, origin, correlation_id, hops, traceparent, actor,
                 payload)
               select $1, 't', 't', 'note', gen_random_uuid(), 1, now(), 's',
                 gen_random_uuid(), 0, 't', 'a', jsonb_build_object('x', repeat('x', 800000))""",
            uuid7(),
        )
    assert refused.value.constraint_name == "ck_outbox_payload"


class Opened(InternalEvent):
    event_name: ClassVar[str] = "opened"


async def test_handlers_run_in_order_in_the_deeds_own_transaction(history):
    """House 7: what a handler records is handled before the next handler of the first event."""
    heard = []

    async def first(work, event):
        heard.append("first")
        await work.record(history.noted(uuid4()))

    async def nested(work, event):
        heard.append(f"nested in {await work.sql.fetchval('select pg_current_xact_id()::text')}")

    async def last(work, event):
        heard.append("last")

    handlers = {Opened: [first, last], history.module.NoteWritten: [nested]}
    history.database.handlers = handlers
    async with history.database.transaction() as work:
        await work.record(Opened())
        act = await work.sql.fetchval("select pg_current_xact_id()::text")
    assert heard == ["first", f"nested in {act}", "last"]
    assert len(await history.written()) == 1, "an internal event is not published"


async def test_a_handler_that_refuses_aborts_the_deed(history):
    """House 7: one transaction, one answer."""
    with pytest.raises(history.module.TitleRefused):
        async with history.database.transaction() as work:
            await work.record(history.noted(uuid4()), history.noted(uuid4(), title="unwanted"))
    assert await history.written() == []
