"""What another system changes of an order, and what it only repeats; refusals are states."""

from typing import Any
from uuid import uuid4

import pytest

from .conftest import cny


class Sender:
    """A system that sends an order of one customer, version by version."""

    def __init__(self, sales, desk, customer, item):
        self.sales, self.desk, self.customer, self.item = sales, desk, customer, item
        self.order_id, self.version = uuid4(), 0

    async def sends(self, *lines, customer=None, **facts):
        """The order with these lines: an id of the sender's, how many, and perhaps an item."""
        self.version += 1
        made = [
            {
                "item_id": (item[0] if item else self.item)["id"],
                "external_line_id": name,
                "quantity": quantity,
                "unit_price": cny("2.00"),
            }
            for name, quantity, *item in lines
        ]
        body = {"customer_id": (customer or self.customer)["id"], "lines": made} | facts
        reply = await self.sales.send(body, self.order_id, self.version)
        assert reply.is_success, reply.text
        return reply.json()

    async def amends(self, order, *lines, **facts):
        """Someone here changes the order: lines by our id, or new ones."""
        made = [
            {"id": line["id"], "item_id": line["item_id"], "quantity": quantity}
            if isinstance(line, dict)
            else {"item_id": self.item["id"], "quantity": quantity, "unit_price": cny("2.00")}
            for line, quantity in lines
        ]
        path = f"/v1/sales-orders/{order['id']}"
        now = await self.sales.erp.client.get(path)
        reply = await self.sales.erp.client.put(
            f"{path}/content",
            json={"lines": made} | facts,
            headers={"If-Match": now.headers["ETag"]},
        )
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def last_event(self, order):
        return (await self.desk.events_of(order["id"]))[-1]


@pytest.fixture
async def sender(sales, desk):
    return Sender(sales, desk, await desk.customer(), await sales.item("100"))


def quantities(order):
    return [line["quantity"] for line in order["lines"]]


def base(event, order, **quantities_known):
    """What the sender took over from us: our version, and lines by its ids of them."""
    return {
        "version": event["aggregate_version"],
        "lines": [
            {
                "external_line_id": line["external_line_id"] or line["id"],
                "item_id": line["item_id"],
                "quantity": quantities_known.get(line["external_line_id"], line["quantity"]),
                "unit_price": cny("2.00"),
            }
            for line in order["lines"]
        ],
    }


async def test_a_repeated_line_stays_as_it_was_amended_here(sender):
    """10 become 8 here; the sender adds a note and repeats 10: 8 stays, and it is told so."""
    order = await sender.sends(("a", "10"))
    await sender.amends(order, (order["lines"][0], "8"))
    order = await sender.sends(("a", "10"), note="ring")
    assert (quantities(order), order["note"]) == (["8"], "ring")
    shown = (await sender.last_event(order))["payload"]
    assert shown["external_refs"][0]["source_version"] == 2
    order = await sender.sends(("a", "12"))
    assert quantities(order) == ["12"]


async def test_lines_without_ids_are_taken_as_they_are_sent(sender):
    """Nothing tells what the sender changed from what it repeats: 8 are 10 again, in one line."""
    day = {"requested_on": "2030-01-01"}
    order = await sender.sends(("", "10"), **day)
    amended = await sender.amends(order, (order["lines"][0], "8"), requested_on="2030-01-02")
    assert (quantities(amended), amended["requested_on"]) == (["8"], "2030-01-02")
    again = await sender.sends(("", "10"), note="ring", **day)
    assert (quantities(again), again["requested_on"]) == (["10"], day["requested_on"])
    assert again["note"] == "ring"
    assert again["lines"][0]["id"] == order["lines"][0]["id"]
    two = await sender.sends(("", "10"), ("", "3"))
    assert [line["id"] for line in two["lines"]][:1] == [order["lines"][0]["id"]]
    mixed = await sender.amends(two, (two["lines"][0], "7"), (two["lines"][1], "3"))
    assert quantities(mixed) == ["7", "3"]
    back = await sender.sends(("a", "10"), ("", "3"))
    assert sorted(quantities(back)) == ["10", "3"]


async def test_what_was_repeated_only_is_published_even_if_nothing_changed(sender):
    """The sender learns what the order is here: it sent another state."""
    order = await sender.sends(("a", "10"))
    amended = await sender.amends(order, (order["lines"][0], "8"))
    order = await sender.sends(("a", "10"))
    event = await sender.last_event(order)
    assert (quantities(order), event["payload"]["external_refs"][0]["source_version"]) == (["8"], 2)
    assert order["lines"] == amended["lines"]


async def test_a_sender_that_knew_the_amendment_may_take_it_back(sender):
    """It took over 8 and wants 10 again: that is a change, though 10 was sent before."""
    order = await sender.sends(("a", "10"))
    order = await sender.amends(order, (order["lines"][0], "8"))
    known = base(await sender.last_event(order), order)
    order = await sender.amends(order, (order["lines"][0], "7"))
    order = await sender.sends(("a", "8"), base=known, note="ring")
    assert quantities(order) == ["7"]
    order = await sender.sends(("a", "10"), base=known)
    assert quantities(order) == ["10"]


