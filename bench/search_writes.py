"""What search costs a write: customers changed and added, with and without their texts.

Processor time of the server's process for each statement, and how much WAL it writes.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from sqlalchemy import make_url

from bench import search_rows
from bench.figures import Asked, Bench, Figure, paired
from bench.machine import cpu_seconds
from bench.place import Place
from chassis.storage.connections import SESSION
from erp import searched
from erp.app import SERVICE as ERP

__all__ = ["BENCH"]

ROWS = 100_000
WRITES = 2_000
_COPIED = """select string_agg(column_name, ', ') from information_schema.columns
  where table_schema = 'public' and table_name = 'customer'
    and column_name not in ('id', 'number', 'tax_id')"""
_SET = "update customer set version = version + 1, updated_at = clock_timestamp()"
_WAL = "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8"
WITHOUT = (
    "drop trigger customer_search_of_new on customer",
    "drop trigger customer_search_of_changed on customer",
)


def run(place: Place, asked: Asked) -> list[Figure]:
    """The same statements on two databases, one of which keeps no text."""
    return asyncio.run(_figures(place, asked))


async def _figures(place: Place, asked: Asked) -> list[Figure]:
    ours, bare = [await _filled(place) for _ in range(2)]
    try:
        for statement in WITHOUT:
            await bare.execute(statement)
        copied = await ours.fetchval(_COPIED)
        return [
            await _figure(name, statement, ours, bare, asked.rounds)
            for name, statement in {
                "another field": f"{_SET}, payment_terms_days = 31 - payment_terms_days"
                " where id = $1",
                "a phone number": f"{_SET}, phone = phone || '1' where id = $1",
                "a new customer": f"""insert into customer (id, number, tax_id, {copied})
                  select gen_random_uuid(), 'X' || gen_random_uuid(), 'X' || gen_random_uuid(),
                    {copied} from customer where id = $1""",
            }.items()
        ]
    finally:
        await ours.close()
        await bare.close()


async def _filled(place: Place) -> "asyncpg.Connection[Any]":
    """The administrator's connection to a database of its own that has customers."""
    urls = await asyncio.to_thread(place.database, ERP)
    name = make_url(urls.owner).database
    admin = make_url(place.cluster.admin_url).set(database=name)
    settings = SESSION | {"search_path": "public"}
    sql = await asyncpg.connect(
        admin.render_as_string(hide_password=False), server_settings=settings, command_timeout=3600
    )
    rows = search_rows.with_texts({"customer": search_rows.ERP["customer"]}, searched.KEPT)
    await search_rows.fill(sql, rows, ROWS)
    return sql


async def _figure(name: str, statement: str, ours: Any, bare: Any, rounds: int) -> Figure:
    pairs, wal = [], (0.0, 0.0)
    for number in range(rounds):
        (cpu, written), (least, least_written) = [
            await _cost(sql, statement, number) for sql in (ours, bare)
        ]
        pairs.append((cpu, least))
        wal = written, least_written
    facts = {"WAL bytes": wal[0], "without search": wal[1]}
    return paired(name, "us CPU", "the same without what it is found by", pairs, facts=facts)


async def _cost(sql: Any, statement: str, number: int) -> tuple[float, float]:
    """Microseconds of the server's processor time and bytes of WAL for each statement."""
    server = await sql.fetchval("select pg_backend_pid()")
    ids: Sequence[Any] = await sql.fetch(
        "select id from customer where number like 'B-%' order by md5(id::text || $1) limit $2",
        str(number),
        WRITES,
    )
    async with sql.transaction():
        prepared = await sql.prepare(statement)
        await prepared.executemany([(ids[0]["id"],)])
        cpu, wal = cpu_seconds(server), await sql.fetchval(_WAL)
        for one in ids:
            await prepared.fetch(one["id"])
        cpu, wal = cpu_seconds(server) - cpu, await sql.fetchval(_WAL) - wal
    return cpu * 1e6 / len(ids), wal / len(ids)


BENCH = Bench("search_writes", "What search costs a write: customers changed and added", run)
