"""The present state of records, in the form of the events that tell of them."""

from uuid import UUID, uuid4

import pytest

from chassis.events.feed import begin_epoch
from identity.testing.service import running

NOTE = "tandem.sample.note-written.v1"


@pytest.fixture
async def served(cluster, sample_module):
    """The sample service with a virgin history."""
    async with running(sample_module.SERVICE, cluster) as service:
        yield service


async def write(served, *titles):
    replies = [await served.post("/v1/notes", {"title": title}) for title in titles]
    return sorted(reply.json()["id"] for reply in replies)


async def rename(served, note_id, title):
    version = {"If-Match": '"1"'}
    reply = await served.client.patch(
        f"/v1/notes/{note_id}", json={"title": title}, headers=version
    )
    assert reply.status_code == 200, reply.text


async def states(served, client=None, **asked):
    reply = await (client or served.client).get("/v1/events/states", params={"type": NOTE} | asked)
    assert reply.status_code == 200, reply.text
    return reply


async def test_a_state_looks_like_the_event_that_tells_of_it(served):
    [note_id] = await write(served, "first")
    await rename(served, note_id, "second")
    event = (await served.feed())[-1]
    [state] = (await states(served, subject=[note_id])).json()
    told_anew = {"id", "time", "sequence", "correlationid", "traceparent", "data"}
    assert state.keys() == event.keys() - {"sequence"}
    assert {name: state[name] for name in state.keys() - told_anew} == {
        name: event[name] for name in event.keys() - told_anew
    }
    assert state["data"] == event["data"] | {"changed": []}


async def test_a_state_read_twice_is_one_event_and_a_changed_one_another(served):
    [note_id] = await write(served, "first")
    first, again = [(await states(served)).json()[0]["id"] for _ in range(2)]
    await rename(served, note_id, "second")
    changed = (await states(served)).json()[0]["id"]
    assert first == again != changed


async def test_pages_bring_every_record_once_in_order_of_subjects(served):
    notes = await write(served, *(f"note {number}" for number in range(7)))
    found, asked = [], {"limit": 3}
    path, pages = "/v1/events/states", 0
    reply = await states(served, **asked)
    while True:
        found += [one["subject"] for one in reply.json()]
        pages += 1
        if "next" not in reply.links:
            break
        reply = await served.client.get(reply.links["next"]["url"])
        assert reply.url.path == path
    assert (found, pages) == (notes, 3)


async def test_ids_there_are_not_are_left_out(served):
    notes = await write(served, "one", "two", "three")
    reply = await states(served, subject=[str(uuid4()), notes[2], notes[0], notes[0]])
    assert [one["subject"] for one in reply.json()] == [notes[0], notes[2]]
    assert "next" not in reply.links


async def test_the_feed_goes_on_where_the_states_were_read(served):
    """What is told after the cursor is newer than every state of the page."""
    [note_id] = await write(served, "first")
    await served.settle_feed()
    reply = await states(served)
    await rename(served, note_id, "second")
    later = await served.feed(reply.headers["Tandem-Cursor"])
    assert [(one["aggversion"], one["data"]["title"]) for one in later] == [(2, "second")]


async def test_after_a_restore_the_same_version_is_another_event(served):
    await write(served, "first")
    before = (await states(served)).json()[0]["id"]
    async with served.database.driver() as sql:
        await begin_epoch(sql)
    assert (await states(served)).json()[0]["id"] != before


@pytest.mark.parametrize(
    ("asked", "pointer", "code"),
    [
        ({"type": "tandem.sample.unheard-of.v1"}, "/query/type", "no_state"),
        ({"type": None}, "/query/type", "missing"),
        ({"after": str(uuid4()), "subject": str(uuid4())}, "/query/after", "excluded"),
        ({"limit": 501}, "/query/limit", "less_than_equal"),
        ({"after": "x"}, "/query/after", "uuid_parsing"),
        ({"subject": [str(UUID(int=one)) for one in range(201)]}, "/query/subject", "too_long"),
    ],
)
async def test_a_wrong_question_is_refused(served, asked, pointer, code):
    asked = {name: value for name, value in ({"type": NOTE} | asked).items() if value is not None}
    reply = await served.client.get("/v1/events/states", params=asked)
    assert reply.status_code == 422
    assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]


async def test_states_need_the_permission_of_the_feed(served):
    path = f"/v1/events/states?type={NOTE}"
    assert (await served.with_key("unknown").get(path)).status_code == 401
    assert (await (await served.as_("notes.read")).get(path)).status_code == 403
    assert (await (await served.as_("events.read")).get(path)).status_code == 200
