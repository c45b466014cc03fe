"""Accounts as other systems know them: sent often, late, at once; made once, changed rightly."""

import asyncio
from uuid import uuid4

import pytest

PATH = "/v1/accounts"
TERMS = {
    "customer_number": "C-00001",
    "credit_limit": {"amount": "50000.00", "currency": "CNY"},
    "payment_terms_days": 30,
    "dunning_block": False,
    "archived": False,
}


async def outcomes(desk, key, *sent, system="shop"):
    """Send the facts as versions 1, 2, 3 ...; what became of each."""
    replies = [
        await desk.send(PATH, key, version, system=system, **facts)
        for version, facts in enumerate(sent, 1)
    ]
    return [reply.headers["Tandem-Outcome"] for reply in replies], replies[-1].json()


async def test_twenty_identical_puts_at_once_make_one_account(desk):
    """B43: the uniqueness is in the database of the target."""
    key, name = desk.word(), desk.word("Once")
    replies = await asyncio.gather(*(desk.send(PATH, key, 1, name=name) for _ in range(20)))
    assert sorted(reply.status_code for reply in replies) == [200] * 19 + [201]
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert await desk.listed(PATH, q=name) == [replies[0].json()["id"]]
    assert len(await desk.events_of(replies[0].json()["id"])) == 1


async def test_a_repeat_after_a_lost_answer_changes_nothing(desk):
    """B42: applied, then reset; the retry has no second effect."""
    key = desk.word()
    lost = await desk.send(PATH, key, 7, name="Acme", segment="large")
    again = await desk.send(PATH, key, 7, name="Acme", segment="large")
    assert (again.status_code, again.headers["Tandem-Outcome"]) == (200, "unchanged")
    assert again.json() == lost.json()
    assert again.headers["ETag"] == lost.headers["ETag"]


@pytest.mark.parametrize(("version", "outcome"), [(5, "unchanged"), (4, "stale")])
async def test_a_version_that_is_not_newer_changes_nothing(desk, version, outcome):
    """B41: version <= stored is a 200 that does nothing, whatever the document says."""
    key = desk.word()
    account = (await desk.send(PATH, key, 5, name="New name")).json()
    late = await desk.send(PATH, key, version, name="Old name")
    assert (late.status_code, late.headers["Tandem-Outcome"]) == (200, outcome)
    assert late.json() == account
    assert len(await desk.events_of(account["id"])) == 1


async def test_a_newer_version_with_the_same_content_is_no_change(desk):
    """B45: quiescence: no event, no version, and the version of theirs is remembered."""
    key = desk.word()
    found, account = await outcomes(desk, key, {"name": "Acme"}, {"name": "Acme"}, {"name": "B"})
    assert found == ["created", "unchanged", "updated"]
    assert (account["version"], len(await desk.events_of(account["id"]))) == (2, 2)
    late = await desk.send(PATH, key, 2, name="Acme")
    assert late.headers["Tandem-Outcome"] == "stale"


async def test_what_is_left_out_stays(desk):
    key = desk.word()
    whole = {"name": "Acme", "email": "a@acme.example", "shipping_address": {"city": "Suzhou"}}
    _, account = await outcomes(desk, key, whole, {"email": ""})
    assert (account["name"], account["email"]) == ("Acme", "")
    assert account["shipping_address"]["city"] == "Suzhou"


async def test_a_new_account_needs_a_name(desk, problem):
    key = desk.word()
    told = problem(await desk.send(PATH, key, 1, email="a@acme.example"), 422, "invalid_input")
    assert told["errors"][0]["pointer"] == "/name"
    assert (await desk.send(PATH, key, 1, name="Acme")).status_code == 201


async def test_a_sent_account_is_found_by_its_sender(desk):
    key = desk.word()
    account = (await desk.send(PATH, key, 1, name="Acme")).json()
    assert account["external_refs"] == [{"system": "shop", "external_id": key}]
    assert await desk.listed(PATH, external_system="shop", external_id=key) == [account["id"]]
    assert await desk.listed(PATH, external_system="erp", external_id=key) == []
    assert account["id"] in await desk.listed(PATH, external_system="shop", limit=200)
    assert await desk.listed(PATH, external_id=key) == [account["id"]]


