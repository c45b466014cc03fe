"""Purchase orders that wait for approval: nothing of them is expected, and none evades a limit."""

import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest
from services.erp.tests.fulfilment.conftest import Approving, Sales

from .conftest import ORDERS, money

pytestmark = pytest.mark.business_day


class Spending(Approving):
    """Who approves what a buyer orders."""

    def __init__(self, buyer):
        super().__init__(Sales(buyer.desk))
        self.buyer = buyer

    async def limit(self, supplier, *people, least="1000.00", also=(), **facts):
        """Orders with the supplier from so much on are approved by these people."""
        own = {"fact": "supplier_id", "values": [self.buyer.suppliers[supplier]["id"]]}
        beyond = {"fact": "total_of_30_days", "at_least": least, "currency": "CNY"}
        step = {"approvers": "users", "user_ids": [one for one, _ in people]}
        return await self.desk.add(
            "/v1/approval-rules",
            **{"kind": "purchase", "name": "Large orders", "position": 1} | facts,
            conditions=[own, beyond, *also],
            steps=[step],
        )

    async def orders(self, supplier, item, quantity, client=None, **facts):
        line = {"sku": item["sku"], "quantity": str(quantity)}
        body = {"supplier_number": supplier, "lines": [line]} | facts
        reply = await self.post(ORDERS, body, client)
        assert reply.status_code == 201, reply.text
        return reply.json()

    async def changes(self, order, quantity, **line):
        order = await self.buyer.see(order)
        own = order["lines"][0]
        lines = [{"id": own["id"], "sku": own["sku"], "quantity": str(quantity)} | line]
        return await self.erp.client.put(
            f"{ORDERS}/{order['id']}/content",
            json={"lines": lines},
            headers={"If-Match": f'"{order["revision"]}"'},
        )

    async def asked(self, order, state="pending"):
        """What is asked about the order, in the state."""
        found = await self.desk.see(f"/v1/approvals?subject_id={order['id']}&state={state}")
        return found["items"]

    async def stands(self, order):
        """State of the order, what was asked last, and what is expected of its item."""
        order = await self.buyer.see(order)
        item = {"sku": order["lines"][0]["sku"]}
        incoming = (await self.buyer.availability(item))[2]
        approval = order["approval"]
        return order["state"], approval["state"] if approval else None, incoming


@pytest.fixture
def spending(buyer):
    return Spending(buyer)


@pytest.fixture
async def priced(spending, buyer):
    """A supplier, an item of 100.00, and a boss who approves from 1,000.00 in 30 days on."""
    supplier, boss = await buyer.supplier(), await spending.person()
    item = await buyer.item("100.00", supplier=supplier)
    await spending.limit(supplier, boss)
    return supplier, item, boss


@pytest.fixture
def old(spending):
    """Let an order have been entered so many days ago, and be of that day."""

    async def entered(order, days):
        async with spending.erp.database.driver() as sql:
            await sql.execute(
                """update purchase_order set ordered_on = ordered_on - $2::integer,
                    created_at = created_at - make_interval(days => $2) where id = $1""",
                UUID(order["id"]),
                days,
            )

    return entered


async def test_an_order_beyond_the_limit_is_not_placed_before_it_is_approved(
    spending, buyer, priced, problem
):
    """E71: nothing is expected, received or billed; with the last yes all is, in the same act."""
    supplier, item, boss = priced
    order = await spending.orders(supplier, item, 10)
    assert await spending.stands(order) == ("pending_approval", "pending", 0)
    [asked] = await spending.asked(order)
    assert (asked["kind"], asked["subject_type"]) == ("purchase", "purchase_order")
    assert asked["facts"]["total_of_30_days"] == "1000.00"
    found = await spending.desk.see(f"/v1/approvals?q={order['number']}")
    assert [one["id"] for one in found["items"]] == [asked["id"]]
    problem(await buyer.receives(order), 409, "purchase_order_pending")
    problem(await buyer.bills(order), 409, "purchase_order_pending")
    assert (await spending.decides(boss[1], asked)).json()["state"] == "approved"
    assert await spending.stands(order) == ("ordered", "approved", 10)
    assert (await buyer.receives(order)).status_code == 201


