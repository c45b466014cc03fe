"""Customers both ways: made once on the other side, changed by their owner, never echoed."""

import random
from uuid import UUID

import pytest

from tests.halves import Fault

ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"
TERMS = {"number": "C-00001", "payment_terms_days": 30, "dunning_block": False}


async def test_an_account_becomes_a_customer_and_both_know_each_other(rig):
    account = rig.crm.makes(ACCOUNTS, name="Elm & Sons", email="elm@example.com", tax_id="T-1")
    await rig.synchronize()
    customer = rig.erp.the(CUSTOMERS)
    assert customer["name"] == "Elm & Sons"
    assert customer["tax_id"] == "T-1"
    assert customer["external_refs"] == [{"system": "crm", "external_id": account}]
    assert rig.crm.the(ACCOUNTS)["external_refs"] == [
        {"system": "erp", "external_id": customer["id"]}
    ]
    (pair,) = await rig.fetch("select * from pair")
    assert (str(pair["crm_id"]), str(pair["erp_id"])) == (account, customer["id"])


async def test_a_customer_becomes_an_account_with_the_terms_of_business(rig):
    rig.erp.makes(CUSTOMERS, name="Oak Ltd", phone="010 1234", **TERMS)
    await rig.synchronize()
    account = rig.crm.the(ACCOUNTS)
    assert account["name"] == "Oak Ltd"
    assert account["erp"]["customer_number"] == "C-00001"
    assert account["erp"]["payment_terms_days"] == 30
    assert len(rig.erp.records[CUSTOMERS]) == 1


async def test_prospects_stay_with_sales_until_they_buy(rig):
    account = rig.crm.makes(ACCOUNTS, name="Ash", stage="prospect")
    await rig.synchronize()
    assert CUSTOMERS not in rig.erp.records
    rig.crm.changes(ACCOUNTS, account, stage="customer")
    await rig.synchronize()
    assert rig.erp.the(CUSTOMERS)["name"] == "Ash"
    assert await rig.outcomes("crm.customer") == [
        ("ignored", "not_carried"),
        ("done", "applied"),
        ("done", "unchanged"),
    ]


async def test_each_half_sends_only_what_it_owns_once_both_know_the_record(rig):
    account = rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-1", currency="CNY")
    await rig.synchronize()
    rig.crm.changes(ACCOUNTS, account, name="Elm & Daughters", tax_id="T-2")
    await rig.synchronize()
    sent = rig.erp.wrote()[-1].body
    assert sent["name"] == "Elm & Daughters"
    assert "tax_id" not in sent
    assert rig.erp.the(CUSTOMERS)["tax_id"] == "T-1"


@pytest.mark.parametrize("side", ["crm", "erp"])
async def test_quiet_after_one_hop(rig, side):
    """B45: a bridged write makes at most one event and no call back; then all is quiet."""
    if side == "crm":
        record = rig.crm.makes(ACCOUNTS, name="Elm", email="elm@example.com")
    else:
        record = rig.erp.makes(CUSTOMERS, name="Elm", email="elm@example.com", **TERMS)
    await rig.synchronize()
    own, other, place = (
        (rig.crm, rig.erp, ACCOUNTS) if side == "crm" else (rig.erp, rig.crm, CUSTOMERS)
    )
    own.calls.clear()
    other.calls.clear()
    own.changes(place, record, **({"name": "Elms"} if side == "crm" else {"dunning_block": True}))
    await rig.synchronize()
    assert [call.method for call in other.wrote()] == ["PUT"]
    assert own.wrote() == []


async def test_what_the_receiver_made_of_a_value_comes_back_once(rig):
    """B46: a phone number that the CRM normalises flows back, as the CRM owns it."""
    rig.crm.normalise = lambda body: body | ({"phone": "+861234"} if body.get("phone") else {})
    rig.erp.makes(CUSTOMERS, name="Oak", phone="010 1234", **TERMS)
    await rig.synchronize()
    assert rig.crm.the(ACCOUNTS)["phone"] == "+861234"
    assert rig.erp.the(CUSTOMERS)["phone"] == "+861234"


async def test_the_process_is_told_along_the_way(rig):
    """B15, B58: origin, correlation, cause, hops and trace go with the call."""
    rig.crm.makes(ACCOUNTS, name="Elm")
    await rig.synchronize()
    event = rig.crm.outbox[0]
    put = rig.erp.wrote()[0]
    assert put.headers["tandem-origin"] == "crm"
    assert put.headers["tandem-hops"] == "1"
    assert put.headers["tandem-causation-id"] == str(event.event_id)
    assert put.headers["tandem-correlation-id"] == str(event.correlationid)
    assert put.headers["traceparent"].startswith("00-")


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_first_sync_from_both_sides_ends_in_one_pair(rig, seed):
    """B51: the same company made on both sides at once is one pair, whoever is seen first."""
    account = rig.crm.makes(ACCOUNTS, name="Elm CRM", tax_id="T-9", email="a@example.com")
    customer = rig.erp.makes(CUSTOMERS, name="Elm ERP", tax_id="T-9", **TERMS)
    await rig.deliver(shuffled=random.Random(seed))
    await rig.synchronize()
    # A lane that began to wait while the other one made the pair tries again when its time comes.
    await rig.fetch("update lane set next_at = now() where state = 'waiting'")
    await rig.synchronize()
    (pair,) = await rig.fetch("select * from pair")
    assert (str(pair["crm_id"]), str(pair["erp_id"])) == (account, customer)
    assert rig.erp.the(CUSTOMERS)["name"] == "Elm CRM"
    assert rig.crm.the(ACCOUNTS)["erp"]["customer_number"] == "C-00001"


async def test_a_tax_id_taken_while_it_was_looked_for_is_found_again(rig):
    """B51: 409 duplicate_tax_id leads to another search, not to a second customer."""
    rig.crm.makes(ACCOUNTS, name="Elm", tax_id="T-5")
    await rig.deliver()
    customer = rig.erp.makes(CUSTOMERS, name="Elm", tax_id="T-5", **TERMS)
    rig.delivered["erp"] = len(rig.erp.outbox)  # its own event comes later
    rig.erp.blind_reads = 1
    await rig.synchronize()
    assert [call.method for call in rig.erp.wrote()][:2] == ["PUT", "POST"]
    assert rig.erp.the(CUSTOMERS)["id"] == customer
    (pair,) = await rig.fetch("select * from pair")
    assert (str(pair["erp_id"]), pair["how"]) == (customer, "certain")


async def test_the_echo_of_a_bridged_create_finds_its_pair(rig):
    """B45, B51: the twin's own first event may come before the bridge has noted the pair."""
    account = rig.crm.makes(ACCOUNTS, name="Elm")
    await rig.deliver()
    rig.crm.faults.append(Fault(503, method="POST"))
    await rig.drain()
    await rig.synchronize()
    assert len(rig.crm.records[ACCOUNTS]) == 1
    assert len(rig.erp.records[CUSTOMERS]) == 1
    (pair,) = await rig.fetch("select * from pair")
    assert pair["crm_id"] == UUID(account)
