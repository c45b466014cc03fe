"""What stays of a record when the same content is sent again under a newer version."""

import pytest

MONEY = {"amount": "1.00", "currency": "CNY"}


async def test_the_primary_contact_stays_when_the_same_is_sent(desk):
    """A file with two primary contacts of one account changes nothing at its second reading."""
    account, keys = await desk.account(), [desk.word(), desk.word()]
    body = {"account_id": account["id"], "name": "Lin", "primary": True}
    ids = [(await desk.upsert("/v1/contacts", key, 1, body, batch=True))[1] for key in keys]
    for key, record_id in zip(keys, ids, strict=True):
        again = await desk.upsert("/v1/contacts", key, 2, body, batch=True)
        assert again == ("unchanged", record_id)
    shown = [(await desk.see(f"/v1/contacts/{one}"))["primary"] for one in ids]
    assert shown == [False, True]


@pytest.mark.parametrize("batch", [True, False])
async def test_an_order_keeps_price_and_state_when_the_same_is_sent(desk, batch):
    """The price of the day was agreed; the order that was cancelled here stays so."""
    product, buyer = await desk.product(list_price=MONEY), await desk.account()
    body = {
        "account_id": buyer["id"],
        "lines": [{"product": product["code"], "quantity": "1"}],
    }
    key = desk.word()
    _, order_id = await desk.upsert("/v1/orders", key, 1, body, batch=batch)
    dearer = {"list_price": {"amount": "9.00", "currency": "CNY"}}
    await desk.change(f"/v1/products/{product['id']}", dearer, revision=product["version"])
    assert await desk.upsert("/v1/orders", key, 2, body, batch=batch) == ("unchanged", order_id)
    assert (await desk.see(f"/v1/orders/{order_id}"))["net"] == "1.00"
    await desk.crm.post(f"/v1/orders/{order_id}/cancel", {})
    before = await desk.see(f"/v1/orders/{order_id}")
    assert await desk.upsert("/v1/orders", key, 3, body, batch=batch) == ("unchanged", order_id)
    assert await desk.see(f"/v1/orders/{order_id}") == before
