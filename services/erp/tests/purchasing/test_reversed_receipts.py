"""A receipt that was a mistake is taken back whole, while nothing else has come of it."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from erp.app import SERVICE


async def test_a_mistaken_receipt_is_taken_back(buyer, problem):
    """E7, E24, E29: the opposite on a stated day; the goods are expected as before."""
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    reply = await buyer.reverses(receipt, reason="Another order's goods")
    assert reply.status_code == 201, reply.text
    made = reply.json()
    assert (made["kind"], made["reason"]) == ("reversal", "Another order's goods")
    assert (made["lines"][0]["quantity"], made["lines"][0]["cost"]) == ("10", "33.30")
    now = await buyer.see(order)
    [line] = now["lines"]
    assert (now["state"], line["quantity"], line["received"], line["returned"]) == (
        "ordered",
        "10",
        "0",
        "0",
    )
    assert await buyer.availability(item) == (0, 0, 10, 0)
    for role in ("inventory", "grni", "purchase_variance"):
        assert await buyer.balance(role, item) == 0
    shown = await buyer.desk.see(f"/v1/purchase-receipts/{receipt['id']}")
    assert (shown["state"], shown["reversed_on"]) == ("reversed", str(buyer.today))
    assert [line["returned"] for line in shown["lines"]] == ["0"]
    [event] = await buyer.desk.events_of(made["id"])
    assert event["type"].endswith("purchase-returned.v1")
    problem(await buyer.reverses(receipt), 409, "receipt_reversed")
    problem(await buyer.sends_back(receipt), 409, "receipt_reversed")
    assert (await buyer.receives(order)).status_code == 201
    assert (await buyer.see(order))["state"] == "received"
    await buyer.agrees(order, item)


async def test_of_two_receipts_one_is_taken_back(buyer):
    order, first, [item] = await buyer.bought((10, "5"))
    line = {"sku": item["sku"], "quantity": "4"}
    other = await buyer.desk.add(
        "/v1/purchase-orders", supplier_number=order["supplier_number"], lines=[line]
    )
    part = [{"line_id": other["lines"][0]["id"], "quantity": "1"}]
    wrong = (await buyer.receives(other, lines=part)).json()
    await buyer.receives(other)
    assert (await buyer.reverses(wrong)).status_code == 201
    now = await buyer.see(other)
    assert (now["state"], now["lines"][0]["received"]) == ("partly_received", "3")
    assert await buyer.availability(item) == (13, 0, 1, 0)
    assert first["number"] != wrong["number"]
    await buyer.agrees(other, item)


async def test_a_receipt_stays_once_something_came_of_it(buyer, problem):
    """Billed, sent back, gone: each is said, and nothing changes."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    [line] = order["lines"]
    bill = await buyer.bills(order, lines=[{"line_id": line["id"], "quantity": "1"}])
    refusal = problem(await buyer.reverses(receipt), 409, "receipt_billed")
    assert (refusal["facts"]["quantity"], refusal["facts"]["unbilled"]) == ("10", "9")
    await buyer.erp.post(f"/v1/bills/{bill.json()['id']}/reverse", {"reason": "Not ours"})
    found = {"reason": "Count", "lines": [{"sku": item["sku"], "quantity": "-1"}]}
    await buyer.desk.add("/v1/stock-adjustments", **found)
    problem(await buyer.reverses(receipt), 409, "goods_gone")
    await buyer.sends_back(receipt, (line, 1))
    problem(await buyer.reverses(receipt), 409, "receipt_sent_back")
    problem(await buyer.reverses({"id": str(uuid4())}), 404, "not_found")
    assert (await buyer.see(order))["lines"][0]["received"] == "9"
    await buyer.agrees(order, item)


async def test_a_receipt_is_not_taken_back_before_it_came(buyer, problem):
    _, receipt, _ = await buyer.bought((10, "5"))
    early = str(buyer.today - timedelta(days=1))
    problem(await buyer.reverses(receipt, effective_on=early), 422, "invalid_input")
    problem(await buyer.reverses(receipt, effective_on="1900-01-01"), 422, "invalid_input")


async def test_a_past_day_that_needs_its_goods_keeps_its_receipt(buyer, problem):
    """E27, E32: judged by every day since then."""
    supplier = await buyer.supplier()
    item = await buyer.item("5", supplier=supplier)
    first = await buyer.buys(supplier, (item, 4), ordered_on="1996-07-04")
    receipt = (await buyer.receives(first, effective_on="1996-07-04")).json()
    lost = {"reason": "Lost", "lines": [{"sku": item["sku"], "quantity": "-1"}]}
    await buyer.desk.add("/v1/stock-adjustments", effective_on="1996-07-08", **lost)
    later = await buyer.buys(supplier, (item, 4))
    await buyer.receives(later)
    refused = await buyer.reverses(receipt, effective_on="1996-07-05")
    assert problem(refused, 409, "short_on_day")["facts"]["on_hand"] == "3"
    assert (await buyer.reverses(receipt)).status_code == 201
    await buyer.agrees(first, item)


