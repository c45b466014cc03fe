"""Work orders of a bicycle maker, the first ones by number, through production to the cent.

They lie outside the repository; without them the test is skipped, and says so. `REAL_WORK_ORDERS`
says how many (10,000 are all that the figures were computed for); by default 500.
"""

import csv
import os
from collections import defaultdict
from decimal import Decimal

import pytest
from services.erp.tests.production.test_real_boms import (
    DATA,
    bring_bills,
    bring_items,
    rows,
)

PATH = "/v1/production-orders"
MANY = int(os.environ.get("REAL_WORK_ORDERS", "500"))
BATCH = 500
AT_ONCE = """select count(*) as orders, sum(good) as good, sum(scrapped) as scrapped,
    sum(material + labour + overhead - finished - by_product_value - scrap - variance) as left,
    count(*) filter (where state = 'closed') as closed,
    sum(material) as material, sum(finished) as finished, sum(scrap) as scrap,
    sum(variance) as variance
  from production_order where id = any($1::uuid[])"""
ISSUED = """select i.sku, sum(m.quantity) as quantity from production_step s
  join stock_move m on m.source_id = s.id join item i on i.id = m.item_id
  join location t on t.id = m.to_location_id and t.kind = 'production'
  where s.production_order_id = any($1::uuid[]) group by i.sku"""

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the work orders are not here: set TANDEM_SHARED"
)


def work_orders():
    with (DATA / "WorkOrder.csv").open(encoding="utf-8-sig", newline="") as file:
        found = sorted(csv.DictReader(file), key=lambda row: int(row["WorkOrderID"]))
    return found[:MANY]


def needed(orders, bills):
    """SKU -> what good and scrap of all orders need, by the lines that count as each begins."""
    lines = defaultdict(list)
    for row in bills:
        if row["ProductAssemblyID"]:
            lines[row["ProductAssemblyID"]].append(row)
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        made = Decimal(order["StockedQty"]) + Decimal(order["ScrappedQty"])
        for row in lines[order["ProductID"]]:
            ends = row["EndDate"] or "9999-12-31"
            if row["StartDate"] <= order["StartDate"] <= ends:
                sku = f"AW-{row['ComponentID']}"
                found[sku] += made * Decimal(row["PerAssemblyQty"])
    return dict(found)


def batches(given):
    return [given[at : at + BATCH] for at in range(0, len(given), BATCH)]


async def stock_up(floor, skus):
    """Enough of every component, at what the maker says that it costs."""
    costs = {f"AW-{row['ProductID']}": row["StandardCost"] for row in rows("Product.csv")}
    for part in batches(sorted(skus)):
        lines = [
            {
                "sku": sku,
                "quantity": "1000000",
                "unit_cost": {"amount": f"{Decimal(costs[sku]):.4f}", "currency": "CNY"},
            }
            for sku in part
        ]
        await floor.does("/v1/stock-receipts", lines=lines)


async def test_real_work_orders_leave_nothing_in_work(desk, floor):
    """E60 to E62: good and scrap of each order as given, consumption as exploded, WIP 0.00."""
    bills, orders = rows("BillOfMaterials.csv"), work_orders()
    await bring_items(desk, bills)
    await bring_bills(desk, bills)
    wanted = needed(orders, bills)
    await stock_up(floor, wanted)
    sent = [
        {
            "external_id": row["WorkOrderID"],
            "source_version": 1,
            "sku": f"AW-{row['ProductID']}",
            "quantity": row["OrderQty"],
            "start_on": row["StartDate"],
            "due_on": row["DueDate"],
            "under_tolerance": "1",
        }
        for row in orders
    ]
    done = await desk.send_many(PATH, sent, system=desk.word("aw").lower())
    assert {one["status"] for one in done} == {"created"}
    ids = [one["id"] for one in done]
    reports = [
        {
            "order_id": order_id,
            "good": row["StockedQty"],
            "scrap": row["ScrappedQty"],
            "reason": f"Reason {row['ScrapReasonID']}",
            "finish": True,
        }
        for order_id, row in zip(ids, orders, strict=True)
    ]
    for part in batches(ids):
        await floor.does(f"{PATH}/release-batch", order_ids=part)
    for part in batches(reports):
        await floor.does(f"{PATH}/report-batch", reports=part)
    for part in batches(ids):
        await floor.does(f"{PATH}/close-batch", order_ids=part)
    async with desk.erp.database.driver() as sql:
        sums = dict(await sql.fetchrow(AT_ONCE, ids))
        issued = {row["sku"]: row["quantity"] for row in await sql.fetch(ISSUED, ids)}
    assert (sums["orders"], sums["closed"], sums["left"]) == (len(orders), len(orders), 0)
    assert sums["good"] == sum(int(row["StockedQty"]) for row in orders)
    assert sums["scrapped"] == sum(int(row["ScrappedQty"]) for row in orders)
    assert issued == wanted
    assert sums["material"] == sums["finished"] + sums["scrap"] + sums["variance"]
