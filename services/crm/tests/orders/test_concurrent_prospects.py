"""A prospect that orders is a customer, whatever is done with the account at that moment."""

import asyncio
from uuid import UUID

from chassis.testing.waiting import until
from crm.accounts.schemas import ChangeAccount
from crm.accounts.service.accounts import ACCOUNT
from crm.orders.schemas import PlaceOrder
from crm.orders.service import orders
from records import writes

PRICE = {"amount": "2.00", "currency": "CNY"}
ORDERS = "/v1/orders"
BACK = {"stage": "prospect"}
WAITING = "select query as one from pg_stat_activity where $1 = any(pg_blocking_pids(pid))"


async def order_by(desk, account):
    """What an order of the account says."""
    line = {"product": (await desk.product())["id"], "quantity": "1", "unit_price": PRICE}
    return {"account_id": account["id"], "lines": [line]}


async def waits_for(desk, work, task):
    """Wait until the task stands behind what the act has locked."""
    blocker = await work.sql.fetchval("select pg_backend_pid()")

    async def stands():
        found = await desk.rows(WAITING, blocker)
        return len(found) == 1

    await until(stands)
    assert not task.done()


async def test_setting_back_waits_for_the_order_that_is_being_placed(desk, problem):
    account = await desk.account()
    body = await order_by(desk, account)
    async with desk.crm.database.transaction() as work:
        await orders.place_order(work, PlaceOrder.model_validate(body))
        path = f"/v1/accounts/{account['id']}"
        setting = asyncio.create_task(desk.change(path, BACK, revision=1))
        await waits_for(desk, work, setting)
    problem(await setting, 409, "has_ordered")
    assert (await desk.see(path))["stage"] == "customer"


async def test_the_order_waits_for_setting_back_and_makes_a_customer_of_it(desk):
    """By every way an order is made."""
    for way in ("post", "batch"):
        account = await desk.account()
        body = await order_by(desk, account)
        sent = {"items": [body | {"external_id": desk.word(), "source_version": 1}]}
        async with desk.crm.database.transaction() as work:
            command = ChangeAccount.model_validate(BACK)
            await writes.change(work, ACCOUNT, UUID(account["id"]), command, revision=1)
            call = (
                desk.crm.post(ORDERS, body)
                if way == "post"
                else desk.crm.post(f"{ORDERS}/by-external/shop/batch", sent)
            )
            ordering = asyncio.create_task(call)
            await waits_for(desk, work, ordering)
        assert (await ordering).is_success
        assert (await desk.see(f"/v1/accounts/{account['id']}"))["stage"] == "customer"


async def test_of_many_at_once_no_prospect_has_an_order(desk):
    accounts = [await desk.account() for _ in range(6)]
    bodies = [await order_by(desk, account) for account in accounts]
    replies = await asyncio.gather(
        *(desk.crm.post(ORDERS, body) for body in bodies),
        *(desk.change(f"/v1/accounts/{one['id']}", BACK, revision=1) for one in accounts),
    )
    assert all(reply.status_code in {200, 201, 409} for reply in replies)
    assert all(reply.status_code == 201 for reply in replies[: len(bodies)])
    for account in accounts:
        assert (await desk.see(f"/v1/accounts/{account['id']}"))["stage"] == "customer"