async def test_a_closed_order_expects_nothing_of_a_receipt_taken_back(buyer):
    supplier = await buyer.supplier()
    item = await buyer.item("5", supplier=supplier)
    order = await buyer.buys(supplier, (item, 4))
    part = [{"line_id": order["lines"][0]["id"], "quantity": "1"}]
    receipt = (await buyer.receives(order, lines=part)).json()
    await buyer.erp.post(f"/v1/purchase-orders/{order['id']}/close", {})
    assert (await buyer.reverses(receipt)).json()["expected_again"] is False
    assert (await buyer.see(order))["state"] == "closed"
    assert await buyer.availability(item) == (0, 0, 0, 0)


async def test_a_receipt_is_taken_back_once(buyer):
    """E13: of six at once, one; and a return at the same moment comes first or not at all."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    asked = [buyer.reverses(receipt) for _ in range(5)]
    replies = await asyncio.gather(*asked, buyer.sends_back(receipt))
    assert sorted(reply.status_code for reply in replies) == [201, *[409] * 5]
    assert (await buyer.availability(item))[0] == 0
    await buyer.agrees(order, item)


async def test_pieces_of_a_receipt_taken_back_may_come(buyer):
    """E28: they never came, so they can come now."""
    supplier = await buyer.supplier()
    item = await buyer.desk.item(tracking="serial")
    await buyer.priced(item, "50", supplier)
    order = await buyer.buys(supplier, (item, 2))
    pieces = [{"line_id": order["lines"][0]["id"], "quantity": "2", "serials": ["A1", "A2"]}]
    receipt = (await buyer.receives(order, lines=pieces)).json()
    assert (await buyer.reverses(receipt)).json()["lines"][0]["serials"] == ["A1", "A2"]
    assert (await buyer.see(order))["serials"] == []
    assert (await buyer.receives(order, lines=pieces)).status_code == 201
    assert len((await buyer.see(order))["serials"]) == 2


async def test_the_database_takes_a_receipt_back_once(buyer):
    _, receipt, _ = await buyer.bought((10, "5"))
    await buyer.reverses(receipt)
    async with buyer.erp.database.driver() as sql:
        with pytest.raises(asyncpg.UniqueViolationError):
            await sql.execute(
                """insert into purchase_return select gen_random_uuid(), number || 'x', kind,
                     purchase_receipt_id, purchase_order_id, effective_on, reason, expected_again,
                     recorded_at, actor from purchase_return where purchase_receipt_id = $1""",
                UUID(receipt["id"]),
            )


async def test_a_receipt_of_an_earlier_release_shows_what_came(buyer, problem):
    """Its moves say its lines; which lines of the order they were, nobody knows."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    await forget_lines(buyer.erp.owner_url, receipt)
    [line] = (await buyer.desk.see(f"/v1/purchase-receipts/{receipt['id']}"))["lines"]
    assert (line["line_id"], line["sku"], line["quantity"]) == (None, item["sku"], "10")
    assert Decimal(line["value"]) == 50
    problem(await buyer.reverses(receipt), 409, "receipt_without_lines")
    assert (await buyer.see(order))["lines"][0]["received"] == "10"


async def forget_lines(url, receipt):
    """As the owner: what an earlier release did not write."""
    table = "purchase_receipt_line"
    sql = await asyncpg.connect(url)
    try:
        async with sql.transaction():
            await sql.execute(f"alter table {table} disable trigger user")
            condition = "where purchase_receipt_id = $1"
            await sql.execute(f"delete from {table} {condition}", UUID(receipt["id"]))
            await sql.execute(f"alter table {table} enable trigger user")
    finally:
        await sql.close()


LINES = """select order_line_id, item_id, position, quantity, value, serials, returned
  from purchase_receipt_line where purchase_receipt_id = any($1::uuid[]) order by order_line_id"""


async def test_receipts_from_before_know_their_lines(buyer):
    """As far as their moves say: where the order names no item twice."""
    order, receipt, [item, _] = await buyer.bought((10, "5"), (3, "7"))
    twice = await buyer.buys(order["supplier_number"], (item, 1), (item, 2))
    unclear = (await buyer.receives(twice)).json()
    ids = [UUID(receipt["id"]), UUID(unclear["id"])]
    fill = ScriptDirectory(str(SERVICE.migrations)).get_revision("e220").module.LINES_OF_BEFORE
    sql = await asyncpg.connect(buyer.erp.owner_url)
    at = sql.transaction()
    await at.start()
    try:
        known = await sql.fetch(LINES, ids[:1])
        await sql.execute("alter table purchase_receipt_line disable trigger user")
        await sql.execute(
            "delete from purchase_receipt_line where purchase_receipt_id = any($1::uuid[])", ids
        )
        await sql.execute(fill.replace("cast(:ids as uuid[])", "$1::uuid[]"), ids)
        assert await sql.fetch(LINES, ids) == known
        assert len(known) == 2
    finally:
        await at.rollback()
        await sql.close()
