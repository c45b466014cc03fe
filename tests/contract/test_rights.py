"""What the runtime role of each service may do: what is declared by table, and nothing else."""

from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from chassis.schema.rights import PIN_FUNCTIONS, excess, grant, loose
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from sync_bridge.app import SERVICE as BRIDGE

TABLES = """select relname from pg_class
  where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition"""
BY_NAME = {one.name: one for one in (ERP, CRM, BRIDGE)}
ODD = "create function odd() returns trigger language plpgsql as $$ begin return null; end $$"


@pytest.fixture(params=BY_NAME)
def service(request):
    return BY_NAME[request.param]


@pytest.fixture
def urls(service, cluster):
    return cluster.migrated(service, f"{service.name}_rights_{uuid4().hex[:8]}")


@asynccontextmanager
async def connection(url):
    sql = await asyncpg.connect(url)
    try:
        yield sql
    finally:
        await sql.close()


async def test_every_table_has_declared_rights_and_the_role_has_just_those(service, urls):
    async with connection(urls.runtime) as sql:
        assert {row["relname"] for row in await sql.fetch(TABLES)} == set(service.rights)
        assert await excess(sql, service.rights) == []
        assert await loose(sql) == []


async def test_what_is_not_as_declared_is_found_and_set_right(service, urls):
    """Also what earlier versions granted: on all tables, on later ones, on the database."""
    role, database = make_url(urls.runtime).username, make_url(urls.runtime).database
    async with connection(urls.owner) as owner:
        for statement in (
            f"grant update (feed_seq) on outbox_sequence to {role}",
            f"grant delete on api_key to {role}",
            f"revoke insert on job from {role}",
            f'grant temporary on database "{database}" to {role}',
            f"grant create on schema public to {role}",
            f"alter default privileges in schema public grant delete on tables to {role}",
            "create table later (id int)",
            ODD,
        ):
            await owner.execute(statement)
    async with connection(urls.runtime) as sql:
        assert await excess(sql, service.rights) == [
            "may delete api_key, which is not declared",
            "may delete later, which is not declared",
            "may update outbox_sequence.feed_seq, which is not declared",
            "may not insert job",
        ]
        assert len(await loose(sql)) == 3
        await grant(urls.owner, role, service.rights)
        assert await excess(sql, service.rights) == []
        assert await loose(sql) == ["the function odd takes tables from whatever the session has"]
    async with connection(urls.owner) as owner:
        await owner.execute(PIN_FUNCTIONS)
        await owner.execute("create table latest (id int)")
    async with connection(urls.runtime) as sql:
        assert await loose(sql) == []
        assert await excess(sql, service.rights) == []


async def test_every_role_of_the_server_is_kept_out_of_the_database(service, urls):
    async with connection(urls.owner) as owner:
        await owner.execute(
            f'grant connect on database "{make_url(urls.owner).database}" to public'
        )
    async with connection(urls.runtime) as sql:
        assert await loose(sql) == ["every role of the server may enter the database"]


@pytest.mark.parametrize(
    "statement",
    [
        "update outbox_sequence set feed_seq = feed_seq + 1",
        "delete from outbox_sequence",
        "update outbox set written = written + 1",
        "update outbox set id = gen_random_uuid()",
        "delete from outbox",
        "update outbox_version set outbox_id = gen_random_uuid()",
        "delete from outbox_version",
        "update feed_floor set feed_seq = 0",
        "select setval('outbox_written', 1)",
        "delete from api_key",
        "update api_key set created_by = ''",
        "update api_key set expires_at = null",
        "delete from api_key_former_secret",
        "update api_key_former_secret set expires_at = now()",
        "delete from local_user",
        "update alembic_version set version_num = ''",
        "create temporary table journal_line (id uuid)",
        "create table mine (id uuid)",
        "create function mine() returns int language sql as 'select 1'",
        "create function pg_temp.mine() returns int language sql as 'select 1'",
        "set session_replication_role = replica",
        "alter table outbox disable trigger all",
    ],
)
async def test_the_runtime_role_may_not(urls, statement):
    async with connection(urls.runtime) as sql:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await sql.execute(statement)
