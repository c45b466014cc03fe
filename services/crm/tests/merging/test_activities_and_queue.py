"""C12, C15: activities that name the loser beside their main record, and its place in the queue."""


async def logged(desk, **facts):
    return await desk.add("/v1/activities", kind="call", name="Called", **facts)


async def named(merger, activity):
    """What an activity names beside its main record."""
    now = await merger.get(f"/v1/activities/{activity['id']}")
    return [one["record_id"] for one in now["related"]], now["contact_ids"]


async def related_to(desk, *ids):
    other = await desk.account()
    related = [{"record_type": "account", "record_id": one} for one in ids]
    return await logged(desk, record_type="account", record_id=other["id"], related=related)


async def test_activities_name_the_winner_and_after_an_undo_the_loser(desk, merger):
    account = await desk.account()
    winner, loser, third = [(await desk.contact(account["id"]))["id"] for _ in range(3)]
    only = await logged(desk, contact_ids=[loser, third])
    both = await logged(desk, contact_ids=[loser, winner])
    preview = await merger.preview("contacts", winner, loser)
    assert {"table": "activity", "column": "related", "count": 2, "removed": 0} in preview["moves"]
    merge = await merger.merged("contacts", winner, loser)
    assert await named(merger, only) == ([], [winner, third])
    assert await named(merger, both) == ([], [winner])
    rows = await desk.rows("select 1 from activity_record where record_id = $1", loser)
    assert rows == []
    listed = await merger.get(f"/v1/activities?record_id={winner}&record_type=contact")
    assert {one["id"] for one in listed["items"]} == {only["id"], both["id"]}
    undone = await merger.undone(merge["id"])
    assert undone["kept"] == []
    assert await named(merger, only) == ([], [loser, third])
    assert await named(merger, both) == ([], [loser, winner])


async def test_related_records_follow_an_account(desk, merger):
    winner, loser = (await desk.account())["id"], (await desk.account())["id"]
    one, both = await related_to(desk, loser), await related_to(desk, winner, loser)
    merge = await merger.merged("accounts", winner, loser)
    assert await named(merger, one) == ([winner], [])
    assert await named(merger, both) == ([winner], [])
    history = await merger.get(f"/v1/activities/{one['id']}/history")
    assert [one["field"] for one in history["items"][0]["changes"]] == ["related"]
    assert (await merger.get(f"/v1/activities/{one['id']}"))["version"] == one["version"]
    await merger.undone(merge["id"])
    assert await named(merger, one) == ([loser], [])
    assert await named(merger, both) == ([winner, loser], [])


async def test_what_was_changed_since_keeps_the_change(desk, merger):
    account = await desk.account()
    winner, loser, third = [(await desk.contact(account["id"]))["id"] for _ in range(3)]
    more, gone = await logged(desk, contact_ids=[loser]), await logged(desk, contact_ids=[loser])
    merge = await merger.merged("contacts", winner, loser)
    for activity, ids in ((more, [winner, third]), (gone, [third])):
        path = f"/v1/activities/{activity['id']}"
        await desk.change(path, {"contact_ids": ids}, revision=1)
    undone = await merger.undone(merge["id"])
    assert await named(merger, more) == ([], [loser, third])
    assert await named(merger, gone) == ([], [third])
    assert undone["kept"] == [{"what": "activity", "code": "gone", "count": 1}]


async def waiting(desk, *ids):
    rows = await desk.rows(
        "select subject_id from assignment_waiting where subject_id = any($1::uuid[])", ids
    )
    return {str(row["subject_id"]) for row in rows}


async def queued(desk, *ids):
    given = {"subject_type": "account", "ids": list(ids)}
    reply = await desk.crm.post("/v1/assignment-requests", given)
    assert reply.is_success, reply.text


async def test_the_winner_waits_in_the_losers_place(desk, merger):
    winner, loser = (await desk.account())["id"], (await desk.account())["id"]
    await queued(desk, loser)
    assert await waiting(desk, winner, loser) == {loser}
    merge = await merger.merged("accounts", winner, loser)
    assert await waiting(desk, winner, loser) == {winner}
    await merger.undone(merge["id"])
    assert await waiting(desk, winner, loser) == {loser}


async def test_two_that_wait_are_one_in_the_queue(desk, merger):
    winner, loser = (await desk.account())["id"], (await desk.account())["id"]
    await queued(desk, winner, loser)
    merge = await merger.merged("accounts", winner, loser)
    assert await waiting(desk, winner, loser) == {winner}
    await merger.undone(merge["id"])
    assert await waiting(desk, winner, loser) == {winner, loser}