async def test_a_link_is_made_once_and_makes_no_event(desk, problem):
    """B51: each side's record has one twin; repeating it is safe."""
    one, two = await desk.account(), await desk.account()
    ref = {"system": "erp", "external_id": desk.word()}
    for _ in range(2):
        linked = await desk.crm.post(f"{PATH}/{one['id']}/external-refs", ref)
        assert (linked.status_code, linked.json()["external_refs"]) == (200, [ref])
        assert linked.json()["version"] == 1
    problem(await desk.crm.post(f"{PATH}/{two['id']}/external-refs", ref), 409, "already_linked")
    other = {"system": "erp", "external_id": desk.word()}
    problem(await desk.crm.post(f"{PATH}/{one['id']}/external-refs", other), 409, "already_linked")
    assert len(await desk.events_of(one["id"])) == 1


async def test_a_linked_account_is_changed_by_what_its_twin_sends(desk):
    account = await desk.account(phone="138 1234 5678")
    key = desk.word()
    await desk.crm.post(
        f"{PATH}/{account['id']}/external-refs", {"system": "erp", "external_id": key}
    )
    sent = await desk.send(PATH, key, 1, system="erp", tax_id="9133", phone="+8613812345678")
    assert (sent.json()["id"], sent.headers["Tandem-Outcome"]) == (account["id"], "updated")
    assert (await desk.events_of(account["id"]))[-1]["payload"]["changed"] == ["tax_id"]


async def test_the_erps_terms_are_a_read_copy(desk, problem):
    """B48: terms come by upsert from the ERP; no caller writes them here."""
    key = desk.word()
    found, account = await outcomes(
        desk, key, {"name": "Acme", "stage": "prospect"}, {"erp": TERMS}, {"erp": TERMS},
        system="erp",
    )  # fmt: skip
    assert found == ["created", "updated", "unchanged"]
    assert (account["erp"], account["stage"]) == (TERMS, "customer")
    assert (await desk.events_of(account["id"]))[-1]["payload"]["erp"] == TERMS
    path = f"{PATH}/{account['id']}"
    reply = await desk.change(path, {"erp": TERMS}, revision=account["version"])
    problem(reply, 422, "invalid_input")
    assert account["id"] in await desk.listed(PATH, q=TERMS["customer_number"].lower())


async def test_terms_without_limit_and_with_another(desk):
    key = desk.word()
    bare = dict.fromkeys(("credit_limit", "payment_terms_days")) | {"customer_number": "C-2"}
    _, account = await outcomes(desk, key, {"name": "A", "erp": TERMS}, {"erp": bare}, system="erp")
    assert account["erp"] == {
        "customer_number": "C-2",
        "credit_limit": None,
        "payment_terms_days": None,
        "dunning_block": False,
        "archived": False,
    }


async def test_terms_come_only_from_a_key_that_speaks_for_the_erp(desk, problem):
    """B48: the non-owner's write is refused, in whosever name it comes."""
    key = desk.word()
    seller = await desk.crm.as_("accounts.write")
    body = {"source_version": 1, "name": "Acme", "erp": TERMS}
    for client in (seller, desk.client):
        reply = await client.put(f"{PATH}/by-external/shop/{key}", json=body)
        assert problem(reply, 403, "system_reserved")["facts"] == {"system": "erp"}
    problem(await seller.put(f"{PATH}/by-external/erp/{key}", json=body), 403, "system_reserved")
    bridge = await desk.crm.as_("accounts.write", systems=["erp"])
    reply = await bridge.put(f"{PATH}/by-external/erp/{key}", json=body)
    assert (reply.status_code, reply.json()["erp"]) == (201, TERMS)


async def test_terms_in_another_currency_are_not_supported_yet(desk, problem):
    terms = TERMS | {"credit_limit": {"amount": "1.00", "currency": "USD"}}
    reply = await desk.send(PATH, desk.word(), 1, system="erp", name="Acme", erp=terms)
    problem(reply, 422, "currency_not_supported")


@pytest.mark.parametrize(
    "terms",
    [
        {"credit_limit": {"amount": "-1.00", "currency": "CNY"}},
        {"credit_limit": {"amount": 1000, "currency": "CNY"}},
        {"credit_limit": {"amount": "1.001", "currency": "CNY"}},
        {"payment_terms_days": -1},
        {"payment_terms_days": "30"},
        {"dunning_block": "no"},
        {"customer_number": None},
        {"rating": "AAA"},
    ],
)
async def test_wrong_terms_are_refused(desk, problem, terms):
    """E3: money is decimal text."""
    sent = TERMS | terms
    reply = await desk.send(PATH, desk.word(), 1, system="erp", name="Acme", erp=sent)
    problem(reply, 422, "invalid_input")


