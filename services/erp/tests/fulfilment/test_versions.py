"""Orders as another system sends them: any order of versions comes to the same order."""

from itertools import permutations
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

VERSIONS = range(1, 5)


@pytest.fixture(scope="module")
def stories():
    """The quantities, prices and freight of four versions of an order."""
    return {
        1: ("5", "1.00", "0.00"),
        2: ("8", "1.00", "3.00"),
        3: ("2", "1.50", "0.00"),
        4: ("6", "2", "4.00"),
    }


async def _told(sales, customer, item, arrivals, stories):
    order_id = uuid4()
    for version in arrivals:
        quantity, price, freight = stories[version]
        charges = [{"amount": {"amount": freight, "currency": "CNY"}}]
        body = sales.body(customer, (item, quantity, price), charges=charges, note=f"v{version}")
        reply = await sales.send(body, order_id, version)
        assert reply.status_code in {200, 201}, reply.text
    return reply.json()


@pytest.mark.parametrize("arrivals", list(permutations((1, 2, 4))))
async def test_versions_in_any_order_come_to_the_newest(sales, desk, stories, arrivals):
    """E48: reordered."""
    customer, item = await desk.customer(), await sales.item("100")
    order = await _told(sales, customer, item, arrivals, stories)
    assert (order["state"], order["net"], order["charges"], order["note"]) == (
        "confirmed",
        "12.00",
        "4.00",
        "v4",
    )
    assert order["lines"][0]["reserved"] == "6"


async def test_versions_repeated_and_mixed_come_to_the_newest(sales, desk, stories):
    """E48: redelivered, reordered, amended before the create event, all at once."""
    customer, item = await desk.customer(), await sales.item("100000")
    found = []

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=8))
    def collect(arrivals):
        found.append(arrivals)

    collect()
    for arrivals in found:
        order = await _told(sales, customer, item, arrivals, stories)
        quantity, _, freight = stories[max(arrivals)]
        assert (order["lines"][0]["quantity"], order["lines"][0]["reserved"]) == (quantity,) * 2
        assert (order["charges"], order["note"]) == (freight, f"v{max(arrivals)}")


async def test_lines_are_dropped_added_and_paired_one_by_one(sales, desk):
    """E48: two lines of one item stay two; what is dropped frees its goods."""
    customer, item, other = await desk.customer(), await sales.item("9"), await sales.item("9")
    order_id = uuid4()
    await sales.send(sales.body(customer, (item, "2", "1"), (item, "3", "2")), order_id, 1)
    changed = sales.body(customer, (item, "4", "1"), (other, "5", "2"))
    order = (await sales.send(changed, order_id, 2)).json()
    assert [(one["sku"], one["quantity"], one["reserved"]) for one in order["lines"]] == [
        (item["sku"], "4", "4"),
        (other["sku"], "5", "5"),
    ]
    assert order["net"] == "14.00"
    again = await sales.send(changed, order_id, 3)
    assert again.headers["tandem-outcome"] == "unchanged"


async def test_a_change_below_what_has_gone_out_is_refused(sales, desk):
    customer, item = await desk.customer(), await sales.item("9")
    order_id = uuid4()
    order = (await sales.send(sales.body(customer, (item, "5", "1")), order_id, 1)).json()
    await sales.acts(order, "shipments")
    for version, line in enumerate([(item, "4", "1"), (item, "5", "2")], 2):
        shown = (await sales.send(sales.body(customer, line), order_id, version)).json()
        assert shown["last_change"]["reason"] == "already_shipped: 1"
        assert (shown["lines"][0]["quantity"], shown["net"]) == ("5", "5.00")
    other = await desk.customer()
    shown = (await sales.send(sales.body(other, (item, "5", "1")), order_id, 9)).json()
    assert shown["last_change"]["reason"] == "other_customer"


async def test_more_than_the_credit_limit_or_of_what_is_not_sold_is_refused(sales, desk):
    customer = await desk.customer(credit_limit={"amount": "10", "currency": "CNY"})
    item, gone = await sales.item("99"), await desk.item(discontinued_on="2020-01-01")
    order_id = uuid4()
    await sales.send(sales.body(customer, (item, "10", "1")), order_id, 1)
    shown = (await sales.send(sales.body(customer, (item, "11", "1")), order_id, 2)).json()
    answer = {"kind": "change", "state": "refused", "reason": "credit", "source_version": 2}
    assert shown["last_change"] == answer | {"source_history": None}
    lines = (item, "1", "1"), (gone, "1", "1")
    shown = (await sales.send(sales.body(customer, *lines), order_id, 3)).json()
    assert shown["last_change"]["reason"] == f"not_sold: {gone['sku']}"
    assert shown["lines"][0]["quantity"] == "10"


