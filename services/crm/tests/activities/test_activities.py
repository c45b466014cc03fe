"""Activities: planned, logged, completed, cancelled, put to another time, found and sent."""

from uuid import uuid4

import asyncpg
import pytest

PATH = "/v1/activities"
MEETING = {"starts_at": "2030-01-02T01:00:00Z", "ends_at": "2030-01-02T02:00:00Z"}
PAST = "2020-01-02T01:00:00Z"


async def test_each_kind_has_what_belongs_to_it(diary):
    """A logged e-mail is done; a call is outbound and open unless it is said otherwise."""
    task = await diary.add(due_on="2030-01-02", remind_at="2030-01-01T01:00:00Z")
    assert (task["state"], task["direction"], task["priority"]) == ("open", None, "normal")
    call = await diary.add(kind="call", due_at="2030-01-02T01:00:00Z")
    assert (call["state"], call["direction"]) == ("open", "outbound")
    meeting = await diary.add(kind="meeting", location="Ningbo", **MEETING)
    assert (meeting["state"], meeting["done_at"]) == ("open", None)
    mail = await diary.add(kind="email", direction="inbound", starts_at=PAST)
    assert (mail["state"], mail["done_at"]) == ("done", PAST)
    logged = await diary.add(kind="call", state="done", starts_at=PAST, direction="inbound")
    assert (logged["state"], logged["done_at"]) == ("done", PAST)


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"kind": "meeting"}, "/starts_at"),
        ({"kind": "meeting", "starts_at": PAST, "ends_at": "2020-01-01T01:00:00Z"}, "/ends_at"),
        ({"kind": "task", "starts_at": PAST}, "/starts_at"),
        ({"kind": "email"}, "/direction"),
        ({"kind": "email", "direction": "inbound", "due_on": "2030-01-01"}, "/due_on"),
        ({"kind": "call", "ends_at": PAST}, "/ends_at"),
        ({"kind": "task", "due_on": "2030-01-01", "due_at": PAST}, "/due_at"),
        ({"kind": "task", "direction": "inbound"}, "/direction"),
        ({"kind": "task", "state": "done", "done_at": "2999-01-01T00:00:00Z"}, "/done_at"),
        ({"kind": "task", "record_type": "account"}, "/record_id"),
        ({"kind": "task", "record_type": "gossip", "record_id": str(uuid4())}, "/record_type"),
        ({"kind": "lunch"}, "/kind"),
    ],
)
async def test_what_does_not_fit_the_kind_is_refused(diary, problem, values, pointer):
    refused = problem(await diary.crm.post(PATH, {"name": "x"} | values), 422, "invalid_input")
    assert pointer in [one["pointer"] for one in refused["errors"]]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("state = 'done'", "done_has_time"),
        ("kind = 'meeting'", "times_of_kind"),
        ("starts_at = now()", "times_of_kind"),
        ("due_on = '2030-01-01', due_at = now()", "due_once"),
        ("direction = 'inbound'", "direction_of_kind"),
        ("record_type = 'account'", "record_whole"),
        ("name = ''", "name_given"),
        ("reminded_at = now()", "reminded_of_reminder"),
        ("kind = 'call', direction = 'inbound', ends_at = now()", "starts_before_it_ends"),
    ],
)
async def test_the_database_refuses_what_does_not_fit(diary, change, constraint):
    made = await diary.add()
    async with diary.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match=f"ck_activity_{constraint}"):
            await sql.execute(f"update activity set {change} where id = $1", made["id"])


