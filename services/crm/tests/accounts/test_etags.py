"""An account's ETag: it changes with what is edited here, and with nothing else."""

import asyncio

import asyncpg
import pytest

TERMS = {"customer_number": "C-1", "payment_terms_days": 30, "dunning_block": False}
DEBT = {"source_version": 1, "owes": "52.50", "told_at": "2026-01-02T00:00:00Z"}


def at(account):
    return f"/v1/accounts/{account['id']}"


async def known_to_erp(desk):
    """An account that the ERP knows as well, as it was answered when it was made; its id there."""
    account, external_id = await desk.account(), desk.word()
    facts = {"system": "erp", "external_id": external_id}
    linked = await desk.crm.post(f"{at(account)}/external-refs", facts)
    assert (linked.json()["version"], linked.json()["revision"]) == (1, 1)
    return account, external_id


async def terms(desk, external_id, version, **facts):
    reply = await desk.send("/v1/accounts", external_id, version, "erp", **{"erp": TERMS} | facts)
    assert reply.status_code == 200, reply.text
    return reply


async def test_what_the_erp_leads_in_and_debts_leave_it(desk):
    """What was read a moment after the account was made can be changed when all that has come."""
    account, external_id = await known_to_erp(desk)
    first = await terms(desk, external_id, 1)
    assert (first.headers["ETag"], first.json()["version"], first.json()["revision"]) == (
        '"1"',
        1,
        2,
    )
    await terms(desk, external_id, 2, tax_id="DE 129", billing_address={"city": "Kiel"})
    debt = DEBT | {"account_id": account["id"]}
    await desk.client.put("/v1/account-debts/by-external/erp/" + account["id"], json=debt)
    seen = await desk.client.get(at(account))
    assert (seen.headers["ETag"], seen.json()["version"], seen.json()["revision"]) == ('"1"', 1, 3)
    [listed] = (await desk.see(f"/v1/accounts?q={account['name']}"))["items"]
    assert (listed["version"], listed["revision"]) == (1, 3)
    changed = await desk.change(at(account), {"segment": "A"}, revision=1)
    assert (changed.headers["ETag"], changed.json()["revision"]) == ('"2"', 4)
    told = await desk.events_of(account["id"])
    assert [one["aggregate_version"] for one in told] == [1, 2, 3, 4]
    assert [one["payload"]["version"] for one in told] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "facts",
    [{"name": "Other Ltd"}, {"phone": "0512 6728 1234"}, {"tax_id": "DE 7", "segment": "B"}],
)
async def test_what_is_edited_here_changes_it_whoever_sends_it(desk, problem, facts):
    """Nobody overwrites unseen what another system changed, though it came with copies."""
    account, external_id = await known_to_erp(desk)
    sent = await terms(desk, external_id, 1, **facts)
    assert (sent.json()["version"], sent.json()["revision"]) == (2, 2)
    problem(await desk.change(at(account), facts, revision=1), 412, "stale_revision")


async def test_where_the_erp_does_not_lead_its_fields_are_edited_here(desk, problem):
    """Of an account that no ERP knows a shop's tax id changes the ETag; terms it may not tell."""
    external_id = desk.word()
    account = (await desk.send("/v1/accounts", external_id, 1, name="Lin")).json()
    refused = await desk.send("/v1/accounts", external_id, 2, erp=TERMS)
    problem(refused, 403, "system_reserved")
    sent = await desk.send("/v1/accounts", external_id, 2, tax_id="DE 130")
    assert (sent.json()["version"], sent.json()["revision"]) == (2, 2)
    problem(await desk.change(at(account), {"tax_id": "DE 1"}, revision=1), 412, "stale_revision")


@pytest.mark.parametrize("copied", ["before", "between", "after"])
async def test_of_two_with_one_etag_one_is_refused_whenever_a_copy_lands(desk, problem, copied):
    account, external_id = await known_to_erp(desk)

    async def changed(name, facts):
        if copied == name:
            await terms(desk, external_id, 1)
        return await desk.change(at(account), facts, revision=1)

    assert (await changed("before", {"segment": "A"})).status_code == 200
    refused = problem(await changed("between", {"segment": "B"}), 412, "stale_revision")
    facts = refused["facts"]
    assert (facts["expected"], facts["current"]) == (1, 2)
    conflict = {"field": "segment", "original": "", "theirs": "A", "mine": "B"}
    assert conflict in facts["conflicts"]
    again = await changed("after", {"segment": "B"})
    problem(again, 412, "stale_revision")
    assert (await desk.see(at(account)))["segment"] == "A"


async def test_at_once_one_of_many_with_one_etag_gets_through_and_every_copy_does(desk):
    account, external_id = await known_to_erp(desk)
    people = [desk.change(at(account), {"segment": f"S{one}"}, revision=1) for one in range(4)]
    copies = [
        terms(desk, external_id, version, erp=TERMS | {"payment_terms_days": version})
        for version in range(1, 5)
    ]
    replies = await asyncio.gather(*people, *copies)
    assert sorted(one.status_code for one in replies[:4]) == [200, 412, 412, 412]
    won = next(at for at, one in enumerate(replies[:4]) if one.status_code == 200)
    seen = await desk.see(at(account))
    assert (seen["segment"], seen["version"]) == (f"S{won}", 2)
    told = await desk.events_of(account["id"])
    assert [one["aggregate_version"] for one in told] == list(range(1, seen["revision"] + 1))


async def test_a_batch_tells_both_numbers(desk):
    _, external_id = await known_to_erp(desk)
    items = [
        {"external_id": external_id, "source_version": 1, "erp": TERMS},
        {"external_id": desk.word(), "source_version": 1, "name": "New"},
    ]
    reply = await desk.crm.post("/v1/accounts/by-external/erp/batch", {"items": items})
    told = [(one["status"], one["version"], one["revision"]) for one in reply.json()["items"]]
    assert told == [("updated", 1, 2), ("created", 1, 1)]


async def test_the_database_refuses_a_count_that_makes_no_etag(desk):
    account = await desk.account()
    async with desk.crm.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="unedited_versions_range"):
            await sql.execute(
                "update account set unedited_versions = version where id = $1", account["id"]
            )
