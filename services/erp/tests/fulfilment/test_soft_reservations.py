"""Goods promised for a time: kept from others, used by one order line, released, expired (E37)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from chassis.clock import business_day, utc_now
from erp.fulfilment.service.publishing import refresh_orders

pytestmark = pytest.mark.business_day

SOFT = "/v1/soft-reservations"


@pytest.fixture
def hold(sales, desk):
    """Promise so many of an item for a time; the reply."""

    async def post(item, quantity, **facts):
        line = {"sku": item["sku"], "quantity": quantity}
        if "on" in facts:
            line["on"] = str(facts.pop("on"))
        return await sales.erp.post(SOFT, {"lines": [line], **facts})

    return post


@pytest.fixture
def today(erp):
    return business_day(erp.settings.time_zone)


async def softly(hold, item, quantity, **facts):
    reply = await hold(item, quantity, **facts)
    assert reply.status_code == 201, reply.text
    [made] = reply.json()["items"]
    return made


async def available(desk, item):
    found = await desk.see(f"/v1/availability?sku={item['sku']}&quantity=1")
    return found["free"], found["soft_reserved"], found["promised_on"]


async def test_what_is_held_is_kept_from_orders_until_an_order_uses_it(sales, desk, hold, today):
    """E37: 6 of 10 are held; an order of 5 is promised what is bought, the holder's has its 4."""
    customer, item = await desk.customer(), await sales.item("10")
    await sales.buys(await sales.supplied(item), item, "9")
    held = await softly(hold, item, "6", customer_id=customer["id"], reference="Q-7")
    assert (held["state"], held["live"], held["promised_on"]) == ("open", True, str(today))
    assert held["number"].startswith("SR-")
    assert await available(desk, item) == ("10", "6", str(today))
    other = await sales.order(await desk.customer(), (item, "5", "10"))
    assert other["promised_on"] == str(today + timedelta(days=5))
    # What is beyond what is held may lie reserved for it already.
    assert other["lines"][0]["reserved"] == "4"
    body = sales.body(customer, (item, "4", "10"))
    body["lines"][0]["soft_reservation_id"] = held["id"]
    order = await desk.add("/v1/sales-orders", **body)
    [line] = order["lines"]
    assert (order["promised_on"], line["reserved"]) == (str(today), "4")
    assert line["soft_reservation_id"] == held["id"]
    used = await desk.see(f"{SOFT}/{held['id']}")
    assert (used["state"], used["live"], used["used"]) == ("used", False, "4")
    assert (used["order_id"], used["order_line_id"]) == (order["id"], line["id"])
    shown = await sales.refreshed(other)
    assert shown["lines"][0]["reserved"] == "5"
    again = await sales.erp.post("/v1/sales-orders", body)
    assert (again.status_code, again.json()["code"]) == (409, "soft_reservation_ended")
    events = [one["payload"] for one in await desk.events_of(held["id"])]
    assert [(one["state"], one["used"]) for one in events] == [("open", "0"), ("used", "4")]


async def scheduled(sales, *orders):
    """How the orders stand once the job has promised a day to those without one."""
    async with sales.erp.database.transaction() as work:
        await refresh_orders(work, {"order_ids": [one["id"] for one in orders]})
    return [await sales.seen(one) for one in orders]


@pytest.mark.parametrize("taken", ["4", "2", "6"])
async def test_who_uses_one_goes_before_orders_that_came_later(sales, desk, hold, today, taken):
    """E37: an order without a day waits for the goods; what is held is not for it, all the same.

    The rest of what is held goes to it; what is wanted beyond that waits behind it.
    """
    item = await sales.item("4")
    held = await softly(hold, item, "4")
    later = await sales.order(await desk.customer(), (item, "4", "10"))
    assert later["promised_on"] is None
    body = sales.body(await desk.customer(), (item, taken, "10"))
    body["lines"][0]["soft_reservation_id"] = held["id"]
    order = await desk.add("/v1/sales-orders", **body)
    got = min(int(taken), 4)
    assert order["lines"][0]["reserved"] == str(got)
    assert order["promised_on"] == (str(today) if got == int(taken) else None)
    shown = await sales.seen(later)
    assert (shown["promised_on"], shown["lines"][0]["reserved"]) == (None, str(4 - got))
    await sales.buys(await sales.supplied(item), item, "4")
    shown, order = await scheduled(sales, later, order)
    assert shown["promised_on"] == str(today + timedelta(days=5))
    assert order["promised_on"] == (str(today) if got == int(taken) else None)