async def test_nobody_approves_an_order_of_their_own_and_refused_is_closed(
    spending, buyer, priced, problem
):
    """E71: who orders is not asked; refused, withdrawn and closed orders expect nothing."""
    supplier, item, boss = priced
    other = await spending.person("admin")
    await spending.limit(supplier, boss, other, least="500.00", position=0)
    own = await spending.orders(supplier, item, 5, other[1])
    [asked] = await spending.asked(own)
    problem(await spending.decides(other[1], asked), 403, "own_request")
    assert (await spending.decides(boss[1], asked, "refuse")).json()["state"] == "refused"
    assert await spending.stands(own) == ("closed", "refused", 0)
    # What was refused counts for no limit.
    under = await spending.orders(supplier, item, 4)
    assert await spending.stands(under) == ("ordered", None, 4)
    withdrawn = await spending.orders(supplier, item, 5, other[1])
    [asked] = await spending.asked(withdrawn)
    path = f"/v1/approvals/{asked['id']}/withdraw"
    assert (await spending.post(path, None, other[1])).status_code == 200
    assert (await buyer.see(withdrawn))["state"] == "closed"
    closed = await spending.orders(supplier, item, 5)
    assert (await buyer.erp.post(f"{ORDERS}/{closed['id']}/close", None)).status_code == 200
    assert await spending.stands(closed) == ("closed", "withdrawn", 4)


async def test_splitting_an_order_evades_no_limit(spending, buyer, priced):
    """E71: what was ordered in 30 days counts together, whatever day is written on it."""
    supplier, item, _ = priced
    first = await spending.orders(supplier, item, 4)
    past = await spending.orders(supplier, item, 4, ordered_on="1996-07-04")
    third = await spending.orders(supplier, item, 4)
    states = [(await buyer.see(one))["state"] for one in (first, past, third)]
    assert states == ["ordered", "ordered", "pending_approval"]
    # Orders of another system are judged one after the other as well, in one batch.
    other = await buyer.supplier()
    await buyer.priced(item, "100.00", other)
    await spending.limit(other, await spending.person())
    lines = [{"sku": item["sku"], "quantity": "4"}]
    sent = [
        {"external_id": uuid4().hex, "source_version": 1, "supplier_number": other}
        | {"lines": lines}
        for _ in range(3)
    ]
    reply = await buyer.erp.post(f"{ORDERS}/by-external/crm/batch", {"items": sent})
    assert reply.status_code == 200, reply.text
    page = await spending.desk.see(f"{ORDERS}?supplier_id={buyer.suppliers[other]['id']}")
    assert sorted(one["state"] for one in page["items"]) == [
        *("ordered", "ordered", "pending_approval")
    ]


async def test_rules_may_ask_whether_a_supplier_is_new(spending, buyer):
    """E71: by a dimension; once goods came from there, nobody is asked any more."""
    supplier, boss = await buyer.supplier(), await spending.person()
    item = await buyer.item("1.00", supplier=supplier)
    new = {"fact": "supplier_is_new", "values": ["true"]}
    await spending.limit(supplier, boss, least="0", also=[new])
    first = await spending.orders(supplier, item, 1)
    [asked] = await spending.asked(first)
    await spending.decides(boss[1], asked)
    assert (await buyer.receives(first)).status_code == 201
    second = await spending.orders(supplier, item, 1)
    assert await spending.stands(second) == ("ordered", None, 1)


async def test_two_orders_at_once_do_not_both_slip_under(spending, buyer, priced):
    """E71: one supplier's orders are judged one after the other, also those of suggestions."""
    supplier, item, _ = priced
    others = [await buyer.item("100.00", supplier=supplier) for _ in range(3)]
    await buyer.wanted(item, 6)
    [suggested] = await buyer.suggested(item)
    made = await asyncio.gather(
        *(spending.orders(supplier, one, 6) for one in others), buyer.orders(suggested)
    )
    orders = [*made[:3], *made[3]]
    states = sorted([(await buyer.see(one))["state"] for one in orders])
    assert states == ["ordered", *["pending_approval"] * 3]


