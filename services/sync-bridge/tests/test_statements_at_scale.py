"""What the bridge reads for a lot grows with the lot, not with what waits or was ever delivered.

Plans are made once for each connection, often on empty tables: a statement must leave the planner
no way that turns bad when they fill.
"""

from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from chassis.clock import utc_now
from sync_bridge.flows import Need
from sync_bridge.identity import queries as identity
from sync_bridge.inbox import queries as inbox
from sync_bridge.inbox.received import ReceivedEvent
from sync_bridge.lanes import leasing
from sync_bridge.lanes import queries as lanes
from sync_bridge.lanes.queries import Finished, Settled, Shadow

TABLES = ("inbox", "lane", "pair", "shadow", "creation", "review", "position", "pause")
MANY, BATCH_SIZE = 3000, 50
A_ROW_MAX = 12
"""Rows read for each record of a lot: its own ones, and what is asked of them."""
SOURCE = f"/tandem/crm/{UUID(int=1)}"
TYPE = "tandem.crm.account-changed.v1"

FILL_PAIRS = """insert into pair (id, entity, crm_id, erp_id, how, created_at)
  select gen_random_uuid(), 'customer', u, gen_random_uuid(), 'created', now()
    from unnest($1::uuid[]) u"""
FILL_SHADOWS = """insert into shadow (entity, half, id, digest, source_version, source_history)
  select 'customer', h, u, '\\x00', 1, 1
    from unnest($1::uuid[]) u cross join (values ('crm'), ('erp')) h(h)"""
SETTLE_ALL = """with done as (
  update inbox set state = 'done', settled_at = now(), outcome = 'applied')
  update lane set state = 'idle', pending = 0, applied_version = 1"""
READ = """select coalesce(sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)), 0)::int
  from pg_stat_xact_all_tables where relname = any($1::text[]) and schemaname like 'pg_temp%'"""


def _event(subject: UUID, version: int, place: int) -> ReceivedEvent:
    return ReceivedEvent(
        source=SOURCE,
        event_id=uuid4(),
        type=TYPE,
        subject=subject,
        aggversion=version,
        time=utc_now(),
        origin="crm",
        hops=0,
        correlationid=uuid4(),
        causationid=uuid4(),
        traceparent=None,
        feed_seq=place,
        data=b'{"name": "Canal Street Tools"}',
    )


class Desk:
    """Empty copies of the bridge's tables that only this transaction has."""

    def __init__(self, sql):
        self.sql = sql
        self.records = []
        self.place = 0

    async def lay(self):
        for table in TABLES:
            await self.sql.execute(
                f"create temp table {table} (like public.{table} including all) on commit drop"
            )

    async def read(self):
        return await self.sql.fetchval(READ, list(TABLES))

    async def fill(self, count):
        new = [uuid4() for _ in range(count)]
        await self.sql.execute(FILL_PAIRS, new)
        await self.sql.execute(FILL_SHADOWS, new)
        await self.told(new, 1)
        self.records += new

    async def told(self, subjects, version):
        events = []
        for subject in subjects:
            self.place += 1
            events.append(_event(subject, version, self.place))
        await inbox.insert_events(self.sql, events)
        return events

    async def deliver_a_batch(self):
        """Everything that is asked of the database for a lot, with what each step read."""
        read: dict[str, int] = {}

        async def step(name, doing):
            before = await self.read()
            came = await doing
            read[name] = await self.read() - before
            return came

        newest = self.records[-BATCH_SIZE:]
        events = await step("insert", self.told(newest, 2))
        leased = await step("claim", leasing.claim(self.sql, at_most=BATCH_SIZE, lease_seconds=60))
        subjects = [lane.subject for lane in leased]
        await step("known", identity.known(self.sql, "customer", "crm", subjects))
        await step("known across", identity.known(self.sql, "customer", "erp", subjects))
        needs = [Need("customer", "crm", subject) for subject in subjects]
        await step("twins", identity.twins_of(self.sql, needs))
        await step("decided", identity.decided(self.sql, "customer", "crm", subjects))
        causes = [one.causationid for one in events]
        await step("making", identity.creations(self.sql, "customer", "crm", subjects, causes))
        await step("ancestors", inbox.ancestors(self.sql, causes))
        await step("seen", inbox.seen_after(self.sql, SOURCE, self.place - BATCH_SIZE, history=1))
        done = [
            Finished(
                lane,
                lane.events[-1].version,
                [Settled(one.received, "done", "applied") for one in lane.events],
                [Shadow("customer", "crm", lane.subject, b"\x01")],
                called=True,
            )
            for lane in leased
        ]
        await step("finish", lanes.finish(self.sql, done))
        return read


@pytest.fixture
async def shadows(bridge):
    """The role may make tables of the session, which stand in front of the bridge's own."""
    role, database = make_url(bridge.runtime_url).username, make_url(bridge.runtime_url).database
    owner = await asyncpg.connect(bridge.owner_url)
    await owner.execute(f'grant temporary on database "{database}" to {role}')
    yield
    await owner.execute(f'revoke temporary on database "{database}" from {role}')
    await owner.close()


@pytest.mark.parametrize("settled", [False, True], ids=["waiting", "settled"])
@pytest.mark.parametrize("known_when_planned", [0, 5, 200, 2000])
async def test_a_batch_reads_its_own_rows(bridge, shadows, known_when_planned, settled):
    async with bridge.database.driver() as sql, sql.transaction():
        desk = Desk(sql)
        await desk.lay()
        if known_when_planned:
            await desk.fill(known_when_planned)
            if settled:
                await sql.execute(SETTLE_ALL)
            for table in TABLES:
                await sql.execute(f"analyze pg_temp.{table}")
        await desk.deliver_a_batch()
        await desk.fill(MANY)
        read = await desk.deliver_a_batch()
    most = len(desk.records) + A_ROW_MAX * BATCH_SIZE
    assert not {name: count for name, count in read.items() if count > most}, str(read)
