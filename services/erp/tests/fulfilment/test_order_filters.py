"""Sales orders, payments and open items are asked for states, totals and days, and sorted."""

from decimal import Decimal
from urllib.parse import urlencode

PRICES = ("1.00", "2.50", "40.00")


async def asked(sales, path, **query):
    return (await page_of(sales, path, **query))["items"]


async def page_of(sales, path, **query):
    return await sales.desk.see(f"{path}?{urlencode(query)}")


async def three_orders(sales):
    """A customer's orders of 10, 25 and 400; the second is cancelled."""
    customer, item = await sales.desk.customer(), await sales.item("100")
    orders = [await sales.order(customer, (item, "10", price)) for price in PRICES]
    await sales.acts(orders[1], "cancel")
    return customer, orders


async def test_orders_are_asked_for_several_states_a_total_and_days(sales):
    customer, orders = await three_orders(sales)
    of, numbers = {"customer_id": customer["id"]}, [one["number"] for one in orders]

    async def found(**query):
        rows = await asked(sales, "/v1/sales-orders", **of, **query)
        return [row["number"] for row in rows]

    assert await found(state="confirmed", sort="number") == [numbers[0], numbers[2]]
    assert await found(state="confirmed, cancelled", sort="number") == numbers
    assert await found(total_from="10.00", total_to="25", sort="number") == numbers[:2]
    assert await found(total_from="25.01") == [numbers[2]]
    assert await found(sort="-total") == numbers[::-1]
    assert await found(sort="-total", limit="2") == numbers[:0:-1]
    day = orders[0]["ordered_on"]
    assert len(await found(ordered_on_gte=day, ordered_on_lte=day)) == len(orders)
    assert await found(ordered_on_lte="2000-01-01") == []


async def test_a_page_sorted_by_total_goes_on_where_it_ended(sales):
    customer, orders = await three_orders(sales)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        path = "/v1/sales-orders"
        query = {"customer_id": customer["id"], "sort": "total", "limit": "1"} | cursor
        page = await page_of(sales, path, **query)
        seen += [row["number"] for row in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == [one["number"] for one in orders]


async def test_an_open_item_changes_when_it_is_paid(sales):
    customer, item = await sales.desk.customer(), await sales.item("100")
    order = await sales.order(customer, (item, "10", "4.00"))
    await sales.acts(order, "shipments", "invoices")
    [invoice] = await asked(sales, "/v1/invoices", customer_id=customer["id"], sort="-total")
    [by_number] = await asked(
        sales, "/v1/invoices", customer_id=customer["id"], sort="number", total_from="40"
    )
    assert by_number == invoice
    changed = "select created_at < updated_at as changed from open_item where source_id = $1"

    async def is_changed():
        async with sales.desk.erp.database.driver() as sql:
            return await sql.fetchval(changed, invoice["id"])

    assert not await is_changed()
    assert (await sales.pays(customer, "15.00")).status_code == 201
    assert await is_changed()
    of = {"party_id": customer["id"], "open": "true", "due_on_gte": invoice["due_on"]}
    [left] = await asked(sales, "/v1/open-items", **of, total_from="40", total_to="40")
    assert left["open_amount"] == "25.00"
    [payment] = await asked(
        sales, "/v1/payments", party_id=customer["id"], total_to="15", state="booked,reversed"
    )
    assert payment["amount"] == "15.00"


async def test_open_items_are_asked_for_what_is_left_of_them(sales):
    customer, item = await sales.desk.customer(), await sales.item("100")
    for price in ("4.00", "1.00", "2.50"):
        await sales.acts(await sales.order(customer, (item, "10", price)), "shipments", "invoices")
    assert (await sales.pays(customer, "45.00")).status_code == 201

    async def left(**query):
        rows = await asked(sales, "/v1/open-items", party_id=customer["id"], **query)
        return [row["open_amount"] for row in rows]

    assert await left(sort="open_amount") == ["0.00", "5.00", "25.00"]
    assert await left(sort="-open_amount", limit="2") == ["25.00", "5.00"]
    assert await left(open_amount_from="5.00", open_amount_to="24.99") == ["5.00"]
    assert await left(open_amount_from="0.01", sort="-open_amount") == ["25.00", "5.00"]


async def test_invoices_are_asked_for_what_is_left_of_them(sales):
    customer, item = await sales.desk.customer(), await sales.item("100")
    for price in ("4.00", "1.00", "2.50"):
        await sales.acts(await sales.order(customer, (item, "10", price)), "shipments", "invoices")
    assert (await sales.pays(customer, "45.00")).status_code == 201

    async def left(**query):
        rows = await asked(sales, "/v1/invoices", customer_id=customer["id"], **query)
        return [Decimal(row["open_amount"]) for row in rows]

    assert await left(sort="open_amount") == [0, 5, 25]
    assert await left(sort="-open_amount", limit="2") == [25, 5]
    assert await left(open_amount_from="5", open_amount_to="24.99") == [5]
    assert await left(open_amount_from="0.01", sort="-open_amount") == [25, 5]
