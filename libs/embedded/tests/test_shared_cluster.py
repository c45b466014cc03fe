"""The PostgreSQL of the tests: databases of one's own, templates made once, leftovers removed."""

from uuid import uuid4

import asyncpg

from chassis.testing.cluster import TestCluster
from embedded.testing import EXTERNAL, shared_cluster


async def value(url, question):
    sql = await asyncpg.connect(url)
    try:
        return await sql.fetchval(question)
    finally:
        await sql.close()


async def databases(cluster, like):
    question = f"select count(*) from pg_database where datname like '{like}'"
    return await value(cluster.admin_url, question)


async def test_each_copy_of_the_template_is_a_database_of_its_own(cluster, sample_module):
    service = sample_module.SERVICE
    one = cluster.migrated(service, f"one_{uuid4().hex[:8]}")
    two = cluster.migrated(service, f"two_{uuid4().hex[:8]}")
    create = "create table only_here as select 1 as id"
    await value(one.owner, create)
    assert await value(two.owner, "select to_regclass('only_here')") is None
    assert await value(two.runtime, "select count(*) from outbox") == 0
    assert await value(two.owner, "select version_num from alembic_version")


async def test_the_template_is_migrated_once(cluster, sample_module):
    service = sample_module.SERVICE
    cluster.migrated(service, f"first_{uuid4().hex[:8]}")
    templates = await databases(cluster, f"{cluster.prefix}{service.name}\\_____________")
    cluster.migrated(service, f"second_{uuid4().hex[:8]}")
    again = await databases(cluster, f"{cluster.prefix}{service.name}\\_____________")
    assert again == templates >= 1


async def test_databases_of_an_earlier_start_are_removed_and_those_of_today_kept(cluster):
    earlier = TestCluster(cluster.admin_url, "t1_", cluster.passwords, cluster.room)
    earlier.empty("books", "forgotten")
    mine = cluster.empty("books", f"mine_{uuid4().hex[:8]}")
    if not cluster.prefix.startswith("t1"):
        cluster.drop_leftovers()
        assert await databases(cluster, "t1\\_%") == 0
    assert await value(mine.runtime, "select 1") == 1


async def test_a_server_of_ones_own_is_used_and_left_clean(cluster, monkeypatch):
    """`make test PG=external`: everything made there is removed at the end."""
    monkeypatch.setenv(EXTERNAL, cluster.admin_url)
    with shared_cluster() as external:
        assert external.prefix != cluster.prefix
        urls = external.empty("guests", "visit")
        assert await value(urls.runtime, "select 1") == 1
        assert await databases(cluster, f"{external.prefix}%") == 1
    assert await databases(cluster, f"{external.prefix}%") == 0
