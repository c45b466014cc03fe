"""States go only along the ways that the code declares: the database refuses all others.

A new way is declared in `states.py` and made by one call of `transition_trigger` in a migration.
"""

from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import permutations
from typing import Any

import asyncpg
import pytest
from sqlalchemy import CheckConstraint

from chassis.storage.states import transition_trigger
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from sync_bridge.app import SERVICE as BRIDGE

SERVICES = {one.name: one for one in (ERP, CRM, BRIDGE)}
COLUMNS = ("state", "status", "quality")
WITHOUT_WAYS = {
    ("crm", "lead_consent"): "what was agreed: rows are added and never changed",
    ("crm", "forecast_snapshot_deal"): "a deal as it was: rows are added and never changed",
    ("bridge", "source_condition"): "how following a source goes at the moment: any follows any",
}
"""Columns of states of which nothing is declared, each with its reason."""

OWN_TRIGGERS = """select tgname, pg_get_triggerdef(oid) as definition from pg_trigger
  where not tgisinternal and tgfoid = 'refuse_transition'::regproc"""
OTHER_GUARDS = """select format('alter table %s drop constraint %I cascade', conrelid::regclass,
    conname) from pg_constraint where conrelid = $1::regclass and contype in ('c', 'f', 'x', 'u')
  union all
  select format('drop trigger %I on %s', tgname, tgrelid::regclass) from pg_trigger
   where tgrelid = $1::regclass and not tgisinternal and tgfoid <> 'refuse_transition'::regproc
  union all
  select format('alter table %s alter %I drop not null', attrelid::regclass, attname)
    from pg_attribute a where attrelid = $1::regclass and attnum > 0 and not attisdropped
     and attnotnull and attidentity = '' and not exists (select from pg_index i
       where i.indrelid = attrelid and i.indisprimary and attnum = any(i.indkey))"""
KEYS = """select a.attname::text, format_type(a.atttypid, null) as type from pg_index i
  join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
  where i.indrelid = $1::regclass and i.indisprimary"""
KEY_OF = {"uuid": "gen_random_uuid()", "text": "gen_random_uuid()::text"}


def checks() -> Iterator[tuple[str, str, CheckConstraint]]:
    """Service, table and constraint of each column that has words of a state."""
    for name, service in SERVICES.items():
        for table in service.metadata.sorted_tables:
            for one in table.constraints:
                if isinstance(one, CheckConstraint) and one.info.get("column") in COLUMNS:
                    yield name, table.name, one


GUARDED = [
    pytest.param(name, table, one.info["column"], one.info["following"], id=f"{name}-{table}")
    for name, table, one in checks()
    if one.info["following"] is not None
]


def words(following: Mapping[Any, Any]) -> dict[str, set[str]]:
    """What may follow each state, as the column has it."""
    return {str(before): {str(after) for after in states} for before, states in following.items()}


@pytest.fixture(scope="module")
def urls(cluster):
    """A database of each service whose tables lose their other guards."""
    return {
        name: cluster.migrated(service, f"{name}_transitions") for name, service in SERVICES.items()
    }


@asynccontextmanager
async def connection(url):
    sql = await asyncpg.connect(url)
    try:
        yield sql
    finally:
        await sql.close()


def test_every_state_has_declared_ways():
    """A column with an enum of states says what may follow, or why it says nothing."""
    silent = {(name, table) for name, table, one in checks() if one.info["following"] is None}
    assert silent == set(WITHOUT_WAYS)
    for name, table, one in checks():
        if one.info["following"] is not None:
            assert set(one.info["following"]) == set(one.info["states"]), (name, table)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_declared_way_has_its_trigger(urls, service):
    """What the migrations made is what the code declares today, and nothing beside it."""
    declared = [one.values for one in GUARDED if one.values[0] == service]
    async with connection(urls[service].owner) as sql:
        made = {row["tgname"]: row["definition"] for row in await sql.fetch(OWN_TRIGGERS)}
        run = sql.transaction()
        await run.start()
        for _, table, column, following in declared:
            await sql.execute(transition_trigger(table, column, words(following)))
        wanted = {row["tgname"]: row["definition"] for row in await sql.fetch(OWN_TRIGGERS)}
        await run.rollback()
    assert made == wanted
    assert len(wanted) == len(declared)


@pytest.mark.parametrize(("service", "table", "column", "following"), GUARDED)
async def test_each_other_way_is_refused_by_the_database(urls, service, table, column, following):
    """By SQL, as the runtime role: every pair of states, with no other guard of the table left."""
    ways = words(following)
    async with connection(urls[service].owner) as sql:
        for row in await sql.fetch(OTHER_GUARDS, table):
            await sql.execute(row[0])
        keys = {row["attname"]: row["type"] for row in await sql.fetch(KEYS, table)}
    values = [KEY_OF[kind] for kind in keys.values()]
    add = f"insert into {table} ({', '.join([*keys, column])}) values ({', '.join(values)}, $1)"
    refused, went = set(), set()
    async with connection(urls[service].runtime) as sql:
        for before, after in permutations(ways, 2):
            run = sql.transaction()
            await run.start()
            await sql.execute(f"update {table} set {column} = {column}")
            await sql.execute(add, before)
            try:
                await sql.execute(f"update {table} set {column} = $1", after)
                went.add((before, after))
            except asyncpg.RestrictViolationError as error:
                refused.add((before, after, error.constraint_name))
            await run.rollback()
    assert went == {(before, after) for before in ways for after in ways[before] - {before}}
    name = f"{table}_{column}_follows"
    assert refused == {(*pair, name) for pair in permutations(ways, 2) if pair not in went}
