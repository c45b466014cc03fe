"""Contacts: the people at an account, with events of their own."""

import asyncio

import pytest

NOBODY = "01890000-0000-7000-8000-000000000000"


async def published(desk, contact):
    """Versions and changed fields of the contact's events, in order."""
    events = await desk.events_of(contact["id"])
    return [(one["aggregate_version"], one["payload"]["changed"]) for one in events]


async def primary_of(desk, account):
    """Ids of the account's primary contacts."""
    page = await desk.see(f"/v1/contacts?account_id={account['id']}&limit=200")
    return [one["id"] for one in page["items"] if one["primary"]]


async def test_a_contact_is_noted_and_published_whole(desk):
    """Its account is as it was: neither version nor event says anything of it."""
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
    [event] = await desk.events_of(contact["id"])
    assert (event["type"], event["topic"]) == ("tandem.crm.contact-changed.v1", "crm.contact.v1")
    hidden = {"phone_raw", "external_refs", "revision", "created_at", "updated_at", "erased_at"}
    hidden |= {"tags", "included"}
    state = {name: value for name, value in contact.items() if name not in hidden}
    state |= {"merged_into": None}
    assert event["payload"] == state | {"changed": sorted(state.keys() - {"id", "version"})}
    assert await desk.see(f"/v1/accounts/{account['id']}") == account
    assert len(await desk.events_of(account["id"])) == 1


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


async def test_each_change_of_a_person_is_published_once(desk, problem):
    account = await desk.account()
    contact = await desk.contact(account["id"], consent={"phone": "refused"})
    path = f"/v1/contacts/{contact['id']}"
    facts = {"title": "Head buyer", "consent": {"email": "granted"}}
    changed = (await desk.change(path, facts, revision=1)).json()
    assert changed["consent"] == {"email": "granted", "phone": "refused"}
    assert (changed["title"], changed["version"]) == ("Head buyer", 2)
    assert (await published(desk, contact))[1:] == [(2, ["consent", "title"])]
    again = await desk.change(path, facts | {"phone": ""}, revision=2)
    assert again.json() == changed
    assert len(await published(desk, contact)) == 2
    problem(await desk.change(path, facts, revision=1), 412, "stale_revision")


async def test_at_most_one_contact_is_primary(desk):
    account = await desk.account()
    first = await desk.contact(account["id"], primary=True)
    second = await desk.contact(account["id"], primary=True)
    stepped_back = await desk.see(f"/v1/contacts/{first['id']}")
    assert (stepped_back["primary"], stepped_back["version"]) == (False, 2)
    assert await primary_of(desk, account) == [second["id"]]
    assert (await published(desk, first))[1:] == [(2, ["primary"])]
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
    assert len(await primary_of(desk, account)) == 1


async def test_an_archived_contact_is_not_primary_any_more(desk):
    account = await desk.account()
    contact = await desk.contact(account["id"], primary=True)
    archived = await desk.crm.post(f"/v1/contacts/{contact['id']}/archive", None)
    assert (archived.json()["status"], archived.json()["primary"]) == ("archived", False)
    await desk.crm.post(f"/v1/contacts/{contact['id']}/restore", None)
    assert (await published(desk, contact))[1:] == [(2, ["primary", "status"]), (3, ["status"])]


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
    assert (await published(desk, made.json()))[1:] == [(2, ["name", "status"])]


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
    [seen] = (await desk.see(f"/v1/contacts?account_id={account['id']}"))["items"]
    assert (seen["name"], seen["id"]) == ("Hu Bo", outcomes[good]["id"])


async def sent_together(desk, account, version, *contacts):
    """What becomes of contacts that are sent in one batch: statuses and ids, in their order."""
    items = [
        {"source_version": version, "account_id": account["id"], "name": "Hu Bo"} | one
        for one in contacts
    ]
    reply = await desk.crm.post("/v1/contacts/by-external/shop/batch", {"items": items})
    return [(one["status"], one["id"]) for one in reply.json()["items"]]


async def test_of_a_batch_the_last_primary_contact_of_an_account_stays_so(desk):
    """As if each were sent alone; who was so far steps back with an event of its own."""
    account, keys = await desk.account(), [desk.word() for _ in range(3)]
    chief = await desk.contact(account["id"], primary=True)
    people = [{"external_id": key, "primary": at < 2} for at, key in enumerate(keys)]
    made = await sent_together(desk, account, 1, *people)
    assert [status for status, _ in made] == ["created"] * 3
    first, second, third = [one for _, one in made]
    assert await primary_of(desk, account) == [second]
    assert (await published(desk, chief))[1:] == [(2, ["primary"])]
    changed = await sent_together(
        desk,
        account,
        2,
        {"external_id": keys[2], "primary": True},
        {"external_id": keys[1], "title": "Buyer"},
        {"external_id": keys[0], "primary": True, "title": "Owner"},
    )
    assert [status for status, _ in changed] == ["unchanged", "updated", "updated"]
    assert await primary_of(desk, account) == [first]
    assert (await published(desk, {"id": second}))[1:] == [(2, ["primary"]), (3, ["title"])]
    assert len(await published(desk, {"id": third})) == 1


async def test_batches_of_accounts_and_of_their_contacts_at_once(desk):
    """Locks are taken in one order: nobody waits for the other."""
    keys = [desk.word() for _ in range(6)]
    accounts = [{"external_id": key, "name": "Acme"} for key in keys]
    await desk.crm.post("/v1/accounts/by-external/shop/batch", batch(accounts, 1))
    people = [
        {"external_id": f"{key} {at}", "account_external_id": key, "name": "Hu Bo"}
        for key in keys
        for at in range(3)
    ]

    async def send(kind, items, version, system):
        path = f"/v1/{kind}/by-external/{system}/batch"
        reply = await desk.crm.post(path, batch(items, version))
        return {one["status"] for one in reply.json()["items"]}

    renamed = [one | {"name": "Acme Ltd"} for one in accounts]
    outcomes = await asyncio.gather(
        send("accounts", renamed, 2, "shop"),
        send("contacts", people, 1, "shop"),
        send("contacts", people[::-1], 2, "shop"),
    )
    assert outcomes[0] == {"updated"}
    assert {"failed"}.isdisjoint(outcomes[1] | outcomes[2])


def batch(items, version):
    return {"items": [{"source_version": version} | one for one in items]}


async def test_two_thousand_contacts_leave_their_account_as_it_is(desk):
    """No event grows with the number of an account's contacts."""
    account = await desk.account()
    for begin in range(0, 2000, 500):
        people = [{"external_id": desk.word()} for _ in range(begin, begin + 500)]
        assert {status for status, _ in await sent_together(desk, account, 1, *people)} == {
            "created"
        }
    changed = await desk.change(f"/v1/accounts/{account['id']}", {"segment": "A"}, revision=1)
    assert changed.json()["revision"] == 2
    [event] = (await desk.events_of(account["id"]))[1:]
    assert "contacts" not in event["payload"]
