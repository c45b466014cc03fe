"""Receipts from before their lines were kept, of orders that name an item twice."""

from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from erp.app import SERVICE

MODULE = ScriptDirectory(str(SERVICE.migrations)).get_revision("e270").module


LINES = """select order_line_id, quantity, value, serials from purchase_receipt_line
  where purchase_receipt_id = any($1::uuid[])"""


def at(price):
    """The agreed price of a line."""
    return {"unit_price": {"amount": price, "currency": "CNY"}}


async def forget_lines(buyer, *receipts, statement="delete from purchase_receipt_line"):
    """As the owner: what an earlier release did not write."""
    sql = await asyncpg.connect(buyer.erp.owner_url)
    try:
        async with sql.transaction():
            await sql.execute("alter table purchase_receipt_line disable trigger user")
            ids = [UUID(one["id"]) for one in receipts]
            await sql.execute(f"{statement} where purchase_receipt_id = any($1::uuid[])", ids)
            await sql.execute("alter table purchase_receipt_line enable trigger user")
    finally:
        await sql.close()


async def migrate(buyer, *orders):
    """Run what the migration runs, for these orders."""
    statement = MODULE.LINES_OF_BEFORE
    for at, name in enumerate(("cast(:ids as uuid[])", "cast(:decimals as integer)"), 1):
        statement = statement.replace(name, f"${at}" + ("::uuid[]", "::integer")[at - 1])
    sql = await asyncpg.connect(buyer.erp.owner_url)
    try:
        decimals = await sql.fetchval(MODULE.DECIMALS)
        await sql.execute(statement, [UUID(order["id"]) for order in orders], max(decimals, 2))
    finally:
        await sql.close()


async def lines_of(buyer, *receipts):
    """Quantity, value and serials of each line, in the order of the order's lines."""
    sql = await asyncpg.connect(buyer.erp.owner_url)
    try:
        rows = await sql.fetch(LINES, [UUID(one["id"]) for one in receipts])
    finally:
        await sql.close()
    found = [(str(row["order_line_id"]), row["quantity"], row["value"]) for row in rows]
    return found, [row["serials"] for row in rows]


@pytest.fixture
async def supplier(buyer):
    """The number of a supplier."""
    return await buyer.supplier()


async def test_each_line_takes_what_it_received(buyer, supplier):
    """Two receipts of one item on two lines: in the order of the lines, to the cent."""
    item = await buyer.item()
    order = await buyer.buys(supplier, (item, 3, at("5")), (item, 4, at("7")))
    first, last = [line["id"] for line in order["lines"]]
    receipts = [
        (await buyer.receives(order, lines=[{"line_id": line, "quantity": quantity}])).json()
        for line, quantity in ((last, "2"), (first, "3"), (last, "1"))
    ]
    await forget_lines(buyer, *receipts)
    await migrate(buyer, order)
    found, _ = await lines_of(buyer, *receipts)
    wanted = [(first, 2, 14), (first, 1, 5), (last, 2, 10), (last, 1, 7)]
    assert sorted(found) == sorted(wanted)
    back = await buyer.sends_back(receipts[1], (order["lines"][0], 1), (order["lines"][1], 2))
    assert back.status_code == 201
    assert [line["returned"] for line in (await buyer.see(order))["lines"]] == ["1", "2"]
    await buyer.agrees(order, item)


async def test_one_receipt_of_two_lines_is_split_with_its_serials(buyer, supplier):
    """E28: each piece of its own line; a move of one value is shared out without a rest."""
    drill = await buyer.desk.item(tracking="serial")
    order = await buyer.buys(supplier, (drill, 2, at("10")), (drill, 1, at("13")))
    lines = [
        {"line_id": line["id"], "quantity": line["quantity"], "serials": serials}
        for line, serials in zip(order["lines"], (["A1", "A2"], ["A3"]), strict=True)
    ]
    receipt = (await buyer.receives(order, lines=lines)).json()
    await forget_lines(buyer, receipt)
    await migrate(buyer, order)
    found, serials = await lines_of(buyer, receipt)
    assert sum(value for *_, value in found) == Decimal(33)
    assert sorted(map(len, serials)) == [1, 2]
    assert sorted(number for one in serials for number in one) == ["A1", "A2", "A3"]
    assert [one[1] for one in sorted(found)] == [2, 1]


async def test_what_came_later_with_its_lines_is_not_counted_again(buyer, supplier):
    """A receipt of today knows its lines, and goods of it went back."""
    item, other = await buyer.item(), await buyer.item()
    order = await buyer.buys(supplier, (item, 3, at("5")), (item, 3, at("5")), (other, 2, at("1")))
    first, second, third = order["lines"]
    old = (
        await buyer.receives(
            order,
            lines=[{"line_id": one["id"], "quantity": "2"} for one in (first, second, third)],
        )
    ).json()
    new = (await buyer.receives(order)).json()
    await buyer.sends_back(new, (first, 1), again=True)
    await forget_lines(buyer, old)
    await migrate(buyer, order)
    found, _ = await lines_of(buyer, old)
    wanted = [(first["id"], 2, 10), (second["id"], 2, 10), (third["id"], 2, 2)]
    assert sorted(found) == sorted(wanted)
    assert (await buyer.reverses(old)).status_code == 201
    await buyer.agrees(order, item, other)


async def test_nothing_is_made_up_where_moves_and_lines_disagree(buyer, supplier):
    """What the order says came is not what its moves say: the receipt stays as it is."""
    item = await buyer.item()
    order = await buyer.buys(supplier, (item, 3, at("5")), (item, 4, at("7")))
    one, two = [
        (await buyer.receives(order, lines=[{"line_id": line["id"], "quantity": "2"}])).json()
        for line in order["lines"]
    ]
    await forget_lines(buyer, one)
    await forget_lines(buyer, two, statement="update purchase_receipt_line set quantity = 1")
    await migrate(buyer, order)
    assert (await lines_of(buyer, one))[0] == []
