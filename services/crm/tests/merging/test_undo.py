"""C15: a merge is undone for some days; ids and links are restored, later edits are left alone."""

from datetime import timedelta
from uuid import uuid4

import pytest

from chassis.clock import utc_now


async def test_all_is_as_it_was(desk, merger):
    winner, loser = await merger.full_account(), await merger.full_account()
    paths = [
        *(f"/v1/accounts/{one['id']}" for one in (winner, loser)),
        *(f"/v1/contacts/{one['contact']}" for one in (winner, loser)),
        *(f"/v1/orders/{one['order']}" for one in (winner, loser)),
    ]
    before = [await merger.get(path) for path in paths]
    done = await merger.merged("accounts", winner["id"], loser["id"])
    undone = await merger.undone(done["id"])
    assert undone["kept"] == []
    assert undone["undone_at"] is not None
    changing = ("version", "revision", "updated_at")
    for path, was in zip(paths, before, strict=True):
        now = await merger.get(path)
        assert {name: now[name] for name in now if name not in changing} == {
            name: was[name] for name in was if name not in changing
        }
    left = set(await merger.rows_left("account", loser["id"]))
    assert left >= {"contact", "customer_order", "note", "attachment", "record_tag"}
    last = (await desk.events_of(loser["id"]))[-1]["payload"]
    assert (last["status"], last["merged_into"]) == ("active", None)
    assert (await desk.events_of(done["id"]))[-1]["payload"]["undone_at"] is not None
    found = await merger.get(f"/v1/accounts?q={before[1]['name']}")
    assert loser["id"] in {one["id"] for one in found["items"]}
    assert await merger.undone(done["id"]) == undone


async def test_what_others_changed_since_is_left_alone_and_reported(desk, merger):
    winner = await desk.account(email="", industry="")
    loser = await desk.account(email="a@mill.example", industry="Steel")
    note = await desk.add(f"/v1/accounts/{loser['id']}/notes", text="Pays late.")
    done = await merger.merged("accounts", winner["id"], loser["id"])
    at = f"/v1/accounts/{winner['id']}"
    etag = await merger.etag(at)
    reply = await desk.client.patch(at, json={"industry": "Wood"}, headers={"If-Match": etag})
    assert reply.is_success
    where = f"{at}/notes/{note['id']}"
    reply = await desk.client.delete(where, headers={"If-Match": await merger.etag(where)})
    assert reply.is_success
    undone = await merger.undone(done["id"])
    assert {(one["what"], one["code"], one["count"]) for one in undone["kept"]} == {
        ("industry", "changed_later", 1),
        ("note", "gone", 1),
    }
    account = await merger.get(at)
    assert (account["email"], account["industry"]) == ("", "Wood")
    again = await merger.get(f"/v1/accounts/{loser['id']}")
    assert (again["id"], again["industry"]) == (loser["id"], "Steel")


async def test_the_last_merge_of_a_chain_is_undone_first(desk, merger, problem):
    first, second, third = [await desk.account() for _ in range(3)]
    one = await merger.merged("accounts", second["id"], first["id"])
    two = await merger.merged("accounts", third["id"], second["id"])
    problem(await merger.undo(one["id"]), 409, "merge_not_undoable")
    await merger.undone(two["id"])
    assert (await merger.get(f"/v1/accounts/{first['id']}"))["id"] == second["id"]
    await merger.undone(one["id"])
    assert (await merger.get(f"/v1/accounts/{first['id']}"))["id"] == first["id"]


async def test_a_merge_can_be_done_again_after_its_undo(desk, merger):
    winner, loser = await desk.account(), await desk.account()
    done = await merger.merged("accounts", winner["id"], loser["id"])
    await merger.undone(done["id"])
    again = await merger.merged("accounts", loser["id"], winner["id"])
    assert again["id"] != done["id"]
    page = await merger.get(f"/v1/merges?record_id={loser['id']}")
    assert [one["id"] for one in page["items"]] == [again["id"], done["id"]]
    page = await merger.get(f"/v1/merges?record_id={loser['id']}&undone=true")
    assert [one["id"] for one in page["items"]] == [done["id"]]


async def test_after_its_days_a_merge_stays(desk, merger, problem):
    winner, loser = await desk.account(), await desk.account()
    done = await merger.merged("accounts", winner["id"], loser["id"])
    long_ago = utc_now() - timedelta(days=31)
    sql = "update record_merge set merged_at = $2 where id = $1"
    await desk.rows(sql, done["id"], long_ago)
    problem(await merger.undo(done["id"]), 409, "merge_expired")
    problem(await merger.undo(str(uuid4())), 404, "not_found")


@pytest.mark.parametrize("who", ["winner", "loser"])
async def test_who_is_erased_is_erased_from_what_an_undo_needs(desk, merger, problem, who):
    """C15: the erasure of a person reaches the snapshot, history and events of both ids."""
    account = await desk.account()
    secret = f"{uuid4().hex}@mill.example"
    winner = await desk.contact(account["id"])
    loser = await desk.contact(account["id"], email=secret, name=desk.word("Lin"))
    done = await merger.merged("contacts", winner["id"], loser["id"])
    erased = {"winner": winner, "loser": loser}[who]["id"]
    reply = await desk.crm.post(f"/v1/contacts/{erased}/erase", None)
    if who == "loser":
        assert problem(reply, 409, "record_merged")["facts"]["into_id"] == winner["id"]
        return
    assert reply.is_success, reply.text
    problem(await merger.undo(done["id"]), 409, "merge_erased")
    for sql in (
        "select 1 from record_merge where snapshot::text like $1",
        "select 1 from record_change where changes::text like $1",
        "select 1 from outbox where payload::text like $1",
        "select 1 from contact where email like $1",
    ):
        assert await desk.rows(sql, f"%{secret}%") == [], sql
