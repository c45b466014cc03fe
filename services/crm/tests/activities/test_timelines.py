"""Activities on the timelines of the records that they are about, with all else that happened."""

PATH = "/v1/activities"


async def test_a_timeline_merges_notes_changes_events_and_activities(diary, desk):
    """In the order in which they happened: meetings at their start, tasks when they were done."""
    account = await desk.account()
    at = f"/v1/accounts/{account['id']}"
    about = {"record_type": "account", "record_id": account["id"]}
    past = {"starts_at": "2020-01-02T01:00:00Z", "ends_at": "2020-01-02T02:00:00Z"}
    held = await diary.add(kind="meeting", state="done", **about, **past)
    future = {"starts_at": "2090-01-02T01:00:00Z", "ends_at": "2090-01-02T02:00:00Z"}
    planned = await diary.add(kind="meeting", **about, **future)
    note = await desk.add(f"{at}/notes", text="Pays late.")
    task = await diary.add(**about)
    items = await diary.timeline(at)
    kinds = [one["kind"] for one in items]
    assert {"activity", "note", "change", "event"} <= set(kinds)
    assert [one["id"] for one in items if one["kind"] in {"activity", "note"}] == [
        planned["id"],
        task["id"],
        note["id"],
        held["id"],
    ]
    times = [(one["at"], one["id"]) for one in items]
    assert times == sorted(times, reverse=True)
    [first] = [one["activity"] for one in items if one["id"] == held["id"]]
    assert (first["activity_kind"], first["state"]) == ("meeting", "done")
    pages, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        reply = (await desk.client.get(f"{at}/timeline", params=params)).json()
        pages += reply["items"]
        cursor = reply["next_cursor"]
        if cursor is None:
            break
    assert pages == items


async def test_it_stands_once_on_each_record_and_leaves_when_it_is_about_another(diary, desk):
    account, other = await desk.account(), await desk.account()
    contact = await desk.contact(account["id"])
    both = [{"record_type": "account", "record_id": account["id"]}]
    made = await diary.add(
        record_type="account", record_id=account["id"], related=both, contact_ids=[contact["id"]]
    )
    places = [f"/v1/accounts/{account['id']}", f"/v1/contacts/{contact['id']}"]
    for at in places:
        assert [one["id"] for one in await diary.timeline(at, kind="activity")] == [made["id"]]
    change = {"record_id": other["id"], "related": [], "contact_ids": []}
    changed = await desk.change(f"{PATH}/{made['id']}", change, revision=1)
    assert changed.status_code == 200, changed.text
    for at in places:
        assert await diary.timeline(at, kind="activity") == []
    at = f"/v1/accounts/{other['id']}"
    assert [one["id"] for one in await diary.timeline(at, kind="activity")] == [made["id"]]


async def test_it_has_notes_files_tags_and_history_of_its_own(diary, desk):
    made = await diary.add()
    at = f"{PATH}/{made['id']}"
    await desk.add(f"{at}/notes", text="Prepare slides.")
    await diary.act(made, "complete")
    kinds = {one["kind"] for one in await diary.timeline(at)}
    assert kinds >= {"note", "change", "event"}
    newest = (await desk.see(f"{at}/history"))["items"][0]
    assert [one["field"] for one in newest["changes"]] == ["done_at", "state"]
