"""The present states of records say what their last events say, of every type that is read."""

import pytest

from crm.app import SERVICE
from identity.testing.service import running

PRICE = {"amount": "12.50", "currency": "CNY"}


@pytest.fixture
async def seller(cluster, desk):
    """A seller of a company of its own, so that all its records are known."""
    async with running(SERVICE, cluster) as crm:
        yield type(desk)(crm)


async def test_a_state_is_what_the_last_event_said(seller):
    """Accounts, contacts, orders with lines and notes; all that asks for a name."""
    await seller.crm.add_named()
    accounts = [await seller.account(phone="138 1234 5678"), await seller.account()]
    for name in ("Ann", "Bo"):
        await seller.contact(accounts[0]["id"], name=name)
    leaving = await seller.contact(accounts[1]["id"])
    await seller.crm.post(f"/v1/contacts/{leaving['id']}/archive", None)
    lines = [
        {"product": (await seller.product())["code"], "quantity": quantity, "unit_price": PRICE}
        for quantity in ("4", "15")
    ]
    product = {"product_id": (await seller.product())["id"], "valid_from": "2026-01-01"}
    await seller.add("/v1/product-costs", cost="4.50", **product)
    for account in accounts:
        await seller.add("/v1/orders", account_id=account["id"], lines=lines, freight=PRICE)
    order = await seller.add("/v1/orders", account_id=accounts[0]["id"], lines=lines)
    sooner = {"wanted_on": "2030-01-01", "reason": "A fair"}
    await seller.add("/v1/rush-requests", order_id=order["id"], **sooner)
    await seller.crm.post(f"/v1/orders/{order['id']}/cancel", {})
    await seller.add(f"/v1/orders/{order['id']}/notes", text="Called off by telephone.")
    await seller.crm.attach(f"/v1/orders/{order['id']}")
    about = {"record_type": "order", "record_id": order["id"]}
    await seller.add("/v1/activities", kind="call", name="Ask why", **about)
    tag = await seller.add("/v1/tags", name="Late")
    assert (await seller.client.put(f"/v1/orders/{order['id']}/tags/{tag['id']}")).is_success

    await _working_times(seller, user := await seller.user())
    await _sales_settings(seller, user)

    field = {"record_type": "account", "key": "size", "kind": "number", "label": "Size"}
    await seller.add("/v1/custom-fields", **field)

    field |= {"record_type": "order"}
    await seller.add("/v1/custom-fields", **field)
    given = {"custom": {"size": "1"}}
    fields = f"/v1/orders/{order['id']}/custom-fields"
    assert (await seller.merge(fields, given)).is_success

    await _merge_and_undo(seller, await seller.account(), await seller.account())
    events = await seller.crm.feed()
    for event in SERVICE.states:
        kind = event.type_for("crm")
        last = {one["subject"]: one for one in events if one["type"] == kind}
        reply = await seller.client.get("/v1/events/states", params={"type": kind, "limit": 500})
        states = {one["subject"]: one for one in reply.json()}
        assert states.keys() == last.keys() != set()
        for subject, one in states.items():
            assert one["data"] == last[subject]["data"] | {"changed": []}
            assert one["aggversion"] == last[subject]["aggversion"]


async def _working_times(seller, user):
    """When people work, and whom leads go to."""
    hours = [{"weekday": 1, "start": "09:00", "end": "18:00"}]
    await seller.add("/v1/calendars", name="Office", zone="Asia/Shanghai", hours=hours)
    times = {"starts_at": "2030-01-01T08:00:00Z", "ends_at": "2030-01-02T08:00:00Z"}
    await seller.add("/v1/absences", name="Leave", user_id=user["id"], **times)
    rule = {"subject_type": "account", "position": 1, "user_ids": [user["id"]]}
    await seller.add("/v1/assignment-rules", name="All", **rule)


async def _sales_settings(seller, user):
    """What is set for those who sell: rates, quotas, points, plans; and a quote."""
    await seller.add("/v1/score-rules", name="Fair", based_on="touch", points=10)
    step = {"delay_days": 1, "kind": "call", "name": "Ask"}
    await seller.add("/v1/follow-up-plans", name="After a fair", steps=[step])
    await seller.add("/v1/quotes", name="Lamps")
    await seller.add("/v1/contract-templates", code="supply", name="Supply")
    await seller.add("/v1/contracts", name="Lamps")
    await seller.add("/v1/exchange-rates", currency="SGD", day="2026-01-01", rate="5.2")
    days = {"first_day": "2030-01-01", "last_day": "2030-03-31"}
    quota = {"name": "Q1", "owner_id": user["id"], "amount": PRICE}
    await seller.add("/v1/sales-quotas", **quota, **days)


async def _merge_and_undo(seller, winner, loser):
    """Two accounts become one, and two again: both are there with their states."""
    body = {"loser_id": loser["id"], "loser_version": loser["version"]}
    at = f"/v1/accounts/{winner['id']}/merge"
    merged = await seller.crm.post(at, body, headers={"If-Match": "*"})
    undone = await seller.crm.post(f"/v1/merges/{merged.json()['id']}/undo", None)
    assert undone.is_success, undone.text