async def test_what_was_sent_last_is_newer_than_what_was_known_before(sender):
    """8 was taken over, then 12 sent and amended to 11: a note with 12 leaves 11."""
    order = await sender.sends(("a", "10"))
    order = await sender.amends(order, (order["lines"][0], "8"))
    known = base(await sender.last_event(order), order)
    order = await sender.sends(("a", "12"), base=known)
    await sender.amends(order, (order["lines"][0], "11"))
    order = await sender.sends(("a", "12"), base=known, note="ring")
    assert (quantities(order), order["note"]) == (["11"], "ring")


async def test_a_state_that_a_restore_lost_is_not_compared(sender, desk):
    """12 was sent, decided and taken over, and is gone here: repeated with a note it arrives."""
    async with desk.erp.database.driver() as sql:
        history = await sql.fetchval("select epoch from installation")
    order = await sender.sends(("a", "10"))
    lost = base(await sender.last_event(order), order, a="12") | {"history": history + 1}
    lost["version"] += 1
    order = await sender.sends(("a", "12"), base=lost, note="ring")
    assert (quantities(order), order["note"]) == (["12"], "ring")
    order = await sender.amends(order, (order["lines"][0], "11"))
    known = base(await sender.last_event(order), order) | {"history": history}
    order = await sender.sends(("a", "11"), base=known, note="bell")
    assert quantities(order) == ["11"]
    order = await sender.amends(order, (order["lines"][0], "9"))
    order = await sender.sends(("a", "11"), base=lost, note="door")
    assert (quantities(order), order["note"]) == (["9"], "door")


async def test_lines_added_or_dropped_here_stay_so(sender):
    """The sender repeats what it sent; a line of its own comes besides."""
    order = await sender.sends(("a", "1"), ("b", "2"))
    await sender.amends(order, (order["lines"][1], "2"), (None, "5"))
    order = await sender.sends(("a", "1"), ("b", "2"), ("c", "3"))
    assert sorted(quantities(order)) == ["2", "3", "5"]
    (added,) = [line for line in order["lines"] if line["quantity"] == "5"]
    known = base(await sender.last_event(order), order)
    order = await sender.sends(("b", "2"), ("c", "3"), (added["id"], "6"), base=known)
    assert {line["id"]: line["quantity"] for line in order["lines"]}[added["id"]] == "6"
    known = base(await sender.last_event(order), order)
    order = await sender.sends(("b", "2"), ("c", "3"), base=known)
    assert sorted(quantities(order)) == ["2", "3"]


async def test_day_and_freight_of_ours_stay_where_the_sender_repeats_its_own(sender):
    freight = [{"amount": cny("5.00")}]
    order = await sender.sends(("a", "1"), charges=freight, requested_on="2999-01-01")
    ours = [{"amount": cny("9.00")}]
    await sender.amends(order, (order["lines"][0], "1"), charges=ours, requested_on="2999-02-02")
    order = await sender.sends(("a", "1"), charges=freight, requested_on="2999-01-01", note="ring")
    assert (order["charges"], order["requested_on"], order["note"]) == (
        "9.00",
        "2999-02-02",
        "ring",
    )
    order = await sender.sends(("a", "1"), charges=[], requested_on="2999-03-03")
    assert (order["charges"], order["requested_on"]) == ("0.00", "2999-03-03")


async def test_lines_of_one_item_are_distinguished_by_their_ids(sender):
    """Theirs, and ours; each keeps its id, its price and its discount."""
    order = await sender.sends(("a", "4"), ("b", "6"))
    first, second = order["lines"]
    order = await sender.sends(("b", "7"), ("a", "4"))
    assert {line["id"]: line["quantity"] for line in order["lines"]} == {
        first["id"]: "4",
        second["id"]: "7",
    }
    order = await sender.amends(order, (second, "7"), (first, "3"))
    assert {line["id"]: (line["quantity"], line["unit_price"]) for line in order["lines"]} == {
        first["id"]: ("3", "2.00"),
        second["id"]: ("7", "2.00"),
    }


async def test_a_line_that_is_not_there_cannot_be_named(sender, problem):
    order = await sender.sends(("a", "4"))
    path = f"/v1/sales-orders/{order['id']}"
    now = await sender.sales.erp.client.get(path)
    line = {"id": str(uuid4()), "item_id": sender.item["id"], "quantity": "1"}
    reply = await sender.sales.erp.client.put(
        f"{path}/content", json={"lines": [line]}, headers={"If-Match": now.headers["ETag"]}
    )
    problem(reply, 422, "unknown_line")


