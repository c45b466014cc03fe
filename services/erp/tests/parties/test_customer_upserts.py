"""Customers that other systems send: once each, however often and however concurrently."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from chassis.telemetry.trace import Trace

PATH = "/v1/customers"


async def test_a_first_sight_makes_the_customer(desk):
    account = desk.word("account")
    reply = await desk.send(PATH, account, 3, name="Lakeside", email="a@b.example")
    customer = reply.json()
    assert reply.status_code == 201
    assert reply.headers["Tandem-Outcome"] == "created"
    assert reply.headers["ETag"] == '"1"'
    assert reply.headers["Location"] == f"{PATH}/{customer['id']}"
    assert customer["external_refs"] == [{"system": "crm", "external_id": account}]
    assert len(await desk.events_of(customer["id"])) == 1


async def test_a_newer_version_changes_what_it_carries_only(desk):
    """B41: what the sender does not own stays as it is here."""
    account = desk.word("account")
    first = (await desk.send(PATH, account, 1, name="Lakeside", payment_terms_days=14)).json()
    reply = await desk.send(PATH, account, 2, name="Lakeside Hotel")
    changed = reply.json()
    assert reply.status_code == 200
    assert reply.headers["Tandem-Outcome"] == "updated"
    assert (changed["id"], changed["revision"]) == (first["id"], 2)
    assert (changed["name"], changed["payment_terms_days"]) == ("Lakeside Hotel", 14)
    assert (await desk.events_of(first["id"]))[1]["payload"]["changed"] == ["name"]


@pytest.mark.parametrize(("version", "outcome"), [(5, "unchanged"), (4, "stale"), (1, "stale")])
async def test_a_version_that_is_not_newer_changes_nothing(desk, version, outcome):
    """B41, B42: neither late nor repeated documents have an effect."""
    account = desk.word("account")
    customer = (await desk.send(PATH, account, 5, name="New name")).json()
    reply = await desk.send(PATH, account, version, name="Old name")
    assert reply.status_code == 200
    assert reply.headers["Tandem-Outcome"] == outcome
    assert reply.json() == customer
    assert len(await desk.events_of(customer["id"])) == 1


async def test_a_newer_version_with_the_same_content_is_no_change(desk):
    """B45: no event, so nothing travels back; the version taken is noted all the same."""
    account = desk.word("account")
    customer = (await desk.send(PATH, account, 1, name="Same")).json()
    reply = await desk.send(PATH, account, 7, name="Same")
    assert reply.headers["Tandem-Outcome"] == "unchanged"
    assert reply.json() == customer
    assert len(await desk.events_of(customer["id"])) == 1
    late = await desk.send(PATH, account, 6, name="Late")
    assert late.headers["Tandem-Outcome"] == "stale"


async def test_twenty_at_once_make_one_customer(desk):
    """B43: the uniqueness of the foreign id is the database's."""
    account = desk.word("account")
    replies = await asyncio.gather(
        *(desk.send(PATH, account, 1, name="Only one") for _ in range(20))
    )
    outcomes = sorted(reply.headers["Tandem-Outcome"] for reply in replies)
    assert outcomes == ["created"] + ["unchanged"] * 19
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert await desk.count("customer", "name = 'Only one'") == 1
    assert len(await desk.events_of(replies[0].json()["id"])) == 1


async def test_twenty_versions_at_once_end_with_the_newest(desk):
    """B41: whatever the order of arrival; and the versions told have no gap (B04)."""
    account = desk.word("account")
    customer = (await desk.send(PATH, account, 1, name="v1")).json()
    await asyncio.gather(*(desk.send(PATH, account, n, name=f"v{n}") for n in range(2, 22)))
    assert (await desk.see(f"{PATH}/{customer['id']}"))["name"] == "v21"
    events = await desk.events_of(customer["id"])
    assert [e["aggregate_version"] for e in events] == list(range(1, len(events) + 1))


async def test_a_lost_reply_is_followed_by_the_same_answer(desk):
    """B42: the sender repeats; one effect, and the record as it is."""
    account = desk.word("account")
    lost = await desk.send(PATH, account, 1, name="Once")
    again = await desk.send(PATH, account, 1, name="Once")
    assert again.status_code == 200
    assert again.json() == lost.json()


