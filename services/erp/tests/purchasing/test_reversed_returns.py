"""A return to the supplier that was a mistake is taken back: the goods are here as before."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from erp.app import SERVICE


@pytest.fixture
def undo(buyer):
    """Takes a return back."""

    async def post(made, **facts):
        path = f"/v1/purchase-returns/{made['id']}/reverse"
        return await buyer.erp.post(path, {"reason": "Never left"} | facts)

    return post


async def line_of(buyer, order):
    [line] = (await buyer.see(order))["lines"]
    return line["quantity"], line["received"], line["returned"], line["billed"]


async def test_goods_that_never_left_are_here_as_before(buyer, undo, problem):
    """E7, E44: stock, books, order and receipt as before; published once more; and only once."""
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    made = (await buyer.sends_back(receipt, (order["lines"][0], 4))).json()
    assert await line_of(buyer, order) == ("6", "6", "4", "0")
    reply = await undo(made, reason="The lorry came back")
    assert reply.status_code == 200, reply.text
    view = reply.json()
    assert (view["reversed_on"], view["reversal_reason"]) == (
        str(buyer.today),
        "The lorry came back",
    )
    assert await line_of(buyer, order) == ("10", "10", "0", "0")
    [came] = (await buyer.desk.see(f"/v1/purchase-receipts/{receipt['id']}"))["lines"]
    assert came["returned"] == "0"
    await buyer.agrees(order, item)
    events = [one["payload"] for one in await buyer.desk.events_of(made["id"])]
    assert [one["reversed_on"] for one in events] == [None, str(buyer.today)]
    kinds = "/v1/stock-documents?kind=purchase_return_reversal&sku=" + item["sku"]
    [document] = (await buyer.desk.see(kinds))["items"]
    assert document["lines"][0]["quantity"] == "4"
    problem(await undo(made), 409, "return_reversed")
    assert (await buyer.sends_back(receipt)).status_code == 201
    await buyer.agrees(order, item)


async def test_a_receipt_of_which_nothing_went_back_after_all_is_taken_back(buyer, undo, problem):
    """Returned, and that undone: it may be the receipt that was the mistake."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    made = (await buyer.sends_back(receipt, again=True)).json()
    problem(await buyer.reverses(receipt), 409, "receipt_sent_back")
    assert (await undo(made)).status_code == 200
    reversal = await buyer.reverses(receipt)
    assert reversal.status_code == 201
    problem(await undo(reversal.json()), 409, "not_a_return")
    await buyer.agrees(order, item)


async def test_all_of_an_order_went_back_and_did_not(buyer, undo):
    """Closed because nothing was left of it, it is open again; and is billed."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    made = (await buyer.sends_back(receipt)).json()
    assert (await buyer.see(order))["state"] == "closed"
    assert (await undo(made)).status_code == 200
    assert (await buyer.see(order))["state"] == "received"
    assert (await buyer.bills(order)).status_code == 201
    await buyer.agrees(order, item)


async def test_an_order_that_was_given_up_stays_closed(buyer, undo):
    """What went back to be replaced is here after all; nothing more is expected."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    made = (await buyer.sends_back(receipt, (order["lines"][0], 4), again=True)).json()
    now = await buyer.see(order)
    headers = {"If-Match": f'"{now["version"]}"'}
    reply = await buyer.erp.post(f"/v1/purchase-orders/{order['id']}/close", {}, headers=headers)
    assert reply.is_success, reply.text
    assert (await undo(made)).status_code == 200
    now = await buyer.see(order)
    assert (now["state"], now["lines"][0]["received"]) == ("closed", "10")
    assert (await buyer.availability(item)) == (10, 0, 0, 0)
    await buyer.agrees(order, item)


async def test_what_was_billed_stays_billed(buyer, undo, problem):
    """E44: while nothing is credited; a credit note is taken back first."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    bill = (await buyer.bills(order)).json()
    made = (await buyer.sends_back(receipt, (order["lines"][0], 4))).json()
    path = f"/v1/purchase-orders/{order['id']}/credit-notes"
    number = f"C-{uuid4().hex[:8]}"
    note = await buyer.erp.post(path, {"credit_number": number})
    assert note.status_code == 201, note.text
    refused = problem(await undo(made), 409, "return_credited")
    assert refused["facts"]["number"] == made["number"]
    await buyer.agrees(order, item)
    credit = f"/v1/payments/{note.json()['credit']['payment_id']}/release"
    assert (await buyer.erp.post(credit, {"document_id": bill["id"]})).is_success
    back = await buyer.erp.post(f"/v1/bills/{note.json()['id']}/reverse", {})
    assert back.is_success, back.text
    assert (await undo(made)).status_code == 200
    assert await line_of(buyer, order) == ("10", "10", "0", "10")
    problem(await buyer.erp.post(path, {"credit_number": number}), 409, "nothing_to_credit_back")
    await buyer.agrees(order, item)


async def test_what_was_replaced_did_go_back(buyer, undo, problem):
    """More than is ordered would be here."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    made = (await buyer.sends_back(receipt, (order["lines"][0], 4), again=True)).json()
    assert (await buyer.receives(order)).status_code == 201
    problem(await undo(made), 409, "more_than_ordered")
    await buyer.agrees(order, item)


