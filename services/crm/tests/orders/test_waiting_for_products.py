"""The seller sees at the order for which products it waits: those the ERP does not know."""

ERP = {"system": "erp"}


async def linked_account(desk):
    """A customer that the ERP knows."""
    account = await desk.account()
    link = ERP | {"external_id": desk.word()}
    reply = await desk.crm.post(f"/v1/accounts/{account['id']}/external-refs", link)
    assert reply.is_success, reply.text
    return account


async def from_erp(desk, code):
    """A product as the ERP sends it."""
    reply = await desk.send(
        "/v1/products", desk.word(), 1, system="erp", code=code, name="Lamp", unit="C62"
    )
    assert reply.is_success, reply.text
    return reply.json()


def ordered(account, *products):
    price = {"amount": "2.00", "currency": "CNY"}
    lines = [{"product": one["id"], "quantity": "1", "unit_price": price} for one in products]
    return {"account_id": account["id"], "lines": lines}


async def decided(desk, order, version):
    """What the bridge copies when the ERP has decided."""
    erp = {"number": "S-1", "state": "confirmed", "source_version": version}
    reply = await desk.send(
        "/v1/order-fulfilments", desk.word(), version, system="erp", order_id=order["id"], erp=erp
    )
    assert reply.is_success, reply.text


async def test_the_products_are_named_until_the_erp_knows_them(desk):
    account = await linked_account(desk)
    known = await from_erp(desk, desk.word())
    late, later = await desk.product(), await desk.product()
    order = await desk.add("/v1/orders", **ordered(account, known, later, late))
    at = f"/v1/orders/{order['id']}"
    assert order["waits_for"] == sorted([late["code"], later["code"]])
    assert (await desk.see(at))["waits_for"] == order["waits_for"]
    listed = await desk.see(f"/v1/orders?account_id={account['id']}")
    assert listed["items"][0]["waits_for"] == sorted([late["code"], later["code"]])
    for one in (late, later):
        link = ERP | {"external_id": desk.word()}
        await desk.crm.post(f"/v1/products/{one['id']}/external-refs", link)
    assert (await desk.see(at))["waits_for"] == []


async def test_an_order_that_the_erp_decided_on_waits_only_for_what_was_changed(desk):
    account = await linked_account(desk)
    known, own = await from_erp(desk, desk.word()), await desk.product()
    order = await desk.add("/v1/orders", **ordered(account, known))
    at = f"/v1/orders/{order['id']}"
    await decided(desk, order, 1)
    assert (await desk.see(at))["waits_for"] == []
    lines = ordered(account, known, own)["lines"]
    now = (await desk.client.get(at)).headers["ETag"]
    changed = await desk.client.patch(at, json={"lines": lines}, headers={"If-Match": now})
    assert changed.status_code == 200, changed.text
    assert changed.json()["waits_for"] == [own["code"]]
    assert (await desk.crm.post(f"{at}/cancel", {})).is_success
    assert (await desk.see(at))["waits_for"] == []


async def test_where_the_erp_does_not_know_the_customer_nothing_waits_for_it(desk):
    """A CRM alone has products of its own, and orders of them."""
    account = await desk.account()
    order = await desk.add("/v1/orders", **ordered(account, await desk.product()))
    assert (await desk.see(f"/v1/orders/{order['id']}"))["waits_for"] == []
