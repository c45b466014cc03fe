"""A sales order asks to go before others, and that is decided."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest

from erp.fulfilment.service.publishing import refresh_orders

from .test_promises import later

pytestmark = pytest.mark.business_day

RUSH = "/v1/rush-requests"


@pytest.fixture
def policy(erp, monkeypatch):
    """Sets the policy of rush requests until the test ends."""
    kept = erp.database.setting

    def set_policy(**facts):
        named = {f"rush_{name}": value for name, value in facts.items()}
        settings = kept.settings.model_copy(update=named)
        monkeypatch.setattr(erp.database, "setting", replace(kept, settings=settings))

    return set_policy


class Two:
    """A has all five that there are; B waits for five more, which come in five days."""

    def __init__(self, sales, desk):
        self.sales, self.desk, self.erp = sales, desk, sales.erp

    async def set_up(self):
        self.customer, self.item = await self.desk.customer(), await self.sales.item("5")
        supplier = await self.sales.supplied(self.item)
        self.a = await self.sales.order(self.customer, (self.item, "5", "10"))
        await self.sales.buys(supplier, self.item, "5")
        self.b = await self.sales.order(self.customer, (self.item, "5", "10"))
        return self

    async def asks(self, order, **facts):
        asked = {"order_id": order["id"], "wanted_on": order["ordered_on"], "reason": "A fair"}
        return await self.erp.post(RUSH, asked | facts)


@pytest.fixture
async def two(sales, desk):
    return await Two(sales, desk).set_up()


async def test_a_granted_rush_goes_first_and_names_whom_it_delays(two, desk, policy):
    """E37: B takes what A has reserved; A is promised when more comes; the surcharge is charged."""
    policy(surcharge_percent=Decimal("7.5"), delay_days_max=5)
    request = (await two.asks(two.b)).json()
    assert (request["state"], request["granted_on"]) == ("open", None)
    outlook = await desk.see(f"{RUSH}/{request['id']}/outlook")
    today, in_five = two.a["ordered_on"], later(two.a, 5)
    delay = {"kind": "sales_order", "order_id": two.a["id"], "number": two.a["number"]}
    delay |= {"before": today, "after": in_five, "days": 5}
    assert outlook == {
        "granted_on": today,
        "without_on": in_five,
        "gains": True,
        "is_within_policy": True,
        "delays": [delay],
        "production_orders": [],
    }
    granted = (await two.erp.post(f"{RUSH}/{request['id']}/grant", {})).json()
    facts = granted["state"], granted["granted_on"], granted["surcharge"], granted["delays"]
    assert facts == ("granted", today, "3.75", [delay])
    async with two.erp.database.transaction() as work:
        await refresh_orders(work, {"order_ids": [two.a["id"]], "promise_anew": True})
    b, a = await two.sales.seen(two.b), await two.sales.seen(two.a)
    assert (b["promised_on"], b["lines"][0]["reserved"], b["charges"]) == (today, "5", "3.75")
    assert (a["promised_on"], a["lines"][0]["reserved"], a["charges"]) == (in_five, "0", "0.00")
    events = [one["payload"] for one in await desk.events_of(request["id"])]
    assert [one["state"] for one in events] == ["open", "granted"]
    assert events[-1]["delays"] == [delay]
    assert (await desk.events_of(two.b["id"]))[-1]["payload"]["promised_on"] == today
    shipped = await two.sales.acts(two.b, "shipments", "invoices")
    assert (shipped["state"], shipped["invoiced"]) == ("completed", "53.75")


async def test_nobody_is_delayed_beyond_the_policy(two, desk, policy, problem):
    """What would be refused changes nothing; where the policy decides, it refuses with why."""
    policy(delay_days_max=4)
    request = (await two.asks(two.b)).json()
    assert not (await desk.see(f"{RUSH}/{request['id']}/outlook"))["is_within_policy"]
    reply = await two.erp.post(f"{RUSH}/{request['id']}/grant", {})
    assert two.a["number"] in problem(reply, 409, "rush_delays_too_long")["detail"]
    seen = await two.sales.seen(two.b)
    assert (seen["promised_on"], seen["lines"][0]["reserved"]) == (later(two.b, 5), "0")
    assert (await desk.see(f"{RUSH}/{request['id']}"))["state"] == "open"
    problem(await two.asks(two.b), 409, "rush_request_open")
    await two.erp.post(f"{RUSH}/{request['id']}/withdraw", {"reason": "Too late"})
    policy(delay_days_max=4, decided_by="policy")
    refused = (await two.asks(two.b)).json()
    assert (refused["state"], refused["surcharge"]) == ("refused", "0.00")
    assert two.a["number"] in refused["answer"]
    policy(delay_days_max=5, decided_by="policy")
    granted = (await two.asks(two.b)).json()
    assert (granted["state"], granted["granted_on"]) == ("granted", two.b["ordered_on"])


async def test_of_two_decisions_at_once_one_counts(two, desk, problem):
    """Two planners and the seller decide; and two requests at once are one."""
    replies = await asyncio.gather(*(two.asks(two.b) for _ in range(3)))
    [made] = [one.json() for one in replies if one.status_code == 201]
    assert sorted(one.status_code for one in replies) == [201, 409, 409]
    acts = [("grant", {}), ("refuse", {"reason": "No"}), ("withdraw", {"reason": "No"})] * 2
    decided = await asyncio.gather(
        *(two.erp.post(f"{RUSH}/{made['id']}/{act}", body) for act, body in acts)
    )
    assert sorted(one.status_code for one in decided) == [200, *[409] * 5]
    seen = await desk.see(f"{RUSH}/{made['id']}")
    reserved = (await two.sales.seen(two.b))["lines"][0]["reserved"]
    assert reserved == ("5" if seen["state"] == "granted" else "0")
    assert len(await desk.events_of(made["id"])) == 2


async def test_what_the_policy_decides_at_once_is_judged_one_after_the_other(two, desk, policy):
    """B has goods that it needs in five days: the first may have them, the second delays it."""
    policy(decided_by="policy", delay_days_max=3)
    await two.erp.post(f"/v1/sales-orders/{two.a['id']}/cancel", {})
    await two.sales.refreshed(two.b)
    placed = [await two.sales.order(two.customer, (two.item, "5", "10")) for _ in range(2)]
    replies = await asyncio.gather(*(two.asks(order) for order in placed))
    assert [one.status_code for one in replies] == [201, 201]
    assert [one.json()["state"] for one in replies] == ["granted", "refused"]


async def test_many_rushes_at_once_over_the_same_goods_end(sales, desk):
    """Each takes from the others; no reservation is lost, none is given twice."""
    customer = await desk.customer()
    one, other = await sales.item("4"), await sales.item("4")
    placed = [
        await sales.order(customer, (first, "2", "10"), (second, "2", "10"))
        for first, second in [(one, other), (other, one)] * 3
    ]
    two = Two(sales, desk)
    asked = [(await two.asks(order)).json() for order in placed]
    replies = await asyncio.gather(
        *(sales.erp.post(f"{RUSH}/{request['id']}/grant", {}) for request in asked)
    )
    assert {one.status_code for one in replies} <= {200, 409}
    for item in (one, other):
        lines = [
            line
            for order in placed
            for line in (await sales.seen(order))["lines"]
            if line["item_id"] == item["id"]
        ]
        assert sum(Decimal(line["reserved"]) for line in lines) == 4


async def test_a_rush_that_gains_nothing_is_refused(two, problem):
    """A has its goods for today already; drafts and orders that are gone are not rushed."""
    request = (await two.asks(two.a)).json()
    problem(await two.erp.post(f"{RUSH}/{request['id']}/grant", {}), 409, "rush_gains_nothing")
    refused = await two.erp.post(f"{RUSH}/{request['id']}/refuse", {"reason": "It is there"})
    assert refused.json()["answer"] == "It is there"
    again = await two.erp.post(f"{RUSH}/{request['id']}/refuse", {"reason": "It is there"})
    problem(again, 409, "rush_request_decided")
    draft = await two.sales.order(two.customer, (two.item, "1", "10"), draft=True)
    problem(await two.asks(draft), 409, "order_not_confirmed")
    problem(await two.asks({"id": str(uuid4()), "ordered_on": "2026-01-01"}), 404, "not_found")
    problem(await two.asks(two.b, reason=""), 422, "invalid_input")
    seller = await two.erp.as_("rush.write", "rush.read")
    asked = (await two.asks(two.b)).json()
    forbidden = await seller.post(f"{RUSH}/{asked['id']}/grant", json={})
    problem(forbidden, 403, "forbidden")
    unready = {"schedule_try_id": str(uuid4())}
    problem(await two.erp.post(f"{RUSH}/{asked['id']}/grant", unready), 404, "not_found")


async def test_what_is_promised_for_a_time_is_not_rushed_away(sales, desk):
    """E37: four are there, two of them softly reserved; a rush for three waits for the receipt."""
    customer, item = await desk.customer(), await sales.item("4")
    line = {"sku": item["sku"], "quantity": "2"}
    await desk.add("/v1/soft-reservations", lines=[line])
    await sales.buys(await sales.supplied(item), item, "3")
    order = await sales.order(customer, (item, "3", "10"), requested_on=None)
    assert order["promised_on"] == later(order, 5)
    request = (await Two(sales, desk).asks(order)).json()
    outlook = await desk.see(f"{RUSH}/{request['id']}/outlook")
    assert (outlook["granted_on"], outlook["gains"]) == (later(order, 5), False)
