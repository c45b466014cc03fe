"""C14: contacts become one: the stricter consent stays unless a later permission is known."""

import pytest


async def patch(desk, contact_id, **values):
    reply = await desk.client.patch(
        f"/v1/contacts/{contact_id}", json=values, headers={"If-Match": "*"}
    )
    assert reply.is_success, reply.text


@pytest.mark.parametrize(
    ("mine", "theirs", "after"),
    [
        ("granted", "refused", "refused"),
        ("refused", "granted", "granted"),
        ("granted", "unknown", "granted"),
        ("unknown", "refused", "refused"),
        ("unknown", "granted", "granted"),
    ],
)
async def test_the_stricter_consent_stays_unless_a_later_one_is_known(
    desk, merger, mine, theirs, after
):
    """The loser is said last: its permission is later and the history has it, its refusal too."""
    account = await desk.account()
    winner = await desk.contact(account["id"], consent={"email": mine})
    loser = await desk.contact(account["id"], consent={"email": theirs})
    await merger.merged("contacts", winner["id"], loser["id"], fields={})
    contact = await merger.get(f"/v1/contacts/{winner['id']}")
    assert contact["consent"] == {"email": after, "phone": "unknown"}


async def test_a_permission_from_before_the_refusal_is_none(desk, merger):
    account = await desk.account()
    loser = await desk.contact(account["id"], consent={"phone": "granted"})
    winner = await desk.contact(account["id"])
    await patch(desk, winner["id"], consent={"phone": "refused"})
    await merger.merged("contacts", winner["id"], loser["id"], fields={"consent": "loser"})
    contact = await merger.get(f"/v1/contacts/{winner['id']}")
    assert contact["consent"]["phone"] == "refused"


async def test_the_first_of_the_account_stays_its_first(desk, merger):
    account = await desk.account()
    winner = await desk.contact(account["id"], title="Buyer")
    loser = await desk.contact(account["id"], primary=True, email="lin@mill.example")
    done = await merger.merged("contacts", winner["id"], loser["id"])
    contact = await merger.get(f"/v1/contacts/{winner['id']}")
    assert (contact["primary"], contact["title"]) == (True, "Buyer")
    assert contact["email"] == "lin@mill.example"
    assert (await merger.get(f"/v1/contacts/{loser['id']}"))["id"] == winner["id"]
    await merger.undone(done["id"])
    again = await merger.get(f"/v1/contacts/{loser['id']}")
    assert (again["id"], again["primary"], again["status"]) == (loser["id"], True, "active")
    contact = await merger.get(f"/v1/contacts/{winner['id']}")
    assert (contact["primary"], contact["email"]) == (False, "")


async def test_contacts_of_two_accounts_become_one(desk, merger):
    here, there = await desk.account(), await desk.account()
    winner = await desk.contact(here["id"])
    loser = await desk.contact(there["id"], primary=True)
    await merger.merged("contacts", winner["id"], loser["id"])
    contact = await merger.get(f"/v1/contacts/{winner['id']}")
    assert (contact["account_id"], contact["primary"]) == (here["id"], False)
