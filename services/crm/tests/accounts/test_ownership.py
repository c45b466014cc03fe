"""In what a linked ERP leads, and from when on."""

import asyncio
from uuid import UUID

import pytest

from chassis.testing.waiting import until
from crm.accounts.rules.ownership import LED_BY_ERP
from crm.accounts.schemas import ChangeAccount
from crm.accounts.service.accounts import ACCOUNT
from records import writes


@pytest.mark.parametrize(
    ("changed", "led"),
    [
        ([], []),
        (["name", "phone", "shipping_address"], []),
        (["tax_id", "name", "billing_address"], ["billing_address", "tax_id"]),
        (["erp", "currency"], ["currency", "erp"]),
    ],
)
def test_terms_tax_data_currency_and_invoice_address_are_the_erps(changed, led):
    """B48: a field has exactly one owner."""
    assert sorted(LED_BY_ERP.intersection(changed)) == led


async def test_the_link_waits_for_a_change_at_hand(desk, problem):
    """B48: so no change is accepted that the ERP, leading from the link on, never sees."""
    account = await desk.account()
    path = f"/v1/accounts/{account['id']}"
    link = {"system": "erp", "external_id": desk.word()}
    async with desk.crm.database.transaction() as work:
        command = ChangeAccount(tax_id="MINE-1")
        await writes.change(work, ACCOUNT, UUID(account["id"]), command, revision=1)
        linking = asyncio.create_task(desk.crm.post(f"{path}/external-refs", link))
        blocker = await work.sql.fetchval("select pg_backend_pid()")
        waiting = "select 1 as one from pg_stat_activity where $1 = any(pg_blocking_pids(pid))"

        async def waits():
            return len(await desk.rows(waiting, blocker)) == 1

        await until(waits)
        assert not linking.done()
    linked = (await linking).json()
    assert (linked["tax_id"], linked["version"]) == ("MINE-1", 2)
    late = await desk.change(path, {"tax_id": "MINE-2"}, revision=2)
    problem(late, 409, "managed_by_erp")


async def test_a_link_is_forgotten_and_nobody_leads_any_more(desk):
    """The record stays, may be changed again here, and may be linked anew."""
    account = await desk.account()
    path = f"/v1/accounts/{account['id']}"
    other = "erp"
    for external_id in ("R-1", "R-2"):
        ref = {"system": other, "external_id": external_id + account["id"]}
        reply = await desk.crm.post(f"{path}/external-refs", ref)
        assert reply.status_code == 200, reply.text
        present = {"tax_id": desk.word("T")}
        revision = reply.headers["ETag"].strip('"')
        assert (await desk.change(path, present, revision=revision)).status_code == 409
        for _ in range(2):
            gone = await desk.client.delete(f"{path}/external-refs/{other}/{ref['external_id']}")
            assert (gone.status_code, gone.json()["external_refs"]) == (200, [])
        assert (await desk.change(path, present, revision=revision)).status_code == 200


async def test_only_the_link_that_is_named_is_forgotten(desk):
    one, other = await desk.account(), await desk.account()
    ref = {"system": "shop", "external_id": one["id"]}
    await desk.crm.post(f"/v1/accounts/{one['id']}/external-refs", ref)
    wrong = f"/v1/accounts/{other['id']}/external-refs/shop/{one['id']}"
    assert (await desk.client.delete(wrong)).status_code == 200
    assert (await desk.see(f"/v1/accounts/{one['id']}"))["external_refs"] == [ref]