async def test_states_follow_one_another_as_the_table_says(diary, problem):
    made = await diary.add()
    done = (await diary.act(made, "complete", outcome="Agreed.")).json()
    assert (done["activity"]["state"], done["activity"]["outcome"]) == ("done", "Agreed.")
    assert done["next"] is None
    problem(await diary.act(made, "complete"), 409, "activity_state_refused")
    problem(await diary.act(made, "cancel"), 409, "activity_state_refused")
    problem(await diary.act(made, "reschedule", due_on="2030-01-01"), 409, "activity_state_refused")
    again = (await diary.act(made, "reopen")).json()
    assert (again["state"], again["done_at"], again["outcome"]) == ("open", None, "Agreed.")
    problem(await diary.act(made, "reopen"), 409, "activity_state_refused")
    gone = (await diary.act(made, "cancel", outcome="Moved away.")).json()
    assert (gone["state"], gone["outcome"]) == ("cancelled", "Moved away.")
    problem(await diary.act(made, "complete"), 409, "activity_state_refused")


async def test_the_next_follow_up_is_made_with_the_completion(diary, desk, problem):
    """On the same record, with the same people and owner; a wrong one leaves all as it was."""
    account = await desk.account()
    contact = await desk.contact(account["id"])
    owner, _ = await diary.person()
    made = await diary.add(
        kind="call",
        record_type="account",
        record_id=account["id"],
        contact_ids=[contact["id"]],
        owner_id=owner,
    )
    wrong = {"kind": "meeting", "name": "Visit"}
    problem(await diary.act(made, "complete", next=wrong), 422, "invalid_input")
    assert (await desk.see(f"{PATH}/{made['id']}"))["state"] == "open"
    following = {"kind": "task", "name": "Send the offer", "due_on": "2030-01-05"}
    reply = await diary.act(made, "complete", outcome="Wants an offer.", next=following)
    assert reply.status_code == 200, reply.text
    new = reply.json()["next"]
    assert (new["state"], new["due_on"], new["owner_id"]) == ("open", "2030-01-05", owner)
    assert (new["record_id"], new["contact_ids"]) == (account["id"], [contact["id"]])


async def test_rescheduling_puts_a_day_in_place_of_an_instant(diary, problem):
    made = await diary.add(due_at="2030-01-02T01:00:00Z", remind_at="2030-01-01T01:00:00Z")
    moved = (await diary.act(made, "reschedule", due_on="2030-02-02")).json()
    assert (moved["due_on"], moved["due_at"]) == ("2030-02-02", None)
    assert moved["remind_at"] == "2030-01-01T01:00:00Z"
    problem(await diary.act(made, "reschedule"), 422, "invalid_input")
    meeting = await diary.add(kind="meeting", **MEETING)
    late = {"starts_at": "2030-01-02T03:00:00Z"}
    problem(await diary.act(meeting, "reschedule", **late), 422, "invalid_input")


async def test_a_logging_system_sends_an_activity_once(diary, desk, problem):
    """C6: the same external id makes one activity; it names the record by its own id."""
    account, key = await desk.account(), uuid4().hex
    link = {"system": "pbx", "external_id": key}
    assert (await diary.crm.post(f"/v1/accounts/{account['id']}/external-refs", link)).is_success
    path = f"{PATH}/by-external/pbx/{key}"
    call = {"kind": "call", "name": "Call", "state": "done", "starts_at": PAST}
    about = {"record_type": "account", "record_external_id": key}
    first = await desk.client.put(path, json=call | about | {"source_version": 1})
    assert first.status_code == 201, first.text
    assert (first.json()["record_id"], first.json()["done_at"]) == (account["id"], PAST)
    again = await desk.client.put(path, json=call | about | {"source_version": 1})
    assert (again.status_code, again.json()["version"]) == (200, 1)
    assert await diary.listed(external_system="pbx", external_id=key) == [first.json()["id"]]
    other = await desk.client.put(path, json={"kind": "task", "source_version": 2})
    assert problem(other, 422, "invalid_input")["errors"][0]["pointer"] == "/kind"
    unknown = about | {"record_external_id": "nobody", "source_version": 3}
    problem(await desk.client.put(path, json=unknown), 422, "missing_reference")


