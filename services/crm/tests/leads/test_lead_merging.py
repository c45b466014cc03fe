"""C12 to C15: two leads of one person become one, and two again; a conversion meanwhile."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from services.crm.tests.merging.conftest import Merger

from chassis.storage.connections import driver_url

from .test_conversion import PATH, converted, counts_of, got, lead_of


@pytest.fixture(scope="session")
def merger(desk):
    return Merger(desk)


async def full_lead(desk, **facts):
    """A lead with all that can name it."""
    lead = await lead_of(desk, **facts)
    at = f"{PATH}/{lead['id']}"
    about = {"record_type": "lead", "record_id": lead["id"]}
    call = await desk.add("/v1/activities", kind="call", name="Called", **about)
    note = await desk.add(f"{at}/notes", text="Likes red.")
    attachment = await desk.crm.attach(at)
    tag = await desk.add("/v1/tags", name=desk.word("Hot"))
    assert (await desk.client.put(f"{at}/tags/{tag['id']}")).is_success
    link = {"system": desk.word("shop").lower()[:20].replace("_", "-"), "external_id": "X"}
    assert (await desk.crm.post(f"{at}/external-refs", link)).is_success
    return lead | {"call": call["id"], "note": note["id"], "file": attachment["id"], "tag": tag}


async def touches_of(crm, lead):
    items = (await crm.client.get(f"{PATH}/{lead['id']}/touches")).json()["items"]
    return {(one["source"], one["first"]) for one in items}


async def form_lead(crm, desk):
    """A lead that came by a form, with a consent that waits for its confirmation."""
    form = await desk.add(
        "/v1/lead-forms",
        code=f"ask-{uuid4().hex[:12]}",
        name="Ask",
        inputs=[{"input": "name", "required": True}, {"input": "email"}],
        consent_text="You may write to me.",
        consent_version="1",
        confirmed=True,
        min_seconds=0,
        source="web",
    )
    open_form = (await crm.client.get(f"/v1/open-forms/{form['code']}")).json()
    word = uuid4().hex
    body = {
        "stamp": open_form["stamp"],
        "name": f"Lin {word}",
        "email": f"{word}@form.example",
        "agreed": True,
    }
    reply = await crm.client.post(f"/v1/open-forms/{form['code']}/submit", json=body)
    assert reply.is_success, reply.text
    listed = await crm.client.get(PATH, params={"email": f"{word}@form.example"})
    [lead] = listed.json()["items"]
    return lead


async def test_all_that_names_a_lead_goes_to_the_other_one_and_back(crm, desk, merger):
    """C12, C15: also touches, consents and forms; an undo brings all of it back."""
    winner, loser = await full_lead(desk), await full_lead(desk)
    ids = winner["id"], loser["id"]
    preview = await merger.preview("leads", *ids)
    assert preview["obstacle"] is None
    tables = {one["table"]: one["count"] for one in preview["moves"]}
    assert tables["lead_touch"] == tables["note"] == tables["activity"] == 1
    merge = await merger.merged("leads", *ids)
    assert await merger.rows_left("lead", loser["id"]) == []
    reply = await crm.client.get(f"{PATH}/{loser['id']}")
    assert reply.json()["id"] == winner["id"]
    assert reply.headers["content-location"] == f"{PATH}/{winner['id']}"
    assert (await got(crm, "activities", loser["call"]))["record_id"] == winner["id"]
    last = (await desk.events_of(loser["id"]))[-1]["payload"]
    assert (last["merged_into"], last["changed"]) == (winner["id"], ["merged_into"])
    undone = await merger.undone(merge["id"])
    assert undone["kept"] == []
    now = await got(crm, "leads", loser["id"])
    for field in ("id", "name", "company", "email", "phone", "source", "first_touch", "status"):
        assert now[field] == loser[field]
    assert len(now["external_refs"]) == 1
    assert await touches_of(crm, loser) == await touches_of(crm, winner) == {("fair", True)}
    assert (await got(crm, "activities", loser["call"]))["record_id"] == loser["id"]
    last = (await desk.events_of(loser["id"]))[-1]["payload"]
    assert (last["merged_into"], last["name"]) == (None, loser["name"])


async def test_the_first_touch_of_the_winner_stays_the_first(crm, desk, merger):
    """C5: the loser's become later ones."""
    winner, loser = await lead_of(desk, source="web"), await lead_of(desk, source="fair")
    merge = await merger.merged("leads", winner["id"], loser["id"])
    assert await touches_of(crm, winner) == {("web", True), ("fair", False)}
    now = await got(crm, "leads", winner["id"])
    assert (now["source"], now["first_touch"]["source"]) == ("web", "web")
    assert now["last_touch_at"] == max(winner["last_touch_at"], loser["last_touch_at"])
    await merger.undone(merge["id"])
    assert await touches_of(crm, winner) == {("web", True)}
    assert await touches_of(crm, loser) == {("fair", True)}
    now = await got(crm, "leads", winner["id"])
    assert now["last_touch_at"] == winner["last_touch_at"]


