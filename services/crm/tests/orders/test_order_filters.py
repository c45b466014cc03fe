"""Orders and contacts are asked for states, totals, days and the owner of their account."""

from urllib.parse import urlencode
from uuid import uuid4


async def asked(desk, path, **query):
    return (await desk.see(f"{path}?{urlencode(query)}"))["items"]


async def test_orders_are_asked_for_states_a_total_and_days(desk, crm):
    account, product = await desk.account(), await desk.product()
    orders = []
    for freight in ("0", "20", "5"):
        money = {"amount": freight, "currency": "CNY"}
        orders.append(await desk.order(account["id"], product["code"], freight=money))
    await crm.post(f"/v1/orders/{orders[2]['id']}/cancel", {})
    numbers = [one["number"] for one in orders]

    async def found(**query):
        rows = await asked(desk, "/v1/orders", account_id=account["id"], **query)
        return [row["number"] for row in rows]

    assert await found(state="placed", sort="number") == numbers[:2]
    assert await found(state="placed,cancelled", sort="number") == numbers
    assert await found(total_from="14", total_to="14.00") == [numbers[2]]
    assert await found(sort="total") == [numbers[0], numbers[2], numbers[1]]
    assert await found(sort="-ordered_on", ordered_on_gte=orders[0]["ordered_on"])
    assert await found(ordered_on_lte="2000-01-01") == []


async def test_contacts_and_orders_are_asked_for_the_owner_of_their_account(desk):
    owner, product = await desk.user(), await desk.product()
    mine, other = await desk.account(owner_id=owner["id"]), await desk.account()
    for account in (mine, other):
        await desk.contact(account["id"])
        await desk.order(account["id"], product["code"])
    for path in ("/v1/contacts", "/v1/orders"):
        rows = await asked(desk, path, owner_id=owner["id"])
        assert [row["account_id"] for row in rows] == [mine["id"]]
        assert await asked(desk, path, owner_id=str(uuid4())) == []
