"""C12: merges at once with each other and with other acts: one winner, and nothing is lost."""

import asyncio
from uuid import UUID

import pytest

from crm.accounts.router import account as account_routes
from records.merging import service
from records.merging.schemas import MergeRecords

RING = 20


async def until_done(merger, desk, winner, loser):
    """Merge, following what others made of the two meanwhile."""
    for _ in range(200):
        now = await merger.get(f"/v1/accounts/{winner}")
        other = await merger.get(f"/v1/accounts/{loser}")
        if now["id"] == other["id"]:
            return
        reply = await merger.merge(
            "accounts",
            now["id"],
            other["id"],
            etag=f'"{now["version"]}"',
            loser_version=other["version"],
        )
        if reply.status_code == 200:
            return
        assert reply.status_code in {404, 409, 412}, reply.text
    pytest.fail("a merge found no end")


async def test_a_ring_of_merges_at_once_ends_with_one_record(desk, merger):
    ids = [(await desk.account())["id"] for _ in range(RING)]
    contacts = [(await desk.contact(one, primary=True))["id"] for one in ids]
    notes = [(await desk.add(f"/v1/accounts/{one}/notes", text="x"))["id"] for one in ids]
    pairs = zip(ids, [*ids[1:], ids[0]], strict=True)
    await asyncio.gather(*(until_done(merger, desk, one, other) for one, other in pairs))
    winners = {(await merger.get(f"/v1/accounts/{one}"))["id"] for one in ids}
    [winner] = winners
    rows = await desk.rows("select id from account where id = any($1::uuid[])", ids)
    assert [str(row["id"]) for row in rows] == [winner]
    rows = await desk.rows("select id, is_primary from contact where account_id = $1", winner)
    assert {str(row["id"]) for row in rows} == set(contacts)
    assert sum(row["is_primary"] for row in rows) == 1
    rows = await desk.rows("select id from note where record_id = $1", winner)
    assert {str(row["id"]) for row in rows} == set(notes)


async def test_what_is_made_meanwhile_is_on_the_winner_or_refused(desk, merger):
    winner, loser = (await desk.account())["id"], (await desk.account())["id"]

    async def add(number):
        body = {"account_id": loser, "name": f"Person {number}"}
        contact = await desk.crm.post("/v1/contacts", body)
        note = await desk.crm.post(f"/v1/accounts/{loser}/notes", {"text": f"Note {number}"})
        return contact, note

    async def join():
        await until_done(merger, desk, winner, loser)

    *replies, _ = await asyncio.gather(*(add(number) for number in range(8)), join())
    made = [contact.json()["id"] for contact, _ in replies if contact.status_code == 201]
    noted = [note.json()["id"] for _, note in replies if note.status_code == 201]
    assert await merger.rows_left("account", loser) == []
    rows = await desk.rows("select id from contact where account_id = $1", winner)
    assert {str(row["id"]) for row in rows} == set(made)
    rows = await desk.rows("select id from note where record_id = $1", winner)
    assert {str(row["id"]) for row in rows} == set(noted)
    assert {reply.status_code for pair in replies for reply in pair} <= {201, 404, 409, 422}


async def test_a_merge_cut_off_before_its_commit_leaves_nothing(desk, crm, merger):
    winner, loser = await desk.account(), await desk.account()
    note = await desk.add(f"/v1/accounts/{loser['id']}/notes", text="Stays.")
    command = MergeRecords(loser_id=loser["id"], loser_version=1)

    async def lost():
        async with crm.database.transaction() as work:
            await service.merge(work, account_routes.paths, UUID(winner["id"]), command, revision=1)
            await work.settle()
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await lost()
    assert (await merger.get(f"/v1/accounts/{loser['id']}"))["status"] == "active"
    rows = await desk.rows("select record_id from note where id = $1", note["id"])
    assert [str(row["record_id"]) for row in rows] == [loser["id"]]
    assert await desk.rows("select 1 from record_merge where loser_id = $1", loser["id"]) == []
