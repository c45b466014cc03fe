"""A customer's own price list: it holds where it has a price, the default list elsewhere."""

from uuid import uuid4

import asyncpg
import pytest

CUSTOMERS, ORDERS, LISTS = "/v1/customers", "/v1/sales-orders", "/v1/price-lists"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


@pytest.fixture
async def dealers(desk):
    """Code of a list that has a price of ours from 10 on, and one for any quantity."""
    code = desk.word("L")
    await desk.add(LISTS, code=code, name="Dealers")
    return code


async def order(desk, customer, *lines):
    """The prices of the lines of an order that names none."""
    sent = [{"sku": item["sku"], "quantity": quantity} for item, quantity in lines]
    made = await desk.add(ORDERS, customer_id=customer["id"], lines=sent)
    return made, [line["unit_price"] for line in made["lines"]]


async def test_each_line_of_an_order_falls_back_to_the_default_list(desk, dealers):
    listed, usual = await desk.item(), await desk.item()
    await desk.price(listed["sku"], "10.00")
    await desk.price(usual["sku"], "20.00")
    await desk.price(listed["sku"], "8.00", price_list=dealers, min_quantity="5")
    dealer, other = await desk.customer(price_list=dealers), await desk.customer()
    lines = ((listed, "5"), (listed, "4"), (usual, "1"))
    assert (await order(desk, dealer, *lines))[1] == ["8.00", "10.00", "20.00"]
    assert (await order(desk, other, *lines))[1] == ["10.00", "10.00", "20.00"]


async def test_orders_of_a_batch_take_the_list_of_their_own_customer(desk, dealers):
    item = await desk.item()
    await desk.price(item["sku"], "10.00")
    await desk.price(item["sku"], "8.00", price_list=dealers)
    customers = [await desk.customer(price_list=dealers), await desk.customer()]
    items = [
        {
            "external_id": desk.word(),
            "source_version": 1,
            "customer_id": one["id"],
            "lines": [{"sku": item["sku"], "quantity": "1"}],
        }
        for one in customers
    ]
    reply = await desk.erp.post(f"{ORDERS}/by-external/shop/batch", {"items": items})
    ids = [one["id"] for one in reply.json()["items"]]
    prices = [(await desk.see(f"{ORDERS}/{one}"))["lines"][0]["unit_price"] for one in ids]
    assert prices == ["8.00", "10.00"]


async def test_a_line_that_is_added_later_takes_it_too(desk, dealers):
    old, new = await desk.item(), await desk.item()
    await desk.price(old["sku"], "10.00")
    await desk.price(new["sku"], "8.00", price_list=dealers)
    made, _ = await order(desk, await desk.customer(price_list=dealers), (old, "1"))
    lines = [
        {"id": made["lines"][0]["id"], "sku": old["sku"], "quantity": "1"},
        {"sku": new["sku"], "quantity": "1"},
    ]
    path = f"{ORDERS}/{made['id']}"
    headers = {"If-Match": f'"{made["version"]}"', "Idempotency-Key": str(uuid4())}
    reply = await desk.client.put(f"{path}/content", json={"lines": lines}, headers=headers)
    assert reply.status_code == 200, reply.text
    assert [line["unit_price"] for line in reply.json()["lines"]] == ["10.00", "8.00"]


async def test_the_lookup_answers_what_an_order_would_take(desk, problem, dealers):
    item, usual = await desk.item(), await desk.item()
    await desk.price(item["sku"], "10.00")
    await desk.price(usual["sku"], "20.00")
    await desk.price(item["sku"], "8.00", price_list=dealers)
    customer = await desk.customer(price_list=dealers)

    async def found(one, **asked):
        params = {"sku": one["sku"], "quantity": "1"} | asked
        reply = (await desk.client.get("/v1/prices/lookup", params=params)).json()
        return reply["price_list"], reply["price"]["amount"]

    assert await found(item, customer_id=customer["id"]) == (dealers, "8.00")
    assert await found(usual, customer_id=customer["id"]) == ("standard", "20.00")
    assert await found(item) == ("standard", "10.00")
    named = {"customer_id": customer["id"], "price_list": "standard"}
    assert await found(item, **named) == ("standard", "10.00")
    params = {"sku": item["sku"], "quantity": "1", "customer_id": str(uuid4())}
    reply = await desk.client.get("/v1/prices/lookup", params=params)
    assert problem(reply, 422, "missing_reference")["facts"]["entity"] == "customer"


async def test_the_list_is_told_and_taken_away_again(desk, dealers):
    customer = await desk.customer()
    assert customer["price_list"] is None
    path = f"{CUSTOMERS}/{customer['id']}"
    changed = await desk.change(path, {"price_list": dealers}, revision=1)
    assert (changed.json()["price_list"], changed.headers["ETag"]) == (dealers, '"2"')
    await desk.change(path, {"price_list": None}, revision=2)
    told = [one["payload"] for one in await desk.events_of(customer["id"])]
    assert "price_list" in told[0]["changed"]
    assert [one["price_list"] for one in told] == [None, dealers, None]
    assert [one["changed"] for one in told[1:]] == [["price_list"]] * 2


@pytest.mark.parametrize("way", ["new", "change", "send"])
async def test_the_list_must_exist_and_be_in_the_customers_currency(desk, problem, dealers, way):
    async with desk.erp.database.driver() as sql:
        await sql.execute("update price_list set currency = 'USD' where code = $1", dealers)
    for code, refused in (("no-such", "missing_reference"), (dealers, "currency_not_supported")):
        if way == "new":
            body = {"name": desk.word("Customer"), "price_list": code}
            reply = await desk.erp.post(CUSTOMERS, body)
        elif way == "change":
            customer = await desk.customer()
            path = f"{CUSTOMERS}/{customer['id']}"
            reply = await desk.change(path, {"price_list": code}, revision=1)
        else:
            reply = await desk.send(CUSTOMERS, desk.word(), 1, "shop", name="x", price_list=code)
        problem(reply, 422, refused)


async def test_the_database_knows_the_list(desk):
    customer = await desk.customer()
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.ForeignKeyViolationError, match="fk_customer_price_list"):
            await sql.execute(
                "update customer set price_list = 'no-such' where id = $1", customer["id"]
            )
