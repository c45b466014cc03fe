"""Services are ordered, rendered, invoiced and taken back beside goods; stock knows none of it."""


async def test_services_are_rendered_with_the_goods_and_invoiced(sales, desk, problem):
    """E14, E47: an order with a service completes, and the customer owes all of it."""
    customer, item = await desk.customer(), await sales.item("2")
    service = await desk.item(kind="service")
    order = await sales.order(customer, (item, "2", "10"), (service, "3", "50"))
    assert order["state"] == "confirmed"
    done = await sales.acts(order, "shipments", "invoices")
    assert [line["shipped"] for line in done["lines"]] == ["2", "3"]
    assert (done["state"], done["invoiced"]) == ("completed", "170.00")
    assert await sales.owed(customer) == "170.00"
    again = {"order_line_id": done["lines"][1]["id"], "quantity": "1"}
    problem(await sales.act(order, "shipments", lines=[again]), 409, "more_than_left")


async def test_a_service_alone_is_rendered_in_parts_and_taken_back(sales, desk, problem):
    """E47: no more than is left goes out, no more than went out comes back."""
    customer, service = await desk.customer(), await desk.item(kind="service")
    order = await sales.order(customer, (service, "3", "50"))
    [line] = order["lines"]

    async def does(act, quantity):
        named = {"order_line_id": line["id"], "quantity": quantity}
        return await sales.act(order, act, lines=[named])

    problem(await does("shipments", "4"), 409, "more_than_left")
    problem(await does("returns", "1"), 409, "more_than_left")
    assert (await does("shipments", "1")).status_code == 201
    await sales.acts(order, "invoices")
    assert await sales.owed(customer) == "50.00"
    done = await sales.acts(order, "shipments", "invoices")
    assert (done["state"], await sales.owed(customer)) == ("completed", "150.00")
    assert (await does("returns", "1")).status_code == 201
    assert await sales.owed(customer) == "100.00"
    problem(await does("returns", "2.5"), 409, "more_than_left")


async def test_a_charge_is_invoiced_though_all_goods_came_back(sales, desk, problem):
    """E47: freight was spent; without its invoice the order would stay open for ever."""
    customer, item = await desk.customer(), await sales.item("5")
    freight = [{"amount": {"amount": "7", "currency": "CNY"}}]
    order = await sales.order(customer, (item, "5", "10"), charges=freight)
    problem(await sales.act(order, "invoices"), 409, "nothing_to_invoice")
    await sales.acts(order, "shipments")
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "5"}
    assert (await sales.act(order, "returns", lines=[line])).status_code == 201
    done = await sales.acts(order, "invoices")
    assert (done["state"], await sales.owed(customer)) == ("completed", "7.00")


async def test_a_service_has_no_serials(sales, desk, problem):
    """E28: a serial named of what has none is refused, not ignored."""
    customer, service = await desk.customer(), await desk.item(kind="service")
    order = await sales.order(customer, (service, "1", "50"))
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "1", "serials": ["S-1"]}
    for act in ("shipments", "returns"):
        problem(await sales.act(order, act, lines=[line]), 422, "serials_not_kept")