async def test_a_change_is_asked_about_anew(spending, buyer, priced, problem):
    """E71: editing after approval resets it; less than what is approved needs none."""
    supplier, item, boss = priced
    order = await spending.orders(supplier, item, 12)
    [asked] = await spending.asked(order)
    assert (await spending.changes(order, 15)).status_code == 200
    problem(await spending.decides(boss[1], asked), 409, "already_decided")
    [anew] = await spending.asked(order)
    assert anew["facts"]["total"] == "1500.00"
    await spending.decides(boss[1], anew)
    assert await spending.stands(order) == ("ordered", "approved", 15)

    assert (await spending.changes(order, 11)).status_code == 200
    assert await spending.stands(order) == ("ordered", "approved", 11)
    assert (await spending.changes(order, 15)).status_code == 200
    assert await spending.stands(order) == ("ordered", "approved", 15)
    assert (await spending.changes(order, 15, unit_price=money("101"))).status_code == 200
    assert await spending.stands(order) == ("pending_approval", "pending", 0)
    # Under the limit nobody has to approve it.
    assert (await spending.changes(order, 9, unit_price=money("101"))).status_code == 200
    assert await spending.stands(order) == ("ordered", "voided", 9)

    line = (await buyer.see(order))["lines"][0]
    came = {"lines": [{"line_id": line["id"], "quantity": "1"}]}
    assert (await buyer.receives(order, **came)).status_code == 201
    problem(await spending.changes(order, 20), 409, "purchase_change_not_approved")
    assert await spending.stands(order) == ("partly_received", "voided", 8)


async def test_what_was_approved_lets_no_more_be_ordered_than_that(
    spending, buyer, priced, problem
):
    """E71: an approval counts while no more is ordered in 30 days than it was given for."""
    supplier, item, boss = priced
    order = await spending.orders(supplier, item, 12)
    [asked] = await spending.asked(order)
    await spending.decides(boss[1], asked)
    assert (await spending.changes(order, 1)).status_code == 200
    other = await spending.orders(supplier, item, 8)
    assert (await buyer.see(other))["state"] == "ordered"
    assert (await spending.changes(order, 12)).status_code == 200
    assert (await spending.stands(order))[:2] == ("pending_approval", "pending")
    [anew] = await spending.asked(order)
    assert anew["facts"]["total_of_30_days"] == "2000.00"
    await spending.decides(boss[1], anew)

    # So much is approved now; once some of it came, more than that is another order.
    assert (await spending.changes(order, 11)).status_code == 200
    assert (await spending.changes(order, 12)).status_code == 200
    assert (await spending.stands(order))[:2] == ("ordered", "approved")
    line = (await buyer.see(order))["lines"][0]
    came = {"lines": [{"line_id": line["id"], "quantity": "1"}]}
    assert (await buyer.receives(order, **came)).status_code == 201
    assert (await spending.changes(order, 1)).status_code == 200
    assert (await spending.changes(other, 9)).status_code == 200
    problem(await spending.changes(order, 12), 409, "purchase_change_not_approved")
    assert (await spending.changes(other, 8)).status_code == 200
    assert (await spending.changes(order, 12)).status_code == 200


async def test_an_old_order_counts_when_more_is_ordered_with_it(spending, buyer, priced, old):
    """E71: growing or approving one of long ago is ordering now; less or later is not."""
    supplier, item, boss = priced
    order = await spending.orders(supplier, item, 4)
    await old(order, 40)
    delayed = {"due_on": "2099-01-01"}
    assert (await spending.changes(order, 3, **delayed)).status_code == 200
    first = await spending.orders(supplier, item, 9)
    assert (await buyer.see(first))["state"] == "ordered"
    assert (await buyer.erp.post(f"{ORDERS}/{first['id']}/close", None)).status_code == 200

    assert (await spending.changes(order, 6)).status_code == 200
    assert (await buyer.see(order))["state"] == "ordered"
    second = await spending.orders(supplier, item, 4)
    assert (await buyer.see(second))["state"] == "pending_approval"

    # What waits counts however long it does, and once it is approved.
    await old(second, 40)
    third = await spending.orders(supplier, item, 3)
    assert (await buyer.see(third))["state"] == "pending_approval"
    assert (await buyer.erp.post(f"{ORDERS}/{third['id']}/close", None)).status_code == 200
    [asked] = await spending.asked(second)
    await spending.decides(boss[1], asked)
    fourth = await spending.orders(supplier, item, 3)
    assert (await buyer.see(fourth))["state"] == "pending_approval"


