"""What a made item costs, from stock, supplier prices and by-products below it."""

from uuid import uuid4

import asyncpg
import pytest

from erp.ledger.service.years import ensure_year

PATH = "/v1/bills-of-material/cost"


async def cost_of(planning, sku, **asked):
    reply = await planning.desk.client.get(PATH, params={"sku": sku, **asked})
    assert reply.status_code == 200, reply.text
    return reply.json()


async def put_in_stock(planning, sku, quantity, unit_cost):
    cost = {"amount": unit_cost, "currency": "CNY"}
    lines = [{"sku": sku, "quantity": quantity, "unit_cost": cost}]
    async with planning.erp.database.transaction() as work:
        await ensure_year(work, work.today())
    reply = await planning.erp.post("/v1/stock-receipts", {"lines": lines})
    assert reply.status_code in {200, 201}, reply.text


async def offered(planning, sku, amount):
    supplier = await planning.desk.add("/v1/suppliers", name=f"Supplier {uuid4()}")
    price = {"amount": amount, "currency": "CNY"}
    await planning.desk.add(
        "/v1/supplier-prices", supplier_number=supplier["number"], sku=sku, price=price
    )


async def test_costs_are_rolled_up_from_stock_and_supplier_prices(planning):
    """A bike of a frame (9 tubes, a tenth lost) and 2 wheels: stock goes before prices."""
    sku = await planning.items("Bike", "Frame", "Tube", "Wheel", "Bell")
    await planning.makes(sku["Frame"], {"sku": sku["Tube"], "quantity": "9", "scrap": "0.1"})
    await planning.makes(
        sku["Bike"], sku["Frame"], (sku["Wheel"], "2"), {"sku": sku["Bell"], "quantity": "1"}
    )
    await put_in_stock(planning, sku["Tube"], "3", "10.00")
    await put_in_stock(planning, sku["Tube"], "1", "14.00")
    for amount in ("90.00", "35.50"):
        await offered(planning, sku["Wheel"], amount)
    found = await cost_of(planning, sku["Bike"])
    assert found["unit_cost"] == {"amount": "181.00", "currency": "CNY"}
    assert found["unknown"] == [sku["Bell"]]
    shown = {
        one["sku"]: (one["level"], one["unit_cost"] and one["unit_cost"]["amount"], one["source"])
        for one in found["items"]
    }
    assert shown == {
        sku["Bike"]: (0, "181.00", "rolled_up"),
        sku["Frame"]: (1, "110.00", "rolled_up"),
        sku["Wheel"]: (1, "35.50", "supplier_price"),
        sku["Bell"]: (1, None, "unknown"),
        sku["Tube"]: (2, "11.00", "stock"),
    }


async def test_stock_that_is_gone_says_nothing_of_the_cost(planning):
    """E27: what was worth something once has the supplier's price; no stock is below nothing."""
    sku = await planning.items("Bike", "Wheel")
    await planning.makes(sku["Bike"], sku["Wheel"])
    await put_in_stock(planning, sku["Wheel"], "2", "10.00")
    await offered(planning, sku["Wheel"], "30.00")
    [wheel] = (await planning.desk.see(f"/v1/items?sku={sku['Wheel']}"))["items"]
    async with planning.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="not_negative"):
            await sql.execute(
                "update item_valuation set quantity = -1, value = -10 where item_id = $1",
                wheel["id"],
            )
    assert (await cost_of(planning, sku["Bike"]))["unit_cost"]["amount"] == "10.00"
    gone = {"sku": sku["Wheel"], "quantity": "-2"}
    await planning.desk.add("/v1/stock-adjustments", reason="gone", lines=[gone])
    assert (await cost_of(planning, sku["Bike"]))["unit_cost"]["amount"] == "30.00"


async def test_by_products_bear_their_share(planning):
    sku = await planning.items("Board", "Log", "Sawdust")
    by_product = {"sku": sku["Sawdust"], "quantity": "1", "cost_share": "0.05"}
    await planning.makes(sku["Board"], (sku["Log"], "1"), by_products=[by_product])
    await offered(planning, sku["Log"], "40.00")
    assert (await cost_of(planning, sku["Board"]))["unit_cost"]["amount"] == "38.00"


async def test_only_who_may_see_costs_sees_them(planning, problem):
    sku = await planning.items("Bike", "Frame")
    await planning.makes(sku["Bike"], sku["Frame"])
    reader = await planning.erp.as_("boms.read")
    refused = problem(await reader.get(PATH, params={"sku": sku["Bike"]}), 403, "forbidden")
    assert refused["facts"] == {"scope": "boms.costs"}


async def test_an_item_without_a_bill_has_no_cost_of_its_own(planning, problem):
    sku = await planning.items("Bolt")
    problem(await planning.desk.client.get(PATH, params={"sku": sku["Bolt"]}), 404, "no_bom")
    problem(await planning.desk.client.get(PATH, params={"sku": "NOTHING"}), 404, "not_found")
