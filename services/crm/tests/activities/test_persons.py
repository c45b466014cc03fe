"""Persons whom activities are about: what is known is handed out, and erased."""

PATH = "/v1/activities"


async def test_what_was_done_with_a_person_is_handed_out_and_erased(diary, desk):
    account = await desk.account()
    contact = await desk.contact(account["id"])
    at = f"/v1/contacts/{contact['id']}"
    own = await diary.add(
        name="Call Quillon",
        text="Quillon likes tea.",
        record_type="contact",
        record_id=contact["id"],
    )
    await diary.act(own, "complete", outcome="Quillon agreed.")
    await desk.add(f"{PATH}/{own['id']}/notes", text="Quillon again.")
    firms = await diary.add(
        record_type="account", record_id=account["id"], contact_ids=[contact["id"]]
    )
    known = await desk.see(f"{at}/personal-data")
    records = {one["id"]: one for one in known["records"]}
    assert records[own["id"]]["outcome"] == "Quillon agreed."
    assert "Quillon again." in [one["text"] for one in known["notes"]]
    reply = await diary.crm.post(f"{at}/erase", None)
    assert reply.status_code == 200, reply.text
    counts = {one["what"]: one["count"] for one in reply.json()["erased"]}
    assert counts["activities"] == 1
    assert {one["what"]: one["count"] for one in reply.json()["kept"]}["activities"] == 1
    left = await desk.see(f"{PATH}/{own['id']}")
    assert (left["name"], left["text"], left["outcome"]) == ("[erased]", "", "")
    assert left["done_at"] is not None
    assert "Quillon" not in (await desk.client.get(f"{PATH}/{own['id']}/timeline")).text
    events = [one for one in await diary.crm.feed() if one["subject"] == own["id"]]
    assert "Quillon" not in str(events)
    assert (await desk.see(f"{PATH}/{firms['id']}"))["contact_ids"] == [contact["id"]]


async def test_an_erased_activity_gets_no_text_again(diary, desk, problem):
    contact = await desk.contact((await desk.account())["id"])
    own = await diary.add(record_type="contact", record_id=contact["id"])
    assert (await diary.crm.post(f"/v1/contacts/{contact['id']}/erase", None)).is_success
    changed = await desk.merge(f"{PATH}/{own['id']}", {"text": "Quillon"})
    problem(changed, 409, "person_erased")
