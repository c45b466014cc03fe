"""One line may stand twice in a shipment or return: the quantities add up, the serials as well."""


def line_of(order, quantity, *serials):
    return {
        "order_line_id": order["lines"][0]["id"],
        "quantity": quantity,
        "serials": list(serials),
    }


async def test_quantities_of_a_line_named_twice_add_up(sales, problem):
    item = await sales.item("10")
    order = await sales.order(await sales.desk.customer(), (item, "6", "9.00"))
    sent = await sales.act(order, "shipments", lines=[line_of(order, "2"), line_of(order, "3")])
    assert sent.status_code == 201, sent.text
    back = await sales.act(order, "returns", lines=[line_of(order, "1"), line_of(order, "1")])
    assert back.status_code == 201, back.text
    [line] = (await sales.seen(order))["lines"]
    assert (line["shipped"], line["returned"]) == ("5", "2")
    [shown] = (await sales.desk.see(f"/v1/shipments/{sent.json()['shipment_id']}"))["lines"]
    assert shown["quantity"] == "5"


async def test_together_no_more_than_the_order_has_left(sales):
    item = await sales.item("10")
    order = await sales.order(await sales.desk.customer(), (item, "6", "9.00"))
    reply = await sales.act(order, "shipments", lines=[line_of(order, "4"), line_of(order, "3")])
    assert reply.status_code == 409, reply.text
    assert (await sales.seen(order))["lines"][0]["shipped"] == "0"


async def test_serials_of_a_line_named_twice_go_together(sales, problem):
    item = await sales.desk.item(tracking="serial")
    serials = [sales.desk.word("SN") for _ in range(3)]
    await sales.desk.add(
        "/v1/stock-receipts",
        lines=[
            {
                "sku": item["sku"],
                "quantity": "3",
                "unit_cost": {"amount": "7.00", "currency": "CNY"},
                "serials": serials,
            }
        ],
    )
    order = await sales.order(await sales.desk.customer(), (item, "3", "9.00"))
    first, second, third = serials
    twice = [line_of(order, "1", first), line_of(order, "1", first)]
    problem(await sales.act(order, "shipments", lines=twice), 422, "duplicate_serial")
    lines = [line_of(order, "1", first), line_of(order, "2", second, third)]
    sent = await sales.act(order, "shipments", lines=lines)
    assert sorted(one["serial"] for one in sent.json()["serials"]) == sorted(serials)
