"""A half that was restored from a backup: versions of two histories are never compared."""

from dataclasses import replace

import pytest

ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"
TERMS = {"number": "C-00001", "payment_terms_days": 30, "dunning_block": False}


@pytest.fixture
async def both(rig):
    """An account that is a customer of the ERP, and all is quiet."""
    rig.crm.makes(ACCOUNTS, name="Elm", phone="1", stage="customer")
    await rig.synchronize()
    customer = rig.erp.the(CUSTOMERS)
    rig.erp.changes(CUSTOMERS, customer["id"], **TERMS)
    await rig.synchronize()
    return rig


def change_account(rig, **facts):
    rig.crm.changes(ACCOUNTS, rig.crm.the(ACCOUNTS)["id"], **facts)


def change_customer(rig, **facts):
    rig.erp.changes(CUSTOMERS, rig.erp.the(CUSTOMERS)["id"], **facts)


def limit(amount):
    return {"amount": amount, "currency": "CNY"}


async def restored_crm(rig):
    """The CRM is set back to before two changes, which the ERP has."""
    backup = rig.crm.backup()
    change_account(rig, phone="2")
    change_account(rig, name="Elm after the backup")
    await rig.synchronize()
    rig.crm.restored(backup)


async def test_a_change_after_a_restore_crosses_whatever_its_version(both):
    await restored_crm(both)
    known = (await both.lane("crm.customer"))["applied_version"]
    change_account(both, name="Again")
    assert both.crm.the(ACCOUNTS)["version"] < known
    await both.synchronize()
    assert both.erp.the(CUSTOMERS)["name"] == "Again"
    assert both.erp.the(CUSTOMERS)["phone"] == "1"
    change_account(both, name="And again")
    await both.synchronize()
    assert both.erp.the(CUSTOMERS)["name"] == "And again"


async def test_what_a_restore_set_back_takes_nothing_from_the_other_half(both):
    """Its state, read anew, is no change of anybody's: the ERP alone still has what was lost."""
    await restored_crm(both)
    await both.receive(*both.crm.states(ACCOUNTS))
    await both.synchronize()
    assert both.erp.the(CUSTOMERS)["name"] == "Elm after the backup"
    assert ("ignored", "restored") in await both.outcomes("crm.customer")
    change_account(both, name="Again")
    await both.synchronize()
    assert both.erp.the(CUSTOMERS)["name"] == "Again"


async def test_a_state_with_a_change_made_since_the_restore_crosses(both):
    await restored_crm(both)
    change_account(both, name="Again")
    await both.receive(*both.crm.outbox[-1:], *both.crm.states(ACCOUNTS))
    await both.synchronize()
    assert both.erp.the(CUSTOMERS)["name"] == "Again"


async def test_a_credit_limit_of_a_restored_erp_crosses(both):
    backup = both.erp.backup()
    for amount in ("100", "101", "102"):
        change_customer(both, credit_limit=limit(amount))
    await both.synchronize()
    both.erp.restored(backup)
    change_customer(both, credit_limit=limit("777"))
    await both.synchronize()
    assert both.crm.the(ACCOUNTS)["erp"]["credit_limit"] == limit("777")


async def test_what_a_restored_half_lost_of_the_other_one_comes_with_the_next_change(both):
    """What it was known to hold it no longer holds: all that is the sender's is put again."""
    backup = both.erp.backup()
    change_account(both, phone="2")
    await both.synchronize()
    both.erp.restored(backup)
    change_customer(both, credit_limit=limit("9"))
    await both.synchronize()
    change_account(both, website="https://elm.example")
    await both.synchronize()
    customer = both.erp.the(CUSTOMERS)
    assert (customer["phone"], customer["website"]) == ("2", "https://elm.example")


async def test_an_event_of_the_past_that_is_gone_changes_nothing(both):
    """On Kafka what was told between backup and restore is still there, and may come last."""
    backup = both.crm.backup()
    change_account(both, name="Gone")
    both.crm.restored(backup)
    change_account(both, name="Again")
    gone, again = both.crm.outbox[-2:]
    both.delivered["crm"] = len(both.crm.outbox)
    await both.receive(again)
    await both.synchronize()
    await both.receive(replace(gone, aggversion=gone.aggversion + 9))
    await both.synchronize()
    assert both.erp.the(CUSTOMERS)["name"] == "Again"
    assert ("ignored", "stale") in await both.outcomes("crm.customer")


async def test_places_of_a_later_history_are_counted_anew(both):
    """A mark of the past says nothing of what came since; the records are read once more."""
    await restored_crm(both)
    query = "select history, mark, head from position where service = 'crm'"
    (before,) = await both.fetch(query)
    change_account(both, name="Again")
    await both.synchronize()
    (now,) = await both.fetch(query)
    assert now["history"] == before["history"] + 1
    assert now["head"] == both.crm.feed_seq < before["head"]
    assert now["mark"] <= now["head"]
    (read,) = await both.fetch(
        "select distinct reason, finished_at from backfill where half = 'crm'"
    )
    assert read == {"reason": "restored", "finished_at": None}


async def test_a_lane_is_called_what_its_record_is_called_in_the_newest_history(both):
    await restored_crm(both)
    change_account(both, name="Again")
    await both.synchronize()
    lane = await both.lane("crm.customer")
    assert (lane["applied_history"], lane["name"]) == (2, "Again")
