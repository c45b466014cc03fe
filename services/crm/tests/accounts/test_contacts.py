"""Contacts: the people at an account, part of it in all that is told."""

import asyncio

import pytest

NOBODY = "01890000-0000-7000-8000-000000000000"


async def state(desk, account):
    """Names of the contacts as the account's newest event tells them, and its version."""
    event = (await desk.events_of(account["id"]))[-1]
    return [one["name"] for one in event["payload"]["contacts"]], event["aggregate_version"]


async def test_a_contact_is_noted_and_the_account_tells_it(desk):
    account = await desk.account()
    contact = await desk.contact(
        account["id"],
        name="Sun Li",
        title="Buyer",
        email="Sun@Acme.example",
        phone="138 1234 5678",
        consent={"email": "granted"},
        primary=True,
    )
    assert contact["consent"] == {"email": "granted", "phone": "unknown"}
    assert (contact["phone"], contact["version"]) == ("+8613812345678", 1)
    assert await desk.see(f"/v1/contacts/{contact['id']}") == contact
    [_, event] = await desk.events_of(account["id"])
    assert event["payload"]["changed"] == ["contacts"]
    [told] = event["payload"]["contacts"]
    assert told == {name: contact[name] for name in told}
    seen = await desk.see(f"/v1/accounts/{account['id']}")
    assert (seen["version"], seen["revision"]) == (account["version"], 2)


async def test_a_contact_of_no_account_is_a_missing_reference(desk, problem):
    reply = await desk.crm.post("/v1/contacts", {"account_id": NOBODY, "name": "Sun Li"})
    told = problem(reply, 422, "missing_reference")
    assert told["facts"] == {"entity": "account", "reference": NOBODY}


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("name", "", "/name"),
        ("email", "nobody", "/email"),
        ("consent", {"email": "maybe"}, "/consent/email"),
        ("primary", "yes", "/primary"),
        ("account_id", None, "/account_id"),
    ],
)
async def test_wrong_facts_are_refused_where_they_stand(desk, problem, field, value, pointer):
    facts = {"account_id": NOBODY, "name": "Sun Li"}
    told = problem(
        await desk.crm.post("/v1/contacts", facts | {field: value}), 422, "invalid_input"
    )
    assert [error["pointer"] for error in told["errors"]] == [pointer]


async def test_changing_a_person_changes_person_and_account(desk, problem):
    account = await desk.account()
    contact = await desk.contact(account["id"], consent={"phone": "refused"})
    path = f"/v1/contacts/{contact['id']}"
    facts = {"title": "Head buyer", "consent": {"email": "granted"}}
    changed = (await desk.change(path, facts, revision=1)).json()
    assert changed["consent"] == {"email": "granted", "phone": "refused"}
    assert (changed["title"], changed["version"]) == ("Head buyer", 2)
    assert await state(desk, account) == ([contact["name"]], 3)
    again = await desk.change(path, facts | {"phone": ""}, revision=2)
    assert again.json() == changed
    assert await state(desk, account) == ([contact["name"]], 3)
    problem(await desk.change(path, facts, revision=1), 412, "stale_revision")


async def test_at_most_one_contact_is_primary(desk):
    account = await desk.account()
    first = await desk.contact(account["id"], primary=True)
    second = await desk.contact(account["id"], primary=True)
    stepped_back = await desk.see(f"/v1/contacts/{first['id']}")
    assert (stepped_back["primary"], stepped_back["version"]) == (False, 2)
    assert await state(desk, account) == ([second["name"], first["name"]], 3)
    await desk.change(f"/v1/contacts/{first['id']}", {"primary": True}, revision=2)
    assert not (await desk.see(f"/v1/contacts/{second['id']}"))["primary"]
    await desk.change(f"/v1/contacts/{first['id']}", {"title": "Owner"}, revision=3)
    assert (await desk.see(f"/v1/contacts/{first['id']}"))["primary"]


async def test_of_many_who_become_primary_at_once_one_stays_so(desk):
    """The account's row puts them in line; the unique index would refuse the second."""
    account = await desk.account()
    made = await asyncio.gather(*(desk.contact(account["id"], primary=True) for _ in range(8)))
    seen = [await desk.see(f"/v1/contacts/{one['id']}") for one in made]
    assert sum(one["primary"] for one in seen) == 1
    names, version = await state(desk, account)
    assert (len(names), version) == (8, 9)


async def test_an_archived_contact_is_not_told_any_more(desk):
    account = await desk.account()
    contact = await desk.contact(account["id"], primary=True)
    archived = await desk.crm.post(f"/v1/contacts/{contact['id']}/archive", None)
    assert (archived.json()["status"], archived.json()["primary"]) == ("archived", False)
    assert await state(desk, account) == ([], 3)
    await desk.crm.post(f"/v1/contacts/{contact['id']}/restore", None)
    assert await state(desk, account) == ([contact["name"]], 4)


