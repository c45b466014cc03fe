"""Orders and terms are merged as every record is, and keep to rules of their own."""

from typing import Any
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


async def _order_id(desk):
    account, product = await desk.account(), await desk.product()
    return (await desk.order(account["id"], product["id"]))["id"]


async def test_an_order_needs_lines_and_may_lose_its_freight(desk, problem):
    at = f"/v1/orders/{await _order_id(desk)}"
    problem(await desk.merge(at, {"lines": None}), 422, "invalid_input")
    freight = await desk.merge(at, {"freight": MONEY})
    assert freight.json()["freight"] == "1.00"
    assert (await desk.merge(at, {"freight": None})).json()["freight"] == "0.00"


async def test_a_freight_keeps_to_the_decimals_of_its_currency(desk, problem):
    at = f"/v1/orders/{await _order_id(desk)}"
    told = problem(await desk.merge(at, {"freight": {"amount": "1.005"}}), 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
        ("/freight", "too_many_decimals")
    ]


async def test_terms_of_the_erp_keep_the_parts_that_are_not_sent(desk):
    key, limit = str(uuid4()), {"credit_limit": MONEY}
    lost = await desk.send("/v1/accounts", key, 1, system="erp", name="Mill", erp=limit)
    assert lost.json()["errors"][0]["pointer"] == "/erp/customer_number"
    half = limit | {"customer_number": "C-1"} | {"credit_limit": {"amount": "5"}}
    lost = await desk.send("/v1/accounts", key, 1, system="erp", name="Mill", erp=half)
    assert lost.json()["errors"][0]["pointer"] == "/erp/credit_limit/currency"
    terms = {"customer_number": "C-1", "payment_terms_days": 7, "dunning_block": True} | limit
    made = await desk.send("/v1/accounts", key, 1, system="erp", name="Mill", erp=terms)
    terms |= {"archived": False}
    assert made.json()["erp"] == terms
    parts: list[dict[str, Any]] = [
        {"credit_limit": {"amount": "5.00"}},
        {"archived": True},
        {"payment_terms_days": None},
        {"credit_limit": None},
    ]
    for version, part in enumerate(parts, 2):
        reply = await desk.send("/v1/accounts", key, version, system="erp", erp=part)
        assert reply.status_code == 200, reply.text
        terms |= part
        if part.get("credit_limit"):
            terms["credit_limit"] = {"amount": "5.00", "currency": "CNY"}
        assert reply.json()["erp"] == terms
        assert reply.json()["status"] == ("archived" if terms["archived"] else "active")


async def test_an_order_that_is_sent_without_a_field_keeps_it(desk):
    account, product = await desk.account(), await desk.product()
    line = {"product": product["id"], "quantity": "1", "unit_price": MONEY}
    body = {"account_id": account["id"], "lines": [line]}
    key, facts = str(uuid4()), {"note": "Soon.", "freight": MONEY, "requested_on": "2030-01-01"}
    made = await desk.send("/v1/orders", key, 1, ship_to=ADDRESS, **body, **facts)
    assert made.status_code == 201, made.text
    kept = await desk.send("/v1/orders", key, 2, **body)
    names = ("note", "freight", "requested_on", "ship_to")
    assert [kept.json()[one] for one in names] == [made.json()[one] for one in names]
    part = await desk.send("/v1/orders", key, 3, ship_to={"city": "Beijing"}, **body)
    assert part.json()["ship_to"] == ADDRESS | {"city": "Beijing"}
    dear = await desk.send("/v1/orders", key, 4, freight={"amount": "2.00"}, **body)
    assert dear.json()["freight"] == "2.00"
    free = await desk.send("/v1/orders", key, 5, **body, **dict.fromkeys(names))
    assert [free.json()[one] for one in names] == ["", "0.00", None, NO_ADDRESS]
    part = await desk.send("/v1/orders", key, 6, ship_to={"city": None}, **body)
    assert part.json()["ship_to"] == NO_ADDRESS


async def test_a_new_order_goes_to_the_usual_address_where_none_is_sent(desk):
    account = await desk.account(shipping_address=ADDRESS)
    product = await desk.product()
    line = {"product": product["id"], "quantity": "1", "unit_price": MONEY}
    body = {"account_id": account["id"], "lines": [line]}
    for sent, goes_to in (
        ({}, ADDRESS),
        ({"ship_to": None}, ADDRESS),
        ({"ship_to": {"city": "Beijing"}}, NO_ADDRESS | {"city": "Beijing"}),
    ):
        made = await desk.send("/v1/orders", str(uuid4()), 1, **body, **sent)
        assert made.status_code == 201, made.text
        assert made.json()["ship_to"] == goes_to