async def test_it_comes_in_at_what_it_left_at(buyer, undo):
    """E36: stock had another average meanwhile; the variance goes back as well."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    dearer = {"unit_price": {"amount": "8", "currency": "CNY"}}
    other = await buyer.buys(order["supplier_number"], (item, 10, dearer))
    assert (await buyer.receives(other)).status_code == 201
    lost = {"sku": item["sku"], "quantity": "-19"}
    await buyer.desk.add("/v1/stock-adjustments", lines=[lost], reason="Lost")
    made = (await buyer.sends_back(receipt, (order["lines"][0], 1))).json()
    assert (made["lines"][0]["value"], made["lines"][0]["cost"]) == ("5.00", "6.50")
    await buyer.agrees(order, item)
    assert (await undo(made)).status_code == 200
    await buyer.agrees(order, item)


async def test_a_piece_with_a_serial_is_here_again(buyer, undo, problem):
    """E28: the same piece; not while it came once more with another receipt."""
    drill, supplier = await buyer.desk.item(tracking="serial"), await buyer.supplier()
    await buyer.priced(drill, "50", supplier)
    order = await buyer.buys(supplier, (drill, 2))
    numbers = [f"D{uuid4().hex[:8].upper()}" for _ in range(2)]
    line = {"line_id": order["lines"][0]["id"], "quantity": "2", "serials": numbers}
    receipt = (await buyer.receives(order, lines=[line])).json()
    back = (order["lines"][0], 1, {"serials": numbers[:1]})
    made = (await buyer.sends_back(receipt, back)).json()
    assert (await undo(made)).status_code == 200
    again = (await buyer.sends_back(receipt, back)).json()
    assert again["lines"][0]["serials"] == numbers[:1]
    other = await buyer.buys(supplier, (drill, 1))
    line = {"line_id": other["lines"][0]["id"], "quantity": "1", "serials": numbers[:1]}
    assert (await buyer.receives(other, lines=[line])).status_code == 201
    problem(await undo(again), 409, "serial_exists")
    await buyer.agrees(order, drill)


@pytest.mark.business_day
async def test_a_return_is_taken_back_on_a_day_of_an_open_period(buyer, undo, office, problem):
    """E27: not before it went back, nor where the books are closed."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    made = (await buyer.sends_back(receipt)).json()
    yesterday = str(buyer.today - timedelta(days=1))
    problem(await undo(made, effective_on=yesterday), 422, "invalid_input")
    async with office.closed(str(buyer.today)):
        problem(await undo(made), 409, "period_closed")
    await buyer.agrees(order, item)
    reader = await buyer.erp.as_("purchasing.read")
    path = f"/v1/purchase-returns/{made['id']}/reverse"
    reply = await reader.post(path, json={"reason": "x"}, headers={"Idempotency-Key": str(uuid4())})
    problem(reply, 403, "forbidden")
    problem(await undo({"id": str(uuid4())}), 404, "not_found")


async def test_of_twenty_that_undo_credit_and_bill_at_once_one_undoes(buyer, undo):
    """E44: whoever comes first; nothing is counted twice."""
    order, receipt, [item] = await buyer.bought((10, "5"))
    assert (await buyer.bills(order)).status_code == 201
    made = (await buyer.sends_back(receipt, (order["lines"][0], 4))).json()
    path = f"/v1/purchase-orders/{order['id']}/credit-notes"
    acts = [
        buyer.erp.post(path, {"credit_number": f"C-{uuid4().hex[:8]}"}) if at % 2 else undo(made)
        for at in range(20)
    ]
    replies = await asyncio.gather(*acts)
    assert sorted(one.status_code for one in replies)[1:] == [409] * 19
    await buyer.agrees(order, item)


PARTS = """select l.cleared, l.billed, l.dropped from purchase_return_line l
  join purchase_return r on r.id = l.purchase_return_id
  where r.id = any($1::uuid[]) order by r.number, l.position"""


async def test_returns_from_before_know_what_they_cleared(buyer):
    """As the books say: of goods not billed, billed, dropped and expected again."""
    order, receipt, _ = await buyer.bought((10, "3.33"), (5, "2"))
    first, second = order["lines"]
    made = [(await buyer.sends_back(receipt, (first, 2), (second, 1), again=True)).json()]
    bill = {"lines": [{"line_id": first["id"], "quantity": "7"}]}
    assert (await buyer.bills(order, **bill)).status_code == 201
    made.append((await buyer.sends_back(receipt, (first, 4), (second, 1))).json())
    ids = [UUID(one["id"]) for one in made]
    fill = ScriptDirectory(str(SERVICE.migrations)).get_revision("e271").module.CLEARED_BEFORE
    sql = await asyncpg.connect(buyer.erp.owner_url)
    at = sql.transaction()
    await at.start()
    try:
        known = await sql.fetch(PARTS, ids)
        await sql.execute("alter table purchase_return_line disable trigger user")
        await sql.execute(
            """update purchase_return_line set cleared = 0, billed = 0, dropped = 0
                where purchase_return_id = any($1::uuid[])""",
            ids,
        )
        await sql.execute(fill)
        found = await sql.fetch(PARTS, ids)
    finally:
        await at.rollback()
        await sql.close()
    assert [row["cleared"] for row in found] == [row["cleared"] for row in known]
    assert [row["dropped"] for row in found] == [row["dropped"] for row in known]
    assert [row["billed"] for row in known] == [0, 0, 3, 0]
    # Which of them were billed when they left is not kept: at most as many as are not credited.
    assert [row["billed"] for row in found] == [2, 0, 3, 0]
