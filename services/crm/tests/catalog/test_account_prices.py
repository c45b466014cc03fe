"""An account's own price list: it holds where it has a price, the usual list elsewhere."""

import asyncpg
import pytest

PATH, LISTS = "/v1/product-prices", "/v1/price-lists"
NOBODY = "01890000-0000-7000-8000-000000000000"


def cny(amount):
    return {"amount": amount, "currency": "CNY"}


async def asked(desk, product, **question):
    reply = await desk.client.get(f"/v1/products/{product['id']}/price", params=question)
    assert reply.status_code == 200, reply.text
    return reply.json()


async def ordered(desk, account, *lines):
    """The order of the products in the quantities, at no named price."""
    sent = [{"product": product["code"], "quantity": quantity} for product, quantity in lines]
    return await desk.add("/v1/orders", account_id=account["id"], lines=sent)


async def test_each_line_of_an_order_falls_back_to_the_usual_list(desk):
    listed, usual, bare = await desk.product(), await desk.product(), await desk.product()
    hotels = desk.word("L")
    for product, amount, more in (
        (listed, "10.00", {}),
        (listed, "8.00", {"price_list": hotels, "min_quantity": "5"}),
        (usual, "20.00", {}),
    ):
        await desk.add(PATH, product=product["code"], price=cny(amount), **more)
    path = f"/v1/products/{bare['id']}"
    await desk.change(path, {"list_price": cny("30.00")}, revision=1)
    hotel, other = await desk.account(price_list=hotels), await desk.account()
    lines = ((listed, "5"), (listed, "4"), (usual, "1"), (bare, "1"))
    found = [await ordered(desk, account, *lines) for account in (hotel, other)]
    prices = [[line["unit_price"] for line in order["lines"]] for order in found]
    assert prices == [["8.00", "10.00", "20.00", "30.00"], ["10.00", "10.00", "20.00", "30.00"]]


async def test_a_line_that_is_added_later_takes_it_too(desk):
    old, new, hotels = await desk.product(), await desk.product(), desk.word("L")
    await desk.add(PATH, product=old["code"], price=cny("10.00"))
    await desk.add(PATH, product=new["code"], price=cny("8.00"), price_list=hotels)
    order = await ordered(desk, await desk.account(price_list=hotels), (old, "1"))
    lines = [
        {"id": order["lines"][0]["id"], "quantity": "1"},
        {"product": new["code"], "quantity": "1"},
    ]
    changed = await desk.change(f"/v1/orders/{order['id']}", {"lines": lines}, revision=1)
    assert [line["unit_price"] for line in changed.json()["lines"]] == ["10.00", "8.00"]


async def test_the_price_is_asked_for_an_account(desk, problem):
    listed, usual, hotels = await desk.product(), await desk.product(), desk.word("L")
    await desk.add(PATH, product=listed["code"], price=cny("10.00"))
    own = await desk.add(PATH, product=listed["code"], price=cny("8.00"), price_list=hotels)
    await desk.add(PATH, product=usual["code"], price=cny("20.00"))
    account = await desk.account(price_list=hotels)
    answer = await asked(desk, listed, account=account["id"])
    assert (answer["price"], answer["price_list"]) == (cny("8.00"), hotels)
    assert answer["price_id"] == own["id"]
    fallback = await asked(desk, usual, account=account["id"])
    assert (fallback["price"], fallback["price_list"]) == (cny("20.00"), "standard")
    assert (await asked(desk, listed))["price"] == cny("10.00")
    named = await asked(desk, listed, account=account["id"], price_list="standard")
    assert named["price"] == cny("10.00")
    reply = await desk.client.get(f"/v1/products/{listed['id']}/price", params={"account": NOBODY})
    assert problem(reply, 422, "missing_reference")["facts"]["entity"] == "account"


async def test_it_goes_before_the_default_list_of_the_erp(desk):
    """As in the ERP, of what the ERP prices: its lists have the same codes here."""
    trade, dealers, default = desk.word("L"), desk.word("L"), desk.word()
    facts = {"code": trade, "name": "Trade", "is_default": True}
    await desk.send(LISTS, default, 1, system="erp", **facts)
    product = {"code": desk.word("P"), "name": "x", "unit": "KGM"}
    item = await desk.send("/v1/products", desk.word(), 1, system="erp", **product)
    for code, amount, least in ((trade, "10.00", "0"), (dealers, "8.00", "5")):
        sent = {"product": item.json()["id"], "price_list": code, "min_quantity": least}
        await desk.send(PATH, desk.word(), 1, system="erp", price=cny(amount), **sent)
    account = await desk.account(price_list=dealers)
    found = [
        (await asked(desk, item.json(), quantity=quantity, account=account["id"]))["price"]
        for quantity in ("5", "4")
    ]
    await desk.send(LISTS, default, 2, system="erp", is_default=False)
    assert found == [cny("8.00"), cny("10.00")]


async def test_a_linked_erp_leads_in_it(desk, problem):
    """B48: a term of business, as the credit limit is."""
    account, key = await desk.account(price_list="hotels"), desk.word()
    path = f"/v1/accounts/{account['id']}"
    changed = await desk.change(path, {"price_list": None}, revision=1)
    assert changed.json()["price_list"] is None
    link = {"system": "erp", "external_id": key}
    assert (await desk.crm.post(f"{path}/external-refs", link)).status_code == 200
    problem(await desk.change(path, {"price_list": "hotels"}, revision=2), 409, "managed_by_erp")
    sent = await desk.send("/v1/accounts", key, 1, system="erp", price_list="DEALERS")
    assert (sent.json()["price_list"], sent.json()["version"]) == ("DEALERS", 2)
    told = [one["payload"]["price_list"] for one in await desk.events_of(account["id"])]
    assert told == ["hotels", None, "DEALERS"]


async def test_the_list_has_a_name(desk, problem):
    for wrong in ("", "two words", 5):
        body = {"name": desk.word("A"), "price_list": wrong}
        problem(await desk.crm.post("/v1/accounts", body), 422, "invalid_input")
    account = await desk.account()
    with pytest.raises(asyncpg.CheckViolationError, match="ck_account_price_list_given"):
        await desk.rows("update account set price_list = '' where id = $1", account["id"])