async def test_lists_are_asked_by_owner_kind_state_day_and_record(diary, desk):
    account = await desk.account()
    contact = await desk.contact(account["id"])
    owner, _ = await diary.person()
    about = {"record_type": "account", "record_id": account["id"], "owner_id": owner}
    task = await diary.add(due_on="2031-03-05", **about)
    call = await diary.add(kind="call", due_at="2031-03-06T03:00:00Z", **about)
    related = [{"record_type": "account", "record_id": account["id"]}]
    meeting = await diary.add(
        kind="meeting",
        related=related,
        contact_ids=[contact["id"]],
        user_ids=[owner],
        starts_at="2031-03-07T03:00:00Z",
        ends_at="2031-03-07T04:00:00Z",
    )
    ids = [one["id"] for one in (meeting, call, task)]
    assert await diary.listed(record_id=account["id"]) == ids
    assert await diary.listed(record_id=account["id"], sort="due") == ids[::-1]
    assert await diary.listed(record_id=contact["id"], record_type="contact") == ids[:1]
    assert await diary.listed(owner_id=owner, kind="task,call") == ids[1:]
    assert await diary.listed(user_id=owner) == ids[:1]
    days = {"due_from": "2031-03-06", "due_to": "2031-03-07"}
    assert await diary.listed(record_id=account["id"], **days) == ids[:2]
    assert await diary.listed(owner_id=owner, due_to="2031-03-05") == ids[2:]
    await diary.act(task, "complete")
    assert await diary.listed(owner_id=owner, state="done") == ids[2:]


async def test_a_list_of_days_that_is_reversed_is_refused(desk, problem):
    days = {"due_from": "2031-03-06", "due_to": "2031-03-05"}
    problem(await desk.client.get(PATH, params=days), 422, "invalid_input")


async def test_words_of_name_text_and_place_find_it(diary):
    word = uuid4().hex
    made = await diary.add(text=f"About {word}", location="Ningbo")
    assert await diary.listed(q=word.upper()) == [made["id"]]
    assert await diary.listed(q=f"{word} ningbo") == [made["id"]]


async def test_each_change_is_published_with_its_fields(diary):
    made = await diary.add()
    await diary.act(made, "complete", outcome="Yes.")
    events = [one for one in await diary.crm.feed() if one["subject"] == made["id"]]
    assert {one["type"] for one in events} == {"tandem.crm.activity-changed.v1"}
    assert events[-1]["data"]["changed"] == ["done_at", "outcome", "state"]
    assert (events[-1]["data"]["state"], events[-1]["data"]["outcome"]) == ("done", "Yes.")


async def test_what_it_names_must_be_there_and_owners_active(diary, desk, problem):
    for values in (
        {"record_type": "account", "record_id": str(uuid4())},
        {"related": [{"record_type": "order", "record_id": str(uuid4())}]},
        {"contact_ids": [str(uuid4())]},
        {"user_ids": [str(uuid4())]},
        {"owner_id": str(uuid4())},
        {"team_id": str(uuid4())},
    ):
        reply = await diary.crm.post(PATH, {"kind": "task", "name": "x"} | values)
        problem(reply, 422, "missing_reference")
    gone = await desk.user()
    assert (await diary.crm.post(f"/v1/users/{gone['id']}/disable", None)).is_success
    disabled = {"kind": "task", "name": "x", "owner_id": gone["id"]}
    refused = problem(await diary.crm.post(PATH, disabled), 422, "invalid_input")
    assert refused["errors"][0]["pointer"] == "/owner_id"


async def test_files_hold_activities_and_bring_them_back(diary, desk):
    account = await desk.account()
    made = await diary.add(record_type="account", record_id=account["id"], due_on="2030-01-02")
    reply = await desk.client.get(f"{PATH}/export", params={"record_id": account["id"]})
    assert reply.status_code == 200, reply.text
    head, row = reply.text.lstrip("\ufeff").splitlines()[:2]
    values = dict(zip(head.split(","), row.split(","), strict=True))
    assert (values["id"], values["kind"], values["due_on"]) == (made["id"], "task", "2030-01-02")
    assert values["record_id"] == account["id"]
