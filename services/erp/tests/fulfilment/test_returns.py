"""What comes back: credited as it was invoiced, never more; what was not invoiced, first."""

from datetime import date, timedelta

import pytest

from erp.ledger.service.years import ensure_year

pytestmark = pytest.mark.business_day


async def _returns(sales, order, quantity):
    line = {"order_line_id": order["lines"][0]["id"], "quantity": quantity}
    return await sales.act(order, "returns", lines=[line])


async def test_what_was_not_invoiced_comes_back_first(sales, desk):
    """E47: ship 3, invoice them, ship 2, take 2 back: nothing is credited, all is complete."""
    customer, item = await desk.customer(), await sales.item("3")
    order = await sales.order(customer, (item, "5", "2"))
    await sales.acts(order, "shipments", "invoices")
    await sales.receives(item, "2")
    await sales.acts(order, "shipments")
    assert (await _returns(sales, order, "2")).status_code == 201
    assert await sales.owed(customer) == "6.00"
    assert (await sales.act(order, "invoices")).status_code == 409
    assert (await sales.seen(order))["state"] == "completed"
    await _returns(sales, order, "3")
    assert await sales.owed(customer) == "0.00"


async def test_goods_shipped_after_a_credited_return_are_invoiced(sales, desk):
    customer, item = await desk.customer(), await sales.item("5")
    order = await sales.order(customer, (item, "8", "1"))
    await sales.acts(order, "shipments", "invoices")
    await _returns(sales, order, "2")
    await sales.receives(item, "3")
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "6.00"


async def test_parts_returned_come_to_what_was_invoiced(sales, desk):
    """C26: 3 at 33.335 with 5 % off is 95.00; credited one by one it is 95.00 too."""
    customer, item = await desk.customer(), await sales.item("3")
    order = await sales.order(customer, (item, "3", "33.335", "0.05"))
    await sales.acts(order, "shipments", "invoices")
    for _ in range(3):
        assert (await _returns(sales, order, "1")).status_code == 201
    assert await sales.owed(customer) == "0.00"
    assert await sales.booked("receivable", customer) == 0


async def test_more_than_went_out_does_not_come_back(sales, desk, problem):
    customer, item = await desk.customer(), await sales.item("3")
    order = await sales.order(customer, (item, "2", "1"))
    problem(await _returns(sales, order, "1"), 409, "not_shipped")
    await sales.acts(order, "shipments")
    problem(await _returns(sales, order, "3"), 409, "not_shipped")


@pytest.mark.parametrize("paid", [False, True])
async def test_a_return_of_a_paid_invoice_is_the_customers_credit(sales, desk, paid):
    """E2, E14: each document's entry."""
    customer, item = await desk.customer(), await sales.item("2")
    freight = [{"amount": {"amount": "3", "currency": "CNY"}}]
    order = await sales.order(customer, (item, "2", "5"), charges=freight)
    await sales.acts(order, "shipments", "invoices")
    if paid:
        assert (await sales.pays(customer, "13")).status_code == 201
    await _returns(sales, order, "1")
    assert await sales.owed(customer) == ("-5.00" if paid else "8.00")
    wanted = {
        ("invoice", "receivable", "13", "0"),
        ("invoice", "sales", "0", "10"),
        ("invoice", "freight_income", "0", "3"),
        ("credit_note", "receivable", "0", "5"),
        ("credit_note", "sales", "5", "0"),
    }
    if paid:
        wanted |= {("payment", "bank", "13", "0"), ("payment", "receivable", "0", "13")}
    assert await sales.entries("invoice", "credit_note", "payment", party=customer) == wanted