async def test_goods_to_come_stay_with_who_uses_one_also_without_a_day(sales, desk, hold, today):
    """E37: the order waits for another item too; what is held of the first one stays its own."""
    item, other = await sales.item("1"), await sales.item("1")
    await sales.order(await desk.customer(), (item, "1", "10"), (other, "1", "10"))
    await sales.buys(await sales.supplied(item), item, "4")
    held = await softly(hold, item, "4")
    assert held["promised_on"] == str(today + timedelta(days=5))
    later = await sales.order(await desk.customer(), (item, "4", "10"))
    body = sales.body(await desk.customer(), (item, "4", "10"), (other, "1", "10"))
    body["lines"][0]["soft_reservation_id"] = held["id"]
    order = await desk.add("/v1/sales-orders", **body)
    assert (order["promised_on"], later["promised_on"]) == (None, None)
    await sales.buys(await sales.supplied(other), other, "1")
    shown, order = await scheduled(sales, later, order)
    assert (shown["promised_on"], order["promised_on"]) == (None, held["promised_on"])


async def test_of_two_at_once_for_the_last_goods_one_gets_them(sales, hold):
    """E37 on real PostgreSQL: the items are locked before a day is promised."""
    item = await sales.item("3")
    replies = await asyncio.gather(*(hold(item, "2") for _ in range(6)))
    assert sorted(one.status_code for one in replies) == [201] + [409] * 5
    assert {one.json().get("code") for one in replies} == {None, "nothing_to_promise"}


async def test_orders_and_holds_at_once_never_promise_the_same_goods(sales, desk, hold, today):
    """E26, E37: who waits for the lock reads what was held meanwhile."""
    customer, item = await desk.customer(), await sales.item("5")
    acts = [
        hold(item, "1") if at % 2 else sales.order(customer, (item, "1", "10")) for at in range(12)
    ]
    replies = await asyncio.gather(*acts)
    held = sum(one.status_code == 201 for one in replies[1::2])
    reserved = sum(one["lines"][0]["reserved"] == "1" for one in replies[::2])
    promised = sum(one["promised_on"] == str(today) for one in replies[::2])
    assert (held + reserved, reserved) == (5, promised)


async def test_used_twice_at_once_it_is_used_once(sales, desk, hold):
    """E37: one order has it; the others are refused whole."""
    customer, item = await desk.customer(), await sales.item("2")
    held = await softly(hold, item, "2")
    body = sales.body(customer, (item, "2", "10"))
    body["lines"][0]["soft_reservation_id"] = held["id"]
    path = "/v1/sales-orders"
    replies = await asyncio.gather(*(sales.erp.post(path, body) for _ in range(5)))
    assert sorted(one.status_code for one in replies) == [201] + [409] * 4
    assert (await desk.see(f"{SOFT}/{held['id']}"))["state"] == "used"


async def test_a_draft_names_one_and_uses_it_as_it_is_confirmed(sales, desk, hold):
    customer, item = await desk.customer(), await sales.item("2")
    held = await softly(hold, item, "2")
    body = sales.body(customer, (item, "2", "10"), draft=True)
    body["lines"][0]["soft_reservation_id"] = held["id"]
    first, second = [await desk.add("/v1/sales-orders", **body) for _ in range(2)]
    assert (await desk.see(f"{SOFT}/{held['id']}"))["state"] == "open"
    assert (await sales.act(first, "confirm")).json()["lines"][0]["reserved"] == "2"
    late = await sales.act(second, "confirm")
    assert (late.status_code, late.json()["code"]) == (409, "soft_reservation_ended")


async def test_released_or_expired_it_counts_no_longer(sales, desk, hold, today):
    """E37: whoever waits has the goods at once, of one that expired with the next act."""
    customer, item = await desk.customer(), await sales.item("4")
    held = await softly(hold, item, "4")
    order = await sales.order(customer, (item, "4", "10"))
    assert (order["promised_on"], order["lines"][0]["reserved"]) == (None, "0")
    [wish] = (await desk.see(f"/v1/purchase-suggestions?sku={item['sku']}&state=open"))["items"]
    assert wish["quantity"] == "4"
    released = await sales.erp.post(f"{SOFT}/{held['id']}/release", None)
    assert (released.status_code, released.json()["state"]) == (200, "released")
    shown = await sales.refreshed(order)
    assert (shown["promised_on"], shown["lines"][0]["reserved"]) == (str(today), "4")
    for act in ("release", "extend"):
        reply = await sales.erp.post(f"{SOFT}/{held['id']}/{act}", {} if act == "extend" else None)
        assert (reply.status_code, reply.json()["code"]) == (409, "soft_reservation_ended")