async def test_contacts_are_found_by_who_they_are_and_where(desk):
    account, word = await desk.account(), desk.word("who")
    one = await desk.contact(account["id"], name=f"{word} 周静", phone="+55 11 8765-4321")
    two = await desk.contact(account["id"], email=f"{word}@acme.example", title=f"{word} chief")
    await desk.crm.post(f"/v1/contacts/{two['id']}/archive", None)
    assert await desk.listed("/v1/contacts", account_id=account["id"]) == [two["id"], one["id"]]
    assert await desk.listed("/v1/contacts", account_id=account["id"], status="active") == [
        one["id"]
    ]
    assert await desk.listed("/v1/contacts", q=f"{word}zhou") == [one["id"]]
    assert await desk.listed("/v1/contacts", q=f"{word} CHIEF") == [two["id"]]
    assert await desk.listed("/v1/contacts", email=f"{word.lower()}@ACME.example") == [two["id"]]
    assert one["id"] in await desk.listed("/v1/contacts", phone="98765 4321")


async def test_a_contact_is_linked_once(desk, problem):
    account = await desk.account()
    one, two = [await desk.contact(account["id"]) for _ in range(2)]
    ref = {"system": "mail", "external_id": desk.word()}
    path = "/v1/contacts/{}/external-refs"
    for _ in range(2):
        linked = await desk.crm.post(path.format(one["id"]), ref)
        assert (linked.json()["external_refs"], linked.json()["version"]) == ([ref], 1)
    problem(await desk.crm.post(path.format(two["id"]), ref), 409, "already_linked")


async def test_another_system_sends_people_of_accounts_it_sent(desk, problem):
    """B41, B43: by its own ids, however often."""
    account_key, key = desk.word(), desk.word()
    facts = {"account_external_id": account_key, "name": "Hu Bo"}
    early = await desk.send("/v1/contacts", key, 1, **facts)
    told = problem(early, 422, "missing_reference")
    assert told["facts"] == {"entity": "account", "reference": f"shop {account_key}"}
    account = (await desk.send("/v1/accounts", account_key, 1, name="Acme")).json()
    made = await desk.send("/v1/contacts", key, 1, **facts)
    assert (made.status_code, made.headers["Tandem-Outcome"]) == (201, "created")
    assert made.json()["account_id"] == account["id"]
    again = await desk.send("/v1/contacts", key, 1, **facts)
    assert (again.status_code, again.headers["Tandem-Outcome"]) == (200, "unchanged")
    same = await desk.send("/v1/contacts", key, 2, name="Hu Bo")
    assert same.headers["Tandem-Outcome"] == "unchanged"
    newer = await desk.send("/v1/contacts", key, 3, name="Hu Bowen", status="archived")
    assert (newer.headers["Tandem-Outcome"], newer.json()["status"]) == ("updated", "archived")
    assert await state(desk, account) == ([], 3)


async def test_a_sent_contact_is_whole_and_stays_at_its_account(desk, problem):
    account, other = await desk.account(), await desk.account()
    key = desk.word()
    told = problem(await desk.send("/v1/contacts", key, 1), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == ["/account_id", "/name"]
    await desk.send("/v1/contacts", key, 1, account_id=account["id"], name="Hu Bo")
    moved = await desk.send("/v1/contacts", key, 2, account_id=other["id"])
    told = problem(moved, 422, "invalid_input")
    assert [error["code"] for error in told["errors"]] == ["account_fixed"]


async def test_an_archived_contact_that_is_sent_as_primary_moves_nobody(desk):
    account = await desk.account()
    chief = await desk.contact(account["id"], primary=True)
    key = desk.word()
    sent = await desk.send(
        "/v1/contacts", key, 1, account_id=account["id"], name="X", primary=True, status="archived"
    )
    assert sent.status_code == 201
    assert (await desk.see(f"/v1/contacts/{chief['id']}"))["primary"]
    back = await desk.send("/v1/contacts", key, 2, status="active")
    assert back.json()["primary"]
    assert not (await desk.see(f"/v1/contacts/{chief['id']}"))["primary"]


async def test_a_batch_judges_each_person_alone(desk):
    """B44: one bad item does not fail the others."""
    account = await desk.account()
    good, bad = desk.word(), desk.word()
    items = [
        {"external_id": good, "source_version": 1, "account_id": account["id"], "name": "Hu Bo"},
        {"external_id": bad, "source_version": 1, "account_id": NOBODY, "name": "Nobody"},
    ]
    reply = await desk.crm.post("/v1/contacts/by-external/shop/batch", {"items": items})
    outcomes = {one["external_id"]: one for one in reply.json()["items"]}
    assert outcomes[good]["status"] == "created"
    assert outcomes[bad]["problem"]["code"] == "missing_reference"
    assert await state(desk, account) == (["Hu Bo"], 2)
