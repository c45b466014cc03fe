"""In what a linked ERP leads, and from when on."""

import asyncio
from uuid import UUID

import pytest

from chassis.testing.waiting import until
from crm.accounts.rules.ownership import led_by_erp
from crm.accounts.schemas import ChangeAccount
from crm.accounts.service.accounts import change_account


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
    assert led_by_erp(changed) == led


async def test_the_link_waits_for_a_change_at_hand(desk, problem):
    """B48: so no change is accepted that the ERP, leading from the link on, never sees."""
    account = await desk.account()
    path = f"/v1/accounts/{account['id']}"
    link = {"system": "erp", "external_id": desk.word()}
    async with desk.crm.database.transaction() as work:
        command = ChangeAccount(tax_id="MINE-1")
        await change_account(work, UUID(account["id"]), command, revision=1)
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
