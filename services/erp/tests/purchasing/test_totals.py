"""Purchase orders keep what their lines cost: in lists, after each act, and at the database."""

from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from erp.app import SERVICE

ORDERS = "/v1/purchase-orders"
MODULE = ScriptDirectory(str(SERVICE.migrations)).get_revision("e580").module
OF_LINES = """select o.net, (select sum(round(l.quantity * l.unit_price, 2))
  from purchase_order_line l where l.purchase_order_id = o.id) as lines
  from purchase_order o where o.id = $1"""


async def kept(buyer, order):
    """What the order keeps; it is what its lines cost, and what the reply says."""
    [row] = await buyer.desk.rows(OF_LINES, UUID(order["id"]))
    assert row["net"] == row["lines"] == Decimal((await buyer.see(order))["net"])
    return row["net"]


def priced(price):
    return {"unit_price": {"amount": price, "currency": "CNY"}}


@pytest.fixture
async def three(buyer):
    """Orders at one supplier that come to 9.99, 25 and 30.5."""
    supplier, item = await buyer.supplier(), await buyer.item()
    prices = (("3", "3.33"), ("2", "12.5"), ("1", "30.50"))
    return supplier, [
        await buyer.buys(supplier, (item, quantity, priced(price))) for quantity, price in prices
    ]


async def test_lists_are_asked_for_totals_and_sorted_by_them(buyer, three):
    supplier, orders = three
    small, middle, large = (one["id"] for one in orders)
    of = {"supplier_id": buyer.suppliers[supplier]["id"]}
    listed = buyer.desk.listed
    assert await listed(ORDERS, **of, sort="total") == [small, middle, large]
    assert await listed(ORDERS, **of, sort="-total") == [large, middle, small]
    assert await listed(ORDERS, **of, total_from="9.99", total_to="25", sort="total") == [
        small,
        middle,
    ]
    assert await listed(ORDERS, **of, total_from="30.51") == []
    refused = await buyer.desk.client.get(ORDERS, params={"total_from": "2", "total_to": "1"})
    assert refused.json()["errors"][0]["code"] == "range_reversed"


async def test_the_total_follows_every_act(buyer):
    """Each line is rounded: 3 × 3.333 and 7 × 0.005 come to 10.00 and 0.04."""
    supplier, bolts, nuts = await buyer.supplier(), await buyer.item(), await buyer.item()
    lines = ((bolts, "3", priced("3.333")), (nuts, "7", priced("0.005")))
    order = await buyer.buys(supplier, *lines)
    assert await kept(buyer, order) == Decimal("10.04")
    [bolt, _] = order["lines"]
    change = {"lines": [{"id": bolt["id"], "sku": bolts["sku"], "quantity": "4"}]}
    washers = {"sku": (await buyer.item())["sku"], "quantity": "2", **priced("1.005")}
    change["lines"].append(washers)
    reply = await buyer.desk.client.put(
        f"{ORDERS}/{order['id']}/content",
        json=change,
        headers={"If-Match": f'"{order["version"]}"'},
    )
    assert reply.status_code == 200, reply.text
    assert await kept(buyer, order) == Decimal("15.34")
    receipt = (await buyer.receives(order)).json()
    assert await kept(buyer, order) == Decimal("15.34")
    assert (await buyer.sends_back(receipt, (bolt, "1"))).status_code == 201
    assert await kept(buyer, order) == Decimal("12.01")
    event = (await buyer.desk.events_of(order["id"]))[-1]["payload"]
    assert event["net"] == "12.01"


async def test_the_database_refuses_another_total(buyer, three):
    _, [order, *_] = three
    with pytest.raises(asyncpg.CheckViolationError, match="does not come to its lines"):
        await buyer.desk.rows(
            "update purchase_order set net = net + 1 where id = $1", UUID(order["id"])
        )


async def test_orders_from_before_are_summed_up(buyer, three):
    """By the statement of the migration, in batches."""
    _, orders = three
    statement = MODULE.SUM_UP
    for at, name in enumerate((":after", ":batch", ":decimals"), 1):
        statement = statement.replace(name, f"${at}" + ("::uuid", "::integer", "::integer")[at - 1])
    sql = await asyncpg.connect(buyer.erp.owner_url)
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute("alter table purchase_order disable trigger user")
    await sql.execute("update purchase_order set net = 0")
    after: UUID | None = UUID(int=0)
    batches = 0
    while after is not None:
        after, batches = await sql.fetchval(statement, after, 2, 2), batches + 1
    rows = [(await sql.fetch(OF_LINES, UUID(one["id"])))[0] for one in orders]
    await transaction.rollback()
    await sql.close()
    assert batches > 1
    assert all(row["net"] == row["lines"] for row in rows)
    assert [row["net"] for row in rows] == [Decimal("9.99"), Decimal(25), Decimal("30.5")]