async def test_the_origin_of_a_bridged_change_is_kept(desk):
    """B45, B47: who receives the event can tell its echo."""
    told = {"Tandem-Origin": "crm", "Tandem-Hops": "1"}
    scopes = ("parties.write", "events.relay")
    client = await desk.erp.as_(*scopes, systems=["crm"], headers=told)
    path = f"{PATH}/by-external/crm/{desk.word('account')}"
    reply = await client.put(path, json={"name": "From afar", "source_version": 1})
    [event] = await desk.events_of(reply.json()["id"])
    assert event["origin"] == "crm"


async def test_a_new_one_needs_a_name(desk, problem):
    told = problem(await desk.send(PATH, desk.word(), 1, phone="1"), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == ["/name"]


async def test_a_refused_first_sight_leaves_no_link(desk, problem):
    """B01: the link goes with the rest; the corrected document is a first sight again."""
    holder = await desk.customer(tax_id=desk.word("TAX"))
    account = desk.word("account")
    refused = await desk.send(PATH, account, 1, name="Twin", tax_id=holder["tax_id"])
    told = problem(refused, 409, "duplicate_tax_id")
    assert told["facts"]["existing_id"] == holder["id"]
    assert (await desk.send(PATH, account, 1, name="Twin")).status_code == 201


async def test_the_same_tax_id_from_two_sides_at_once_makes_one_customer(desk):
    tax_id = desk.word("TAX")
    replies = await asyncio.gather(
        *(desk.send(PATH, desk.word(), 1, name="Race", tax_id=tax_id) for _ in range(8))
    )
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 7
    made = next(reply.json() for reply in replies if reply.status_code == 201)
    for refused in (reply.json() for reply in replies if reply.status_code == 409):
        assert refused["facts"]["existing_id"] == made["id"]


async def test_the_sender_may_archive_and_restore(desk):
    account = desk.word("account")
    await desk.send(PATH, account, 1, name="Gone")
    assert (await desk.send(PATH, account, 2, status="archived")).json()["status"] == "archived"
    assert (await desk.send(PATH, account, 3, phone="1")).json()["status"] == "archived"
    assert (await desk.send(PATH, account, 4, status="active")).json()["status"] == "active"


@pytest.mark.parametrize(
    ("system", "facts", "pointer"),
    [
        ("CRM", {"source_version": 1}, "/path/system"),
        ("crm", {}, "/source_version"),
        ("crm", {"source_version": 0}, "/source_version"),
        ("crm", {"source_version": 2**53}, "/source_version"),
        ("crm", {"source_version": 1, "currency": "yuan"}, "/currency"),
    ],
)
async def test_malformed_documents_are_refused(desk, problem, system, facts, pointer):
    path = f"{PATH}/by-external/{system}/{desk.word()}"
    told = problem(await desk.client.put(path, json={"name": "x"} | facts), 422, "invalid_input")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


async def test_a_link_can_be_told_afterwards(desk, problem):
    """B51: unique both ways; telling it again is no error, telling another thing is."""
    customer, other = await desk.customer(), await desk.customer()
    account = desk.word("account")
    path = f"{PATH}/{customer['id']}/external-refs"
    for _ in range(2):
        reply = await desk.erp.post(path, {"system": "crm", "external_id": account})
        assert reply.status_code == 200
    assert reply.json()["external_refs"] == [{"system": "crm", "external_id": account}]
    assert reply.json()["version"] == 1
    assert len(await desk.events_of(customer["id"])) == 1
    taken = f"{PATH}/{other['id']}/external-refs"
    refused = await desk.erp.post(taken, {"system": "crm", "external_id": account})
    problem(refused, 409, "already_linked")
    refused = await desk.erp.post(path, {"system": "crm", "external_id": desk.word()})
    problem(refused, 409, "already_linked")
    linked = await desk.send(PATH, account, 1, phone="123")
    assert (linked.headers["Tandem-Outcome"], linked.json()["id"]) == ("updated", customer["id"])


async def test_customers_are_found_by_their_link(desk):
    system, account = desk.word("s").lower(), desk.word("account")
    customer = (await desk.send(PATH, account, 1, system, name="Linked")).json()
    await desk.send(PATH, desk.word(), 1, system, name="Other")
    one = await desk.client.get(PATH, params={"external_system": system, "external_id": account})
    assert [found["id"] for found in one.json()["items"]] == [customer["id"]]
    both = await desk.client.get(PATH, params={"external_system": system})
    assert len(both.json()["items"]) == 2
    none = await desk.client.get(PATH, params={"external_system": "no", "external_id": account})
    assert none.json()["items"] == []


async def test_a_batch_judges_each_item_alone(desk):
    """B44: a status for each item, in the order sent; one bad item spoils no other."""
    holder = await desk.customer(tax_id=desk.word("TAX"))
    known, new, bad = desk.word(), desk.word(), desk.word()
    await desk.send(PATH, known, 1, name="Known")
    items = [
        {"external_id": known, "source_version": 1, "name": "Known"},
        {"external_id": bad, "source_version": 1, "name": "B", "tax_id": holder["tax_id"]},
        {"external_id": new, "source_version": 1, "name": "New"},
        {"external_id": new, "source_version": 2, "name": "Newer"},
        {"external_id": known, "source_version": 2, "name": "Known better"},
    ]
    reply = await desk.erp.post(f"{PATH}/by-external/crm/batch", {"items": items})
    assert reply.status_code == 200, reply.text
    done = reply.json()["items"]
    assert [item["status"] for item in done] == [
        "unchanged",
        "failed",
        "created",
        "updated",
        "updated",
    ]
    assert done[1]["problem"]["code"] == "duplicate_tax_id"
    assert [item["version"] for item in done] == [1, None, 1, 1, 1], "the CRM leads in names"
    assert [item["revision"] for item in done] == [1, None, 1, 2, 2]
    assert [e["aggregate_version"] for e in await desk.events_of(done[2]["id"])] == [1, 2]
    linked = await desk.client.get(PATH, params={"external_system": "crm", "external_id": bad})
    assert linked.json()["items"] == []


@pytest.mark.parametrize(("order", "told"), [(1, ["updated"] * 2), (-1, ["failed", "updated"])])
async def test_a_tax_id_passes_on_in_a_batch_as_it_would_one_by_one(desk, order, told):
    """Who gives it up has to come first."""
    tax_id, holder, heir = desk.word("TAX"), desk.word(), desk.word()
    await desk.send(PATH, holder, 1, name="Holder", tax_id=tax_id)
    await desk.send(PATH, heir, 1, name="Heir")
    items = [
        {"external_id": holder, "source_version": 2, "tax_id": ""},
        {"external_id": heir, "source_version": 2, "tax_id": tax_id},
    ][::order]
    reply = await desk.erp.post(f"{PATH}/by-external/crm/batch", {"items": items})
    assert [one["status"] for one in reply.json()["items"]] == told


async def test_of_changes_in_a_batch_a_refused_one_spoils_no_other(desk):
    """B44: what is refused leaves neither version nor event, and is taken when it comes right."""
    taken = await desk.customer(tax_id=desk.word("TAX"))
    keys = [desk.word() for _ in range(5)]
    for key in keys:
        await desk.send(PATH, key, 1, name="Lakeside")
    items = [{"external_id": key, "source_version": 2, "tax_id": desk.word("TAX")} for key in keys]
    right = items[3]["tax_id"]
    items[3]["tax_id"] = taken["tax_id"]
    path = f"{PATH}/by-external/crm/batch"
    first = (await desk.erp.post(path, {"items": items})).json()["items"]
    assert [one["status"] for one in first] == [*["updated"] * 3, "failed", "updated"]
    assert {len(await desk.events_of(one["id"])) for one in first if one["id"]} == {2}
    items[3]["tax_id"] = right
    again = (await desk.erp.post(path, {"items": items})).json()["items"]
    assert [one["status"] for one in again] == [*["unchanged"] * 3, "updated", "unchanged"]


async def test_a_dry_run_says_what_would_happen_and_does_nothing(desk):
    key = desk.word()
    batch = {"items": [{"external_id": key, "source_version": 1, "name": "Dry"}]}
    reply = await desk.client.post(f"{PATH}/by-external/crm/batch?dry_run=true", json=batch)
    assert (reply.status_code, reply.json()["dry_run"]) == (200, True)
    assert reply.json()["items"][0]["status"] == "created"
    assert await desk.count("external_reference", "external_id = $1", key) == 0
    assert await desk.count("customer", "id = $1::text::uuid", reply.json()["items"][0]["id"]) == 0


async def test_batches_in_opposite_order_do_not_block_each_other(desk):
    keys = [desk.word() for _ in range(10)]
    orders = [keys, keys[::-1]] * 4
    replies = await asyncio.gather(
        *(
            desk.erp.post(
                f"{PATH}/by-external/crm/batch",
                {
                    "items": [
                        {"external_id": k, "source_version": n, "name": f"n{n}"} for k in order
                    ]
                },
            )
            for n, order in enumerate(orders, 1)
        )
    )
    assert [reply.status_code for reply in replies] == [200] * 8
    assert not [i for r in replies for i in r.json()["items"] if i["status"] == "failed"]
    assert await desk.count("external_reference", "external_id = any($1)", keys) == 10


@pytest.mark.parametrize("items", [[], [{"external_id": "x", "source_version": 1}] * 501])
async def test_a_batch_has_one_to_five_hundred_items(desk, problem, items):
    reply = await desk.erp.post(f"{PATH}/by-external/crm/batch", {"items": items})
    problem(reply, 422, "invalid_input")


@pytest.mark.parametrize("known", [False, True])
async def test_items_of_a_batch_keep_their_own_chains_of_causes(desk, known):
    """B15, B47, B58: each event has the cause, process, origin and hops of its own item."""
    bridge = await desk.erp.as_("parties.write", "events.relay", systems=["crm"])
    keys = [desk.word() for _ in range(3)]
    for key in keys if known else ():
        await desk.send(PATH, key, 1, name="Lakeside")
    traces = [
        Trace.from_headers(
            {"tandem-origin": "crm", "tandem-causation-id": str(uuid4()), "tandem-hops": "1"}
        )
        for _ in keys[:2]
    ]
    items = [{"external_id": key, "source_version": 2, "name": "Acme"} for key in keys]
    reply = await bridge.post(
        "/v1/customers/by-external/crm/batch",
        json={"items": items},
        headers={
            "Idempotency-Key": desk.word(),
            "Tandem-Item-Traces": ",".join(trace.as_item() for trace in traces),
            "Tandem-Hops": "2",
        },
    )
    told = []
    for one in reply.json()["items"]:
        async with desk.erp.database.driver() as sql:
            [row] = await sql.fetch(
                """select origin, correlation_id, causation_id, hops from outbox
                    where aggregate_id = $1 and aggregate_version = $2""",
                one["id"],
                one["revision"],
            )
        told.append(tuple(row.values()))
    assert told[:2] == [("crm", one.correlation_id, one.causation_id, 1) for one in traces]
    assert told[2][2:] == (None, 2), "an item without a trace has the request's"


@pytest.mark.parametrize("batch", [False, True])
async def test_versions_are_compared_within_one_history_of_the_sender(desk, batch):
    """A restored sender counts again from less: its lower version is newer than one that is gone.

    Only a bridge tells histories; one that is not told is the one that is known.
    """
    bridge = await desk.erp.as_("parties.write", "events.relay", systems=["crm"])
    key = desk.word()

    async def send(version, name, history=None, client=bridge):
        headers = {"Idempotency-Key": desk.word()}
        body = {"source_version": version, "name": name}
        if not batch:
            headers |= {"Tandem-History": str(history)} if history else {}
            where = f"/v1/customers/by-external/crm/{key}"
            reply = await client.put(where, json=body, headers=headers)
            assert reply.status_code in {200, 201}, reply.text
            return reply.headers["Tandem-Outcome"], reply.json()["name"]
        headers["Tandem-Item-Traces"] = replace(Trace.new(), history=history).as_item()
        where = "/v1/customers/by-external/crm/batch"
        items = [{"external_id": key} | body]
        reply = await client.post(where, json={"items": items}, headers=headers)
        [done] = reply.json()["items"]
        return done["status"], (await desk.see(f"/v1/customers/{done['id']}"))["name"]

    assert await send(9, "Elm", 1) == ("created", "Elm")
    assert await send(4, "Set back", 2) == ("updated", "Set back")
    assert await send(4, "Again", 2) == ("unchanged", "Set back")
    assert await send(10, "Gone", 1) == ("stale", "Set back")
    assert await send(5, "Untold") == ("updated", "Untold")
    other = await desk.erp.as_("parties.write", systems=["crm"])
    assert await send(3, "Not a bridge", 3, client=other) == ("stale", "Untold")
    assert await send(1, "Oak", 3) == ("updated", "Oak")
