"""A customer's ETag: it changes with what is edited here, not with what a linked CRM leads in."""

import pytest

PATH = "/v1/customers"


@pytest.fixture
async def sent(desk):
    """Sends the customer of a CRM, once more with each call."""
    external_id, version = desk.word(), 0

    async def send(**facts):
        nonlocal version
        version += 1
        reply = await desk.send(PATH, external_id, version, **facts)
        assert reply.is_success, reply.text
        return reply

    return send


async def test_what_the_crm_leads_in_leaves_it(desk, sent):
    customer = (await sent(name="Lakeside")).json()
    changed = await sent(name="Lakeside Hotel", phone="+49 30 1234567", ship_to={"city": "Kiel"})
    assert (changed.headers["ETag"], changed.json()["revision"]) == ('"1"', 2)
    facts = {"legal_name": "Lakeside AG"}
    edited = await desk.change(f"{PATH}/{customer['id']}", facts, revision=1)
    assert (edited.headers["ETag"], edited.json()["revision"]) == ('"2"', 3)
    assert (edited.json()["name"], edited.json()["legal_name"]) == ("Lakeside Hotel", "Lakeside AG")
    told = await desk.events_of(customer["id"])
    assert [one["aggregate_version"] for one in told] == [1, 2, 3]
    assert [one["payload"]["version"] for one in told] == [1, 2, 3]


async def test_a_link_leaves_it(desk):
    customer = await desk.customer()
    facts = {"system": "crm", "external_id": desk.word()}
    linked = await desk.erp.post(f"{PATH}/{customer['id']}/external-refs", facts)
    assert (linked.headers["ETag"], linked.json()["revision"]) == ('"1"', 1)


@pytest.mark.parametrize("facts", [{"tax_id": "DE 77"}, {"name": "B", "payment_terms_days": 7}])
async def test_what_is_edited_here_changes_it_though_the_crm_sends_it(desk, problem, sent, facts):
    customer = (await sent(name="Lakeside")).json()
    assert (await sent(**facts)).headers["ETag"] == '"2"'
    edited = await desk.change(f"{PATH}/{customer['id']}", {"tax_id": "DE 1"}, revision=1)
    problem(edited, 412, "stale_revision")


@pytest.mark.parametrize("copied", [0, 1])
async def test_of_two_with_one_etag_one_is_refused_whenever_a_copy_lands(
    desk, problem, sent, copied
):
    customer = (await sent(name="Lakeside")).json()
    path, replies = f"{PATH}/{customer['id']}", []
    for number in range(2):
        if copied == number:
            await sent(name="Lakeside Hotel")
        replies.append(await desk.change(path, {"legal_name": f"Of {number}"}, revision=1))
    assert replies[0].status_code == 200
    problem(replies[1], 412, "stale_revision")
    assert (await desk.see(path))["legal_name"] == "Of 0"


async def test_another_system_that_does_not_lead_changes_it(desk):
    customer = (await desk.send(PATH, desk.word(), 1, system="shop", name="Lakeside")).json()
    [ref] = customer["external_refs"]
    again = await desk.send(PATH, ref["external_id"], 2, system="shop", name="Lakeside Hotel")
    assert (again.json()["version"], again.json()["revision"]) == (2, 2)