async def test_it_expires_by_the_clock_of_the_act(sales, desk, hold, monkeypatch):
    """An hour later it counts no longer, whatever its state says; nobody has to end it."""
    item = await sales.item("4")
    held = await softly(hold, item, "4", expires_at=(utc_now() + timedelta(hours=1)).isoformat())
    assert (await hold(item, "1")).json()["code"] == "nothing_to_promise"
    listed = await desk.see(f"{SOFT}?sku={item['sku']}&live=true")
    assert [one["id"] for one in listed["items"]] == [held["id"]]
    longer = {"expires_at": (utc_now() + timedelta(hours=2)).isoformat()}
    assert (await sales.erp.post(f"{SOFT}/{held['id']}/extend", longer)).is_success
    in_time = utc_now() + timedelta(minutes=90)
    monkeypatch.setattr("chassis.storage.reading.utc_now", lambda: in_time)
    assert (await hold(item, "1")).json()["code"] == "nothing_to_promise"
    later = utc_now() + timedelta(hours=3)
    monkeypatch.setattr("chassis.storage.reading.utc_now", lambda: later)
    await softly(hold, item, "4")
    late = await sales.erp.post(f"{SOFT}/{held['id']}/extend", {})
    assert late.json()["detail"].count("is expired")


async def test_a_change_takes_nothing_that_is_held(sales, desk, hold):
    """E37, E47: more is wanted than before, and what lies there is held for somebody."""
    customer, item = await desk.customer(), await sales.item("5")
    order = await sales.order(customer, (item, "2", "10"))
    await softly(hold, item, "3")
    line = {"id": order["lines"][0]["id"], "quantity": "4"}
    changed = await sales.erp.client.put(
        f"/v1/sales-orders/{order['id']}/content",
        json={"lines": [line]},
        headers={"If-Match": f'"{order["version"]}"'},
    )
    assert changed.is_success, changed.text
    assert (changed.json()["lines"][0]["reserved"], changed.json()["promised_on"]) == ("2", None)


async def test_what_cannot_be_promised_or_makes_no_sense_is_refused(sales, desk, hold, today):
    """Each is refused in words, and nothing is held."""
    item = await sales.item("2")
    await sales.buys(await sales.supplied(item), item, "5")
    early = (await hold(item, "4", on=today)).json()
    assert early["code"] == "day_not_promisable"
    assert str(today + timedelta(days=5)) in early["detail"]
    both = [{"sku": item["sku"], "quantity": many} for many in ("2", "6")]
    assert (await sales.erp.post(SOFT, {"lines": both})).json()["code"] == "nothing_to_promise"
    bad: dict[str, dict[str, Any]] = {
        "missing_reference": {"lines": [{"sku": "NO-SUCH", "quantity": "1"}]},
        "fraction_of_unit": {"lines": [{"sku": item["sku"], "quantity": "1.5"}]},
        "day_has_passed": {
            "lines": [{"sku": item["sku"], "quantity": "1", "on": str(today - timedelta(1))}]
        },
        "expires_too_late": {"expires_at": (utc_now() + timedelta(days=15)).isoformat()},
        "time_has_passed": {"expires_at": (utc_now() - timedelta(minutes=1)).isoformat()},
        "one_item": {"lines": [{"quantity": "1"}]},
    }
    for code, facts in bad.items():
        line = {"sku": item["sku"], "quantity": "1"}
        reply = await sales.erp.post(SOFT, {"lines": [line], **facts})
        assert reply.status_code >= 400
        assert code in reply.text, reply.text
    nobody = await hold(item, "1", customer_id=item["id"])
    assert nobody.json()["code"] == "missing_reference"
    assert (await desk.see(f"{SOFT}?sku={item['sku']}"))["items"] == []
    mine = await softly(hold, item, "1", customer_id=(await desk.customer())["id"])
    body = sales.body(await desk.customer(), (item, "1", "1"))
    body["lines"][0]["soft_reservation_id"] = mine["id"]
    reply = await sales.erp.post("/v1/sales-orders", body)
    assert (reply.status_code, reply.json()["code"]) == (409, "soft_reservation_not_for")
    sooner = {"expires_at": (utc_now() + timedelta(minutes=1)).isoformat()}
    reply = await sales.erp.post(f"{SOFT}/{mine['id']}/extend", sooner)
    assert "expires_sooner" in reply.text
