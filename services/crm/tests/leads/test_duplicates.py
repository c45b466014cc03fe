"""C7 to C11, C66: hints that a lead is somebody who is known already."""

from uuid import uuid4

import pytest

PATH = "/v1/leads"


async def hints(client, lead):
    """What a lead may be: type and id to its hint."""
    reply = await client.get(f"{PATH}/{lead['id']}/duplicates")
    assert reply.status_code == 200, reply.text
    items = reply.json()["items"]
    assert [one["score"] for one in items] == sorted((o["score"] for o in items), reverse=True)
    for one in items:
        assert one["score"] == sum(reason["points"] for reason in one["reasons"])
    return {(one["record_type"], one["id"]): one for one in items}


def why(hint):
    return {one["reason"]: one["points"] for one in hint["reasons"]}


async def test_a_lead_is_hinted_at_by_address_number_and_firm(crm, desk):
    """C7, C8, C10, C11: leads, contacts and accounts, each with a score and its reasons."""
    word = uuid4().hex[:12]
    number = f"138{int(word[:8], 16) % 10**8:08d}"
    account = await desk.account(name=f"Mill {word} GmbH", phone=f"+86 {number}")
    contact = await desk.contact(
        account["id"], name="Wei Lin", email=f"Lin@{word}.example", phone=""
    )
    other = await desk.add(PATH, name="Lin Wei", email=f"lin@{word}.EXAMPLE")
    lead = await desk.add(
        PATH,
        name="LIN Wei",
        email=f"LIN@{word}.example",
        phone=number,
        company=f"Mill {word}, Inc.",
        address={"country": "CN"},
    )
    found = await hints(crm.client, lead)
    assert found.keys() == {
        ("account", account["id"]),
        ("contact", contact["id"]),
        ("lead", other["id"]),
    }
    assert why(found["contact", contact["id"]]) == {"email": 65, "name": 25, "company": 15}
    assert why(found["lead", other["id"]]) == {"email": 65, "name": 25}
    assert why(found["account", account["id"]]) == {"phone": 45, "company": 15}


async def test_free_mail_links_nobody(crm, desk):
    """C10: two persons with addresses at one provider have nothing in common."""
    word = uuid4().hex
    await desk.account(name=f"Tea {word}", email=f"tea{word}@gmail.com")
    lead = await desk.add(PATH, name=f"Xu {word}", email=f"xu{word}@gmail.com")
    assert await hints(crm.client, lead) == {}


async def test_a_dismissed_pair_stays_so_until_a_compared_field_changes(crm, desk, problem):
    """C11: from either side."""
    email = f"lin@{uuid4().hex}.example"
    one = await desk.add(PATH, name="Lin", email=email)
    other = await desk.add(PATH, name="Lin", email=email)
    said = {"record_type": "lead", "record_id": other["id"]}
    done = await crm.post(f"{PATH}/{one['id']}/duplicates/dismiss", said)
    assert done.status_code == 204, done.text
    assert await hints(crm.client, one) == await hints(crm.client, other) == {}
    await desk.change(f"{PATH}/{other['id']}", {"note": "Lamps."}, revision=1)
    assert await hints(crm.client, one) == {}
    await desk.change(f"{PATH}/{other['id']}", {"name": "Lin Wei"}, revision=2)
    assert await hints(crm.client, one) != {}
    unknown = {"record_type": "contact", "record_id": str(uuid4())}
    reply = await crm.post(f"{PATH}/{one['id']}/duplicates/dismiss", unknown)
    problem(reply, 422, "missing_reference")


@pytest.mark.parametrize("kind", ["lead", "contact"])
async def test_a_strangers_record_is_no_hint(desk, problem, kind):
    """C66."""
    west = await desk.add("/v1/teams", name=desk.word("West"))
    owner, user = await desk.user(), await desk.user(team_id=west["id"])
    login = {"login": user["login"], "password": "correct horse battery"}
    session = (await desk.client.post("/v1/sessions", json=login)).json()
    client = desk.crm.with_key(session["token"])
    email = f"lin@{uuid4().hex}.example"
    if kind == "lead":
        hidden = await desk.add(PATH, name="Lin", email=email, owner_id=owner["id"])
    else:
        account = await desk.account(owner_id=owner["id"])
        hidden = await desk.contact(account["id"], name="Lin", email=email)
    lead = await desk.add(PATH, name="Lin", email=email)
    assert (kind, hidden["id"]) in await hints(desk.client, lead)
    assert await hints(client, lead) == {}
    reply = await client.post(
        f"{PATH}/{lead['id']}/duplicates/dismiss",
        json={"record_type": kind, "record_id": hidden["id"]},
        headers={"Idempotency-Key": uuid4().hex},
    )
    problem(reply, 422, "missing_reference")


async def test_an_erased_lead_is_no_hint(crm, desk):
    email = f"lin@{uuid4().hex}.example"
    gone = await desk.add(PATH, name="Lin", email=email)
    lead = await desk.add(PATH, name="Lin", email=email)
    assert ("lead", gone["id"]) in await hints(crm.client, lead)
    assert (await crm.post(f"{PATH}/{gone['id']}/erase", None)).is_success
    assert await hints(crm.client, lead) == {}