async def test_a_winner_without_touches_gets_the_first_one_of_the_loser(crm, desk, merger):
    """C5: and has what came since when the merge is undone."""
    winner, loser = await lead_of(desk, source=""), await lead_of(desk, source="fair")
    assert winner["first_touch"] is None
    merge = await merger.merged("leads", winner["id"], loser["id"])
    assert (await got(crm, "leads", winner["id"]))["source"] == "fair"
    added = await crm.post(f"{PATH}/{winner['id']}/touches", {"source": "call"})
    assert added.status_code == 201
    await merger.undone(merge["id"])
    assert await touches_of(crm, winner) == {("call", True)}
    now = await got(crm, "leads", winner["id"])
    assert (now["source"], now["first_touch"]["source"]) == ("call", "call")
    assert await touches_of(crm, loser) == {("fair", True)}


async def test_consents_and_forms_go_over_and_the_stricter_word_holds(crm, desk, merger):
    """C14: what was agreed to stays in its words, at the lead that is left."""
    one, other = await form_lead(crm, desk), await form_lead(crm, desk)
    await desk.change(f"{PATH}/{one['id']}", {"consent": {"phone": "granted"}}, revision=1)
    await desk.change(f"{PATH}/{other['id']}", {"consent": {"phone": "refused"}}, revision=1)
    merge = await merger.merged("leads", one["id"], other["id"])
    assert await merger.rows_left("lead", other["id"]) == []
    assert (await got(crm, "leads", one["id"]))["consent"]["phone"] == "refused"
    token = await crm.post(f"{PATH}/{one['id']}/confirmation", None)
    assert token.is_success, token.text
    await merger.undone(merge["id"])
    assert (await got(crm, "leads", one["id"]))["consent"]["phone"] == "granted"
    token = await crm.post(f"{PATH}/{other['id']}/confirmation", None)
    assert token.is_success, token.text


async def test_a_pair_that_was_said_to_be_two_becomes_one(crm, desk, merger):
    """C11, C12: what was said of the two is gone, and there again after an undo."""
    email = f"lin@{uuid4().hex}.example"
    one, other = await lead_of(desk, email=email), await lead_of(desk, email=email)
    said = {"record_type": "lead", "record_id": other["id"]}
    done = await crm.post(f"{PATH}/{one['id']}/duplicates/dismiss", said)
    assert done.status_code == 204
    merge = await merger.merged("leads", one["id"], other["id"])
    assert await merger.rows_left("lead", other["id"]) == []
    await merger.undone(merge["id"])
    items = (await crm.client.get(f"{PATH}/{one['id']}/duplicates")).json()["items"]
    assert items == []


async def test_a_converted_lead_has_to_stay(crm, desk, merger, problem):
    converted_one, other = await lead_of(desk), await lead_of(desk)
    done = await converted(crm, converted_one)
    ids = other["id"], converted_one["id"]
    assert (await merger.preview("leads", *ids))["obstacle"] == "converted_lead_must_win"
    problem(await merger.merge("leads", *ids), 409, "converted_lead_must_win")
    await merger.merged("leads", *ids[::-1])
    now = await got(crm, "leads", other["id"])
    assert (now["id"], now["opportunity_id"]) == (done["id"], done["opportunity_id"])


async def test_acts_on_a_merged_lead_name_the_one_that_it_is(crm, desk, merger, problem):
    winner, loser = await lead_of(desk), await lead_of(desk)
    await merger.merged("leads", winner["id"], loser["id"])
    for verb, body in (("work", None), ("convert", {}), ("confirmation", None)):
        reply = await crm.post(f"{PATH}/{loser['id']}/{verb}", body)
        assert problem(reply, 409, "record_merged")["facts"]["into_id"] == winner["id"]


@pytest.mark.parametrize("round_", range(6))
async def test_of_a_merge_and_a_conversion_at_once_one_wins(crm, desk, merger, problem, round_):
    """A lead converted while it is merged: a clear problem, nothing of the other act is done."""
    winner, loser = await lead_of(desk), await lead_of(desk)

    async def convert():
        return await crm.post(f"{PATH}/{loser['id']}/convert", {})

    async def merge():
        return await merger.merge(
            "leads", winner["id"], loser["id"], etag='"1"', loser_version=loser["version"]
        )

    acts = [convert(), merge()] if round_ % 2 else [merge(), convert()]
    replies = await asyncio.gather(*acts)
    done = replies if round_ % 2 else replies[::-1]
    statuses = [one.status_code for one in done]
    made = await counts_of(desk, loser)
    if statuses[0] == 200:
        refused = {412: "stale_revision", 409: "converted_lead_must_win"}
        problem(done[1], statuses[1], refused[statuses[1]])
        assert made == {"account": 1, "contact": 1, "opportunity": 1}
        assert (await got(crm, "leads", loser["id"]))["id"] == loser["id"]
    else:
        assert statuses[1] == 200, done[1].text
        problem(done[0], 409, "record_merged")
        assert made == {"account": 0, "contact": 0, "opportunity": 0}


async def test_nothing_but_a_merge_moves_what_stands_at_a_lead(crm, desk):
    """C5: also the owner of the tables."""
    one, other = await lead_of(desk), await lead_of(desk)
    form_one = await form_lead(crm, desk)
    sql = await asyncpg.connect(driver_url(crm.owner_url))
    try:
        for statement, of in (
            ("update lead_touch set lead_id = $2 where lead_id = $1", one),
            ("update lead_touch set is_first = $2::text is null where lead_id = $1", one),
            ("update lead_confirmation set lead_id = $2 where lead_id = $1", form_one),
        ):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await sql.execute(statement, of["id"], other["id"])
    finally:
        await sql.close()
