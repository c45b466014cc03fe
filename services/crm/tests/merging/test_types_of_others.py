"""A type is merged by declaring it, a table is moved as it names the type: nobody lists either."""

from dataclasses import replace
from uuid import UUID, uuid4

import asyncpg
import pytest
from fastapi import APIRouter

from chassis.storage.connections import driver_url
from crm.app import SERVICE
from crm.staff.schemas import ChangeTeam
from crm.staff.service.teams import TEAM
from identity.testing.service import running
from records.merging import service
from records.merging.errors import MergeKeysCollide
from records.merging.schemas import MergeRecords
from records.paths import RecordPaths
from records.redirects import winner_of
from records.types import Merging, record_types

TABLES = """
create table visit (
  id uuid primary key,
  team_id uuid not null references team (id),
  place text not null,
  version integer not null default 1,
  updated_at timestamptz not null default now(),
  constraint uq_visit_place unique (team_id, place));
create table follower (
  team_id uuid references team (id), person text, primary key (team_id, person));
create table call (id uuid primary key, subject_type text not null, subject_id uuid not null);
grant select, insert, update, delete on visit, follower, call to "{role}";
grant delete on team to "{role}";
"""


@pytest.fixture
async def other(cluster, desk):
    """A company of its own, with tables that the product does not know."""
    async with running(SERVICE, cluster) as crm:
        own = type(desk)(crm)
        [row] = await own.rows("select current_user::text as role")
        sql = await asyncpg.connect(driver_url(crm.owner_url))
        await sql.execute(TABLES.format(role=row["role"]))
        await sql.close()
        yield own


@pytest.fixture
def teams():
    """Teams as a type that can be merged: its description says so, and nothing else."""
    merging = Merging(change=ChangeTeam, put_away={"active": False})
    kind = replace(TEAM, merging=merging)
    yield RecordPaths(APIRouter(), TEAM.reads, "team", "staff.read", "staff.write", kind)
    record_types(TEAM.entity)["team"] = TEAM


async def two_teams(other):
    """Ids of two teams, each visited in Ningbo, and one of them in Wuxi, and called."""
    ids = [UUID((await other.add("/v1/teams", name=other.word("Team")))["id"]) for _ in range(2)]
    sql = "insert into call (id, subject_type, subject_id) values ($1, 'team', $2)"
    await other.rows(sql, uuid4(), ids[1])
    for team in ids:
        await other.rows("insert into follower values ($1, 'Lin')", team)
    sql = "insert into visit (id, team_id, place) values ($1, $2, 'Wuxi')"
    await other.rows(sql, uuid4(), ids[1])
    return ids


async def merge(other, teams, winner, loser):
    async with other.server.database.transaction() as work:
        command = MergeRecords(loser_id=loser, loser_version=1)
        return await service.merge(work, teams, winner, command, revision=1)


async def test_a_type_and_tables_that_the_product_does_not_know_are_merged(other, teams):
    winner, loser = await two_teams(other)
    below = await other.add("/v1/teams", name=other.word("Below"), parent_id=str(loser))
    done = await merge(other, teams, winner, loser)
    moved = {one.table: (one.count, one.removed) for one in done.moved}
    assert moved == {"call": (1, 0), "follower": (0, 1), "team": (1, 0), "visit": (1, 0)}
    for table, column in (("visit", "team_id"), ("follower", "team_id"), ("call", "subject_id")):
        rows = await other.rows(f"select {column} as id from {table}")
        assert {row["id"] for row in rows} == {winner}
    assert (await other.see(f"/v1/teams/{below['id']}"))["parent_id"] == str(winner)
    assert await other.rows("select 1 from team where id = $1", loser) == []
    async with other.server.database.reading() as at:
        assert await winner_of(at, "team", loser) == winner


async def test_rows_that_cannot_stand_beside_each_other_are_for_a_person(other, teams):
    winner, loser = await two_teams(other)
    sql = "insert into visit (id, team_id, place) values ($1, $2, 'Wuxi')"
    await other.rows(sql, uuid4(), winner)
    with pytest.raises(MergeKeysCollide) as refused:
        await merge(other, teams, winner, loser)
    assert refused.value.facts == {"table": "visit", "constraint": "uq_visit_place"}
    assert len(await other.rows("select 1 from team where id = $1", loser)) == 1