async def test_an_order_is_another_customers_until_goods_have_gone_out(sender, desk, sales):
    """Then it stays with whom they went to."""
    other, third = await desk.customer(), await desk.customer()
    order = await sender.sends(("a", "4"))
    order = await sender.sends(("a", "4"), customer=other)
    assert (order["customer_id"], order["last_change"]["state"]) == (other["id"], "accepted")
    await sales.act(order, "shipments")
    order = await sender.sends(("a", "4"), customer=third)
    assert order["customer_id"] == other["id"]
    assert order["last_change"]["reason"] == "other_customer"


async def test_an_order_does_not_become_an_archived_customers(sender, desk):
    other = await desk.customer()
    await sender.sales.erp.post(f"/v1/customers/{other['id']}/archive", {})
    order = await sender.sends(("a", "4"))
    order = await sender.sends(("a", "4"), customer=other)
    assert order["last_change"]["reason"] == "customer_archived"
    assert order["customer_id"] == sender.customer["id"]


async def test_a_customer_without_the_credit_is_not_given_the_order(sender, desk):
    poor = await desk.customer(credit_limit=cny("1.00"))
    order = await sender.sends(("a", "4"))
    order = await sender.sends(("a", "4"), customer=poor)
    assert (order["last_change"]["reason"], order["customer_id"]) == (
        "credit",
        sender.customer["id"],
    )


async def test_whatever_is_refused_of_a_sent_order_is_a_state(sender, desk, sales):
    """Decision 0020: rejected with the reason; sent rightly, it is confirmed."""
    gone, dear = await sales.item("9", sold=False), await sales.item("9")
    archived = await desk.customer()
    await sales.erp.post(f"/v1/customers/{archived['id']}/archive", {})
    unpriced = {"item_id": dear["id"], "external_line_id": "a", "quantity": "1"}
    walks: dict[str, tuple[list[Any], dict[str, Any]]] = {
        f"fraction_of_unit: {sender.item['sku']}": ([("a", "1.5")], {}),
        f"not_sold: {gone['sku']}": ([("a", "1", gone)], {}),
        f"price_missing: {dear['sku']}": ([], {"lines": [unpriced]}),
        "customer_archived": ([("a", "1")], {"customer": archived}),
    }
    for reason, (lines, facts) in walks.items():
        one = Sender(sales, desk, sender.customer, sender.item)
        order = await one.sends(*lines, **facts)
        assert (order["state"], order["reason"]) == ("rejected", reason)
        assert (await one.last_event(order))["payload"]["reason"] == reason
        order = await one.sends(("a", "1"))
        assert (order["state"], order["reason"]) == ("confirmed", "")


async def test_whatever_is_refused_of_a_sent_change_is_a_state(sender, desk, sales):
    """The change request says why; the order stays as it was."""
    gone, dear = await sales.item("9", sold=False), await sales.item("9")
    unpriced = {"item_id": dear["id"], "external_line_id": "b", "quantity": "1"}
    kept = {
        "item_id": sender.item["id"],
        "external_line_id": "a",
        "quantity": "4",
        "unit_price": cny("2.00"),
    }
    before = await sender.sends(("a", "4"))
    walks: dict[str, tuple[list[Any], dict[str, Any]]] = {
        f"fraction_of_unit: {sender.item['sku']}": ([("a", "1.5")], {}),
        f"not_sold: {gone['sku']}": ([("a", "4"), ("b", "1", gone)], {}),
        f"price_missing: {dear['sku']}": ([], {"lines": [kept, unpriced]}),
    }
    for reason, (lines, facts) in walks.items():
        order = await sender.sends(*lines, **facts)
        assert (order["last_change"]["state"], order["last_change"]["reason"]) == (
            "refused",
            reason,
        )
        assert (order["state"], order["lines"]) == ("confirmed", before["lines"])


@pytest.mark.parametrize("in_batch", [False, True])
async def test_a_refused_change_answers_that_it_was_refused(sender, sales, in_batch):
    """200 with `unchanged` hid it: neither less than was shipped, nor nothing at all."""
    order = await sender.sends(("a", "4"))
    path, sent = "/v1/sales-orders", {"customer_id": sender.customer["id"]}
    line = {"item_id": sender.item["id"], "external_line_id": "a", "unit_price": cny("2.00")}

    async def status(version, **facts):
        body = sent | {"source_version": version} | facts
        if in_batch:
            items = {"items": [body | {"external_id": str(sender.order_id)}]}
            reply = await sales.erp.post(f"{path}/by-external/crm/batch", items)
            return reply.json()["items"][0]["status"]
        reply = await sales.send(body, sender.order_id, version)
        return reply.headers["Tandem-Outcome"]

    await sales.act(order, "shipments")
    less, more = [line | {"quantity": "3"}], [line | {"quantity": "5"}]
    assert await status(2, lines=less) == "refused"
    assert await status(2, lines=less) == "unchanged"
    assert await status(3, lines=less, note="Please") == "refused"
    assert await status(4, lines=less, cancelled=True) == "refused"
    assert await status(1, lines=less) == "stale"
    seen = await sales.seen(order)
    assert (seen["lines"][0]["quantity"], seen["last_change"]["state"]) == ("4", "refused")
    assert await status(5, lines=more) == "updated"