async def test_what_was_rejected_or_held_is_decided_anew_when_sent_anew(sales, desk):
    """E48, E49."""
    customer = await desk.customer(credit_limit={"amount": "10", "currency": "CNY"})
    item, gone = await sales.item("99"), await desk.item(discontinued_on="2020-01-01")
    order_id = uuid4()
    states = []
    for version, line in enumerate([(gone, "1", "1"), (item, "11", "1"), (item, "9", "1")], 1):
        states.append((await sales.send(sales.body(customer, line), order_id, version)).json())
    assert [one["state"] for one in states] == ["rejected", "on_hold", "confirmed"]
    asked = await desk.see(f"/v1/approvals?subject_id={states[0]['id']}")
    assert [one["state"] for one in asked["items"]] == ["withdrawn"]


async def test_a_cancelled_order_stays_cancelled_and_frees_its_goods(sales, desk):
    """E47, E48: cancelled before its create event arrives as well."""
    customer, item = await desk.customer(), await sales.item("5")
    for arrivals in ((1, 2), (2, 1)):
        order_id = uuid4()
        for version in arrivals:
            body = sales.body(customer, (item, "5", "1"), cancelled=version == 2)
            shown = (await sales.send(body, order_id, version)).json()
        assert (shown["state"], shown["lines"][0]["reserved"]) == ("cancelled", "0")
    level = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"][0]
    assert (level["on_hand"], level["reserved"]) == ("5", "0")


async def test_a_draft_is_changed_as_a_draft_and_confirmed_once(sales, desk, problem):
    customer, item = await desk.customer(), await sales.item("5")
    draft = await sales.order(customer, (item, "2", "1"), draft=True)
    body = {"lines": sales.body(customer, (item, "3", "1"))["lines"]}
    path = f"/v1/sales-orders/{draft['id']}/content"
    reply = await sales.erp.client.put(path, json=body, headers={"If-Match": '"1"'})
    assert (reply.json()["state"], reply.json()["net"]) == ("draft", "3.00")
    stale = await sales.erp.client.put(path, json=body, headers={"If-Match": '"1"'})
    problem(stale, 412, "stale_revision")
    assert (await sales.acts(draft, "confirm"))["lines"][0]["reserved"] == "3"
    problem(await sales.act(draft, "confirm"), 409, "order_closed")


async def test_a_held_order_confirmed_again_is_asked_about_once(sales, desk):
    customer = await desk.customer(credit_limit={"amount": "1", "currency": "CNY"})
    item = await sales.item("5")
    order = await sales.order(customer, (item, "2", "1"))
    assert (await sales.acts(order, "confirm"))["state"] == "on_hold"
    asked = await desk.see(f"/v1/approvals?subject_id={order['id']}&state=pending")
    assert len(asked["items"]) == 1


async def test_a_rejected_order_changed_by_hand_is_decided_anew(sales, desk):
    """E49: with all of its lines; nothing is reserved without the decision."""
    customer, item = await desk.customer(), await sales.item("5")
    gone = await desk.item(discontinued_on="2020-01-01")
    order = await sales.order(customer, (gone, "1", "1"), (item, "2", "1"))
    assert order["state"] == "rejected"

    async def change(*lines, version):
        body = {"lines": sales.body(customer, *lines)["lines"]}
        path, headers = f"/v1/sales-orders/{order['id']}/content", {"If-Match": f'"{version}"'}
        return (await sales.erp.client.put(path, json=body, headers=headers)).json()

    still = await change((gone, "1", "1"), (item, "3", "1"), version=1)
    assert (still["state"], still["last_change"]) == ("rejected", None)
    good = await change((item, "4", "1"), (item, "1", "0"), version=2)
    assert (good["state"], [line["reserved"] for line in good["lines"]]) == (
        "confirmed",
        ["4", "1"],
    )


@pytest.mark.parametrize("end", ["cancelled", "completed"])
async def test_an_order_that_has_ended_refuses_every_change(sales, desk, end):
    """E48: also of the address alone, and the sender is answered."""
    customer, item = await desk.customer(), await sales.item("5")
    body, order_id = sales.body(customer, (item, "2", "1")), uuid4()
    order = (await sales.send(body, order_id)).json()
    await sales.acts(order, *(["cancel"] if end == "cancelled" else ["shipments", "invoices"]))
    moved = body | {"ship_to": {"city": "Elsewhere"}}
    for version, sent in ((2, moved), (3, sales.body(customer, (item, "1", "1")))):
        shown = (await sales.send(sent, order_id, version)).json()
        answer = {"kind": "change", "state": "refused", "reason": f"order_{end}"}
        assert shown["last_change"] == answer | {"source_version": version, "source_history": None}
        assert (shown["state"], shown["ship_to"]["city"]) == (end, "")