@pytest.mark.parametrize(
    "facts", [{"tax_id": "9133"}, {"billing_address": {"city": "Suzhou"}, "segment": "small"}]
)
async def test_what_a_linked_erp_leads_in_is_not_changed_here(desk, problem, facts):
    """B48: refused with 409, nothing changed; what sales leads in stays ours."""
    account = (await desk.send(PATH, desk.word(), 1, system="erp", name="Acme")).json()
    path = f"{PATH}/{account['id']}"
    told = problem(await desk.change(path, facts, revision=1), 409, "managed_by_erp")
    assert told["facts"]["fields"] in facts
    assert await desk.see(path) == account
    same = await desk.change(path, {"tax_id": "", "name": "Acme Lamps"}, revision=1)
    assert same.json()["name"] == "Acme Lamps"


async def test_a_third_system_does_not_overrule_the_erp(desk, problem):
    """B48."""
    seller = await desk.crm.as_("accounts.write")
    erp_key, shop_key = desk.word(), desk.word()
    account = (await desk.send(PATH, erp_key, 1, system="erp", name="Acme")).json()
    ref = {"system": "shop", "external_id": shop_key}
    await desk.crm.post(f"{PATH}/{account['id']}/external-refs", ref)
    where = f"{PATH}/by-external/shop/{shop_key}"
    reply = await seller.put(where, json={"source_version": 1, "tax_id": "9133"})
    problem(reply, 409, "managed_by_erp")
    reply = await seller.put(where, json={"source_version": 1, "name": "Acme Lamps"})
    assert reply.headers["Tandem-Outcome"] == "updated"


def item(key, version=1, **facts):
    return {"external_id": key, "source_version": version} | facts


async def test_a_batch_judges_each_item_alone(desk):
    """B44: a status for each item, in order; the refused one leaves no trace."""
    old, new, bad = desk.word(), desk.word(), desk.word()
    await desk.send(PATH, old, 3, name="Acme")
    items = [
        item(old, 3, name="Acme"),
        item(old, 4, name="Acme Lamps"),
        item(bad, name="Bad", currency="USD"),
        item(new, name="Beta"),
        item(old, 2, name="Late"),
    ]
    reply = await desk.crm.post(
        f"{PATH}/by-external/shop/batch", {"items": items}, headers={"Accept-Language": "zh"}
    )
    told = reply.json()["items"]
    assert [one["status"] for one in told] == [
        "unchanged", "updated", "failed", "created", "stale",
    ]  # fmt: skip
    assert [one["version"] for one in told] == [1, 2, None, 1, 2]
    assert told[2]["problem"]["code"] == "currency_not_supported"
    assert told[2]["problem"]["title"] == "暂不支持该币种"
    assert await desk.listed(PATH, external_id=bad) == []
    assert len(await desk.events_of(told[3]["id"])) == 1


async def test_a_dry_run_judges_and_changes_nothing(desk):
    key = desk.word()
    reply = await desk.client.post(
        f"{PATH}/by-external/shop/batch?dry_run=true", json={"items": [item(key, name="Acme")]}
    )
    assert reply.status_code == 200, reply.text
    assert reply.json()["dry_run"]
    assert reply.json()["items"][0]["status"] == "created"
    assert await desk.listed(PATH, external_id=key) == []
    assert await desk.events_of(reply.json()["items"][0]["id"]) == []


async def test_batches_at_once_in_any_order_end_in_one_account_each(desk):
    """B43: the same records in opposite order at the same time do not deadlock."""
    keys = [desk.word() for _ in range(12)]
    items = [item(key, name=f"Batch {key}") for key in keys]
    replies = await asyncio.gather(
        *(
            desk.client.post(
                f"{PATH}/by-external/shop/batch",
                json={"items": items[::direction]},
                headers={"Idempotency-Key": str(uuid4())},
            )
            for direction in (1, -1, 1, -1)
        )
    )
    statuses = [one["status"] for reply in replies for one in reply.json()["items"]]
    assert (statuses.count("created"), statuses.count("unchanged")) == (12, 36)


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_1_to_500_items(desk, problem, count):
    items = [item(desk.word(), name="A") for _ in range(count)]
    reply = await desk.crm.post(f"{PATH}/by-external/shop/batch", {"items": items})
    problem(reply, 422, "invalid_input")
