"""Limits, orders and tax codes are merged as every record is, and keep to rules of their own."""

from uuid import uuid4

MONEY = {"amount": "1.00", "currency": "CNY"}
ADDRESS = {
    "line1": "1 Canal St",
    "line2": "Floor 2",
    "city": "Ningbo",
    "region": "Zhejiang",
    "postal_code": "315000",
    "country": "CN",
    "contact": "Lin",
    "phone": "1",
}
NO_ADDRESS = dict.fromkeys(ADDRESS, "")


async def test_a_limit_keeps_to_the_decimals_of_the_currency_that_it_had(desk, problem):
    at = f"/v1/customers/{(await desk.customer(credit_limit=MONEY))['id']}"
    part = {"credit_limit": {"amount": "1.005"}}
    told = problem(await desk.merge(at, part), 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
        ("/credit_limit", "too_many_decimals")
    ]


async def test_an_order_that_is_sent_without_a_field_keeps_it(desk):
    customer, item = await desk.customer(), await desk.item()
    line = {"sku": item["sku"], "quantity": "1", "unit_price": MONEY}
    body = {"customer_id": customer["id"], "lines": [line]}
    charges = [{"kind": "freight", "amount": MONEY}]
    facts = {"note": "Soon.", "charges": charges, "requested_on": "2030-01-01"}
    key = str(uuid4())
    made = await desk.send("/v1/sales-orders", key, 1, ship_to=ADDRESS, **body, **facts)
    assert made.status_code == 201, made.text
    kept = await desk.send("/v1/sales-orders", key, 2, **body)
    names = ("note", "charges", "requested_on", "ship_to")
    assert [kept.json()[one] for one in names] == [made.json()[one] for one in names]
    part = await desk.send("/v1/sales-orders", key, 3, ship_to={"city": "Beijing"}, **body)
    assert part.json()["ship_to"] == ADDRESS | {"city": "Beijing"}
    free = await desk.send("/v1/sales-orders", key, 4, **body, charges=[])
    assert (free.json()["charges"], free.json()["note"]) == ("0.00", "Soon.")
    await desk.send("/v1/sales-orders", key, 5, **body, charges=charges)
    empty = dict.fromkeys(("note", "charges", "requested_on", "ship_to"))
    free = await desk.send("/v1/sales-orders", key, 6, **body, **empty)
    assert [free.json()[one] for one in names] == ["", "0.00", None, NO_ADDRESS]
    part = await desk.send("/v1/sales-orders", key, 7, ship_to={"city": None}, **body)
    assert part.json()["ship_to"] == NO_ADDRESS


async def test_a_tax_code_is_taken_away_by_null(desk):
    code = desk.word("VAT")
    await desk.add("/v1/tax-codes", code=code, name="VAT", rate="0.13")
    at = f"/v1/items/{(await desk.item(tax_code=code))['id']}"
    assert (await desk.merge(at, {"name": "Other"})).json()["tax_code"] == code
    assert (await desk.merge(at, {"tax_code": None})).json()["tax_code"] is None