async def test_an_old_order_is_judged_by_the_days_up_to_its_own_and_the_last(
    spending, buyer, priced, old
):
    """E71: what was ordered between them counts for neither."""
    supplier, item, _ = priced
    order = await spending.orders(supplier, item, 4)
    await old(order, 100)
    between = await spending.orders(supplier, item, 9)
    await old(between, 50)
    assert (await spending.changes(order, 5)).status_code == 200
    assert (await buyer.see(order))["state"] == "ordered"
    before = await spending.orders(supplier, item, 4)
    await old(before, 110)
    assert (await spending.changes(order, 6)).status_code == 200
    assert (await buyer.see(order))["state"] == "pending_approval"


async def test_a_suggestion_that_waits_for_approval_is_not_made_twice(spending, buyer, priced):
    """E41, E71: what waits covers the need; refused, it is suggested anew."""
    _supplier, item, boss = priced
    await buyer.wanted(item, 12)
    [suggested] = await buyer.suggested(item)
    [order] = await buyer.orders(suggested)
    assert await spending.stands(order) == ("pending_approval", "pending", 0)
    assert await buyer.suggested(item) == []
    await buyer.wanted(item, 3)
    assert [one["quantity"] for one in await buyer.suggested(item)] == ["3"]
    supply = await spending.desk.see(f"/v1/supply-suggestions?sku={item['sku']}")
    assert [one["quantity"] for one in supply["suggestions"]] == ["3"]
    [asked] = await spending.asked(order)
    await spending.decides(boss[1], asked, "refuse")
    assert [one["quantity"] for one in await buyer.suggested(item)] == ["15"]


async def test_approving_closing_and_changing_at_once_end_in_one_state(spending, buyer, priced):
    """E71: orders are locked before their approvals, whoever comes first."""
    supplier, item, boss = priced
    for _ in range(5):
        order = await spending.orders(supplier, item, 20)
        [asked] = await spending.asked(order)
        approved, closed, changed = await asyncio.gather(
            spending.decides(boss[1], asked),
            buyer.erp.post(f"{ORDERS}/{order['id']}/close", None),
            spending.changes(order, 21),
        )
        assert {approved.status_code, closed.status_code} <= {200, 409}
        assert changed.status_code in {200, 409, 412}
        state, approval, _ = await spending.stands(order)
        assert (state == "pending_approval") == (approval == "pending")
        if state != "closed":
            assert (await buyer.erp.post(f"{ORDERS}/{order['id']}/close", None)).is_success


async def test_the_database_expects_nothing_of_what_waits(spending, buyer, priced):
    supplier, item, _ = priced
    order = await spending.orders(supplier, item, 10)
    placed = await spending.orders(await _other(buyer, item), item, 10)
    waiting, line = UUID(order["id"]), UUID(order["lines"][0]["id"])
    state = "update purchase_order set state = $2 where id = $1"
    expect = """insert into incoming (source_line_id, item_id, quantity, due_on)
      values ($1, $2, 1, '2026-01-01')"""
    withdraw = "update approval set state = 'withdrawn' where subject_id = $1"
    forged = [
        (state, waiting, "ordered"),
        (state, UUID(placed["id"]), "pending_approval"),
        (expect, line, UUID(item["id"])),
        (withdraw, waiting),
    ]
    async with spending.erp.database.driver() as sql:
        for statement, *values in forged:
            with pytest.raises(asyncpg.CheckViolationError):
                await sql.execute(statement, *values)


async def _other(buyer, item):
    supplier = await buyer.supplier()
    await buyer.priced(item, "100.00", supplier)
    return supplier