async def test_nothing_comes_back_before_it_left_nor_is_credited_before_it_was_invoiced(
    sales, desk, problem
):
    """E14: goods that came back between the two are credited on the day of the invoice."""
    async with sales.erp.database.transaction() as work:
        today = work.today()
        days = [str(today - timedelta(days=ago)) for ago in (3, 2, 1)]
        await ensure_year(work, date.fromisoformat(days[0]))
    customer, item = await desk.customer(), await sales.item()
    await sales.receives(item, "2", effective_on=days[0])
    order = await sales.order(customer, (item, "2", "5"))
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "1"}
    await sales.act(order, "shipments", effective_on=days[1])
    early = await sales.act(order, "returns", lines=[line], effective_on=days[0])
    assert problem(early, 422, "invalid_input")["errors"][0]["code"] == "before_shipment"
    await sales.acts(order, "invoices")
    back = await sales.act(order, "returns", lines=[line], effective_on=days[2])
    assert back.status_code == 201, back.text
    path = f"/v1/invoices?customer_id={customer['id']}&kind=credit_note"
    [note] = (await desk.see(path))["items"]
    assert (note["effective_on"], note["gross"]) == (str(today), "5.00")
    for day in (*days, str(today)):
        report = await desk.see(f"/v1/reports/receivables?party_id={customer['id']}&on={day}")
        assert report["total"] == report["control_account"]
    assert await sales.owed(customer) == "5.00"


async def test_what_came_back_before_it_was_invoiced_takes_no_credit(sales, desk):
    """E47: of 10 ordered within 100, 6 came back uninvoiced: 4 are to go, and 60 are free again."""
    customer = await desk.customer(credit_limit={"amount": "100", "currency": "CNY"})
    item = await sales.item("50")
    order = await sales.order(customer, (item, "10", "10"))
    part = [{"order_line_id": order["lines"][0]["id"], "quantity": "6"}]
    await sales.act(order, "shipments", lines=part)
    assert (await sales.order(customer, (item, "1", "0.01")))["state"] == "on_hold"
    await sales.act(order, "returns", lines=part)
    assert (await sales.order(customer, (item, "6", "10")))["state"] == "confirmed"
    assert (await sales.order(customer, (item, "1", "0.01")))["state"] == "on_hold"
    await sales.acts(order, "shipments", "invoices")
    assert await sales.owed(customer) == "40.00"
    assert (await sales.order(customer, (item, "1", "0.01")))["state"] == "on_hold"


async def test_what_came_back_is_not_wanted_again_by_a_change(sales, desk):
    """E47: ship 6 of 10, take 2 back, ask for 12: 6 more are to go, no more."""
    customer, item = await desk.customer(), await sales.item("20")
    body, order_id = sales.body(customer, (item, "10", "10"), (item, "1", "1")), desk.word()
    order = (await sales.send(body, order_id)).json()
    line = {"order_line_id": order["lines"][0]["id"]}
    await sales.act(order, "shipments", lines=[line | {"quantity": "6"}])
    await sales.act(order, "returns", lines=[line | {"quantity": "2"}])
    body["lines"][1]["quantity"] = "2"
    other = (await sales.send(body, order_id, 2)).json()
    assert [one["reserved"] for one in other["lines"]] == ["4", "2"]
    body["lines"][0]["quantity"] = "12"
    changed = (await sales.send(body, order_id, 3)).json()
    assert [one["reserved"] for one in changed["lines"]] == ["6", "2"]
    done = await sales.acts(order, "shipments", "invoices")
    assert [one["shipped"] for one in done["lines"]] == ["12", "2"]
    assert (done["state"], await sales.owed(customer)) == ("completed", "102.00")


async def test_an_order_shows_what_is_left_to_be_paid_of_it(sales, desk):
    """E14: whether money or a credit note settled it; as the customer owes, so do his orders."""
    customer, item = await desk.customer(), await sales.item("20")
    first = await sales.order(customer, (item, "5", "10"))
    assert (await sales.acts(first, "shipments", "invoices"))["open_amount"] == "50.00"
    await _returns(sales, first, "2")
    assert (await sales.seen(first))["open_amount"] == await sales.owed(customer) == "30.00"
    await sales.pays(customer, "30")
    await _returns(sales, first, "3")
    assert (await sales.refreshed(first))["open_amount"] == "0.00"
    second = await sales.order(customer, (item, "5", "10"))
    await sales.acts(second, "shipments", "invoices")
    [credit] = [
        one
        for one in (await desk.see(f"/v1/payments?party_id={customer['id']}"))["items"]
        if one["unallocated"] != "0.00"
    ]
    await sales.erp.post(f"/v1/payments/{credit['id']}/allocate", {})
    shown = await sales.refreshed(second)
    assert (shown["invoiced"], shown["paid"], shown["open_amount"]) == ("50.00", "0.00", "20.00")
    assert await sales.owed(customer) == "20.00"
