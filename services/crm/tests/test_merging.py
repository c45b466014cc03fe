"""A change is a JSON merge patch (RFC 7396), and an upsert merges likewise: on every route."""

import json
from typing import Any
from uuid import uuid4

import pytest

from crm.app import SERVICE

MONEY = {"amount": "1.00", "currency": "CNY"}
MERGE_PATCH = "application/merge-patch+json"
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
REFUSED = object()
"""A field that is never empty: null is refused."""


async def _account(desk):
    return (await desk.account(billing_address=ADDRESS, shipping_address=ADDRESS, phone="9"))["id"]


async def _contact(desk):
    return (await desk.contact((await desk.account())["id"]))["id"]


async def _product(desk):
    return (await desk.product())["id"]


async def _price(desk):
    product = await desk.product()
    return (await desk.add("/v1/product-prices", product=product["id"], price=MONEY))["id"]


async def _order(desk):
    account, product = await desk.account(), await desk.product()
    return (await desk.order(account["id"], product["id"]))["id"]


async def _user(desk):
    return (await desk.user())["id"]


async def _team(desk):
    return (await desk.add("/v1/teams", name=desk.word("Team")))["id"]


CONSENT = {"email": "granted", "phone": "refused"}
UNKNOWN = {"email": "unknown", "phone": "unknown"}
CASES: dict[str, Any] = {
    "/v1/accounts": (
        _account,
        {
            "name": ("Other", REFUSED),
            "kind": ("person", REFUSED),
            "stage": ("prospect", REFUSED),
            "tax_id": (f"T{uuid4().hex[:9].upper()}", ""),
            "email": ("a@mill.example", ""),
            "phone": ("2", ""),
            "website": ("mill.example", ""),
            "industry": ("Steel", ""),
            "segment": ("A", ""),
            "language": ("zh-CN", ""),
            "currency": ("CNY", REFUSED),
            "price_list": ("hotels", None),
            "billing_address": (ADDRESS, NO_ADDRESS),
            "shipping_address": (ADDRESS, NO_ADDRESS),
        },
    ),
    "/v1/contacts": (
        _contact,
        {
            "name": ("Other", REFUSED),
            "title": ("Buyer", ""),
            "email": ("b@mill.example", ""),
            "phone": ("2", ""),
            "primary": (True, REFUSED),
            "consent": (CONSENT, UNKNOWN),
        },
    ),
    "/v1/products": (
        _product,
        {
            "code": (f"P-{uuid4().hex[:9]}", REFUSED),
            "name": ("Other", REFUSED),
            "description": ("Of steel.", ""),
            "category": ("LAMPS", ""),
            "unit": ("PR", REFUSED),
            "unit_decimals": (2, REFUSED),
            "active": (False, REFUSED),
            "discontinued_on": ("2030-01-01", None),
            "list_price": (MONEY, None),
        },
    ),
    "/v1/product-prices": (
        _price,
        {
            "price_list": ("trade", REFUSED),
            "min_quantity": ("2", REFUSED),
            "valid_from": ("2030-01-01", None),
            "valid_to": ("2030-01-02", None),
            "price": ({"amount": "2.00", "currency": "CNY"}, REFUSED),
        },
    ),
    "/v1/orders": (
        _order,
        {
            "requested_on": ("2030-01-01", None),
            "ship_to": (ADDRESS, NO_ADDRESS),
            "note": ("Soon.", ""),
        },
    ),
    "/v1/users": (
        _user,
        {
            "name": ("Other", REFUSED),
            "roles": (["marketer"], REFUSED),
            "email": ("c@mill.example", ""),
            "language": ("zh-CN", None),
        },
    ),
    "/v1/teams": (
        _team,
        {
            "name": (f"Team {uuid4().hex[:9]}", REFUSED),
            "description": ("Sells.", ""),
            "active": (False, REFUSED),
        },
    ),
}
BESIDES: set[str] = set()
SEPARATE = {
    "/v1/accounts": {"owner_id"},
    "/v1/orders": {"freight", "lines"},
    "/v1/users": {"team_id"},
}
"""Fields that other tests change."""
OBJECTS = [
    ("/v1/accounts", "billing_address"),
    ("/v1/accounts", "shipping_address"),
    ("/v1/contacts", "consent"),
    ("/v1/orders", "ship_to"),
]


async def _named(_desk):
    return {"name": "Mill"}


async def _person(desk):
    return {"name": "Lin", "account_id": (await desk.account())["id"]}


SENT = {"/v1/accounts": _named, "/v1/contacts": _person}
SENT_OBJECTS = OBJECTS[:3]


def _patched():
    routes = [route for router in SERVICE.routers for route in router.routes]
    return {
        route.path.partition("/{")[0]: route.path for route in routes if "PATCH" in route.methods
    }


async def _fields(desk, collection):
    """The fields of a change as the contract has them; it takes either content type."""
    document = await desk.see("/openapi.json")
    content = document["paths"][_patched()[collection]]["patch"]["requestBody"]["content"]
    assert content[MERGE_PATCH] == content["application/json"]
    name = content[MERGE_PATCH]["schema"]["$ref"].rpartition("/")[2]
    return document["components"]["schemas"][name]["properties"].keys()


async def _change(desk, at, facts):
    """Change a record as it is now; the reply."""
    now = await desk.client.get(at)
    headers = {"If-Match": now.headers["ETag"], "Content-Type": MERGE_PATCH}
    return await desk.client.patch(at, content=json.dumps(facts), headers=headers)


def test_every_patch_is_known_here():
    """A new route is checked by the tests below, or this one fails."""
    assert _patched().keys() == CASES.keys() | BESIDES


@pytest.mark.parametrize("collection", sorted(CASES))
async def test_each_field_changes_alone_and_null_empties_it(desk, problem, collection):
    """What is left out stays; null empties what may be empty, and is refused elsewhere."""
    make, fields = CASES[collection]
    assert fields.keys() | SEPARATE.get(collection, set()) == await _fields(desk, collection)
    at = f"{collection}/{await make(desk)}"
    for name, (value, empty) in fields.items():
        before = await desk.see(at)
        reply = await _change(desk, at, {name: value})
        assert reply.status_code == 200, reply.text
        shown = reply.json()
        assert shown[name] == value
        assert {one: shown[one] for one in fields if one != name} == {
            one: before[one] for one in fields if one != name
        }
        reply = await _change(desk, at, {name: None})
        if empty is REFUSED:
            told = problem(reply, 422, "invalid_input")
            assert {(one["pointer"], one["code"]) for one in told["errors"]} == {
                (f"/{name}", "never_empty")
            }
            assert await desk.see(at) == shown
        else:
            assert reply.status_code == 200, reply.text
            assert reply.json()[name] == empty


@pytest.mark.parametrize(("collection", "name"), OBJECTS)
async def test_a_part_of_an_object_keeps_the_other_parts(desk, problem, collection, name):
    make, fields = CASES[collection]
    at, whole = f"{collection}/{await make(desk)}", fields[name][0]
    await _change(desk, at, {name: whole})
    for part in whole:
        empty = fields[name][1][part]
        reply = await _change(desk, at, {name: {part: None}})
        assert reply.json()[name] == whole | {part: empty}
        reply = await _change(desk, at, {name: {part: whole[part]}})
        assert reply.json()[name] == whole
    problem(await _change(desk, at, {name: {"floor": "2"}}), 422, "invalid_input")


@pytest.mark.parametrize(("collection", "name"), SENT_OBJECTS)
async def test_an_upsert_merges_likewise(desk, collection, name):
    _, fields = CASES[collection]
    whole, empty = fields[name]
    first, *others = whole
    key, body = str(uuid4()), await SENT[collection](desk)
    made = await desk.send(
        collection, key, 1, system="shop", **body, **{name: {first: whole[first]}}
    )
    assert made.status_code == 201, made.text
    assert made.json()[name] == empty | {first: whole[first]}
    rest = {part: whole[part] for part in others}
    for version, facts, shown in (
        (2, {name: rest}, whole),
        (3, {}, whole),
        (4, {name: {others[0]: None}}, whole | {others[0]: empty[others[0]]}),
        (5, {name: None}, empty),
    ):
        reply = await desk.send(collection, key, version, system="shop", **facts)
        assert reply.status_code == 200, reply.text
        assert reply.json()[name] == shown
    batch = {"items": [facts | {"external_id": key, "source_version": 6, name: {first: "x"}}]}
    if name != "consent":
        await desk.crm.post(f"{collection}/by-external/shop/batch", batch)
        at = f"{collection}/{made.json()['id']}"
        assert (await desk.see(at))[name] == empty | {first: "x"}


async def test_an_order_needs_lines_and_may_lose_its_freight(desk, problem):
    at = f"/v1/orders/{await _order(desk)}"
    problem(await _change(desk, at, {"lines": None}), 422, "invalid_input")
    freight = await _change(desk, at, {"freight": MONEY})
    assert freight.json()["freight"] == "1"
    assert (await _change(desk, at, {"freight": None})).json()["freight"] == "0"


AMOUNTS = [
    ("/v1/products", "list_price"),
    ("/v1/product-prices", "price"),
    ("/v1/orders", "freight"),
]
WRONG_AMOUNTS: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": None}, "/amount", "never_empty"),
    ({"currency": None}, "/currency", "never_empty"),
    ({"amount": "-1"}, "/amount", "below_zero"),
    ({"currency": "QQQ"}, "/currency", "unknown_currency"),
    ({"tax": "1"}, "/tax", "extra_forbidden"),
    ({"amount": "1.0000001"}, "/amount", "decimal_form"),
]


def _amount(shown):
    """Freight is shown as a number alone."""
    return shown["amount"] if isinstance(shown, dict) else shown and f"{shown}.00"


@pytest.mark.parametrize(("collection", "name"), AMOUNTS)
async def test_a_part_of_an_amount_keeps_the_other_part(desk, problem, collection, name):
    """`{"amount": "5"}` is 5 of the currency that it had; what was never said cannot be kept."""
    at = f"{collection}/{await CASES[collection][0](desk)}"
    await _change(desk, at, {name: MONEY})
    parts: list[dict[str, Any]] = [{"amount": "5"}, {"currency": "CNY"}, {}]
    for part in parts:
        reply = await _change(desk, at, {name: part})
        assert (reply.status_code, _amount(reply.json().get(name))) == (200, "5.00"), reply.text
    for part, where, code in WRONG_AMOUNTS:
        told = problem(await _change(desk, at, {name: part}), 422, "invalid_input")
        assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
            (f"/{name}{where}", code)
        ]
    problem(await _change(desk, at, {name: {"currency": "JPY"}}), 422, "currency_not_supported")
    if name != "list_price":
        return
    await _change(desk, at, {name: None})
    told = problem(await _change(desk, at, {name: {"amount": "5"}}), 422, "invalid_input")
    assert [one["pointer"] for one in told["errors"]] == [f"/{name}/currency"]
    assert (await desk.see(at))[name] is None


async def test_a_freight_keeps_to_the_decimals_of_its_currency(desk, problem):
    at = f"/v1/orders/{await _order(desk)}"
    told = problem(await _change(desk, at, {"freight": {"amount": "1.005"}}), 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
        ("/freight", "too_many_decimals")
    ]


async def _sent_product(desk):
    return {"code": desk.word("P"), "name": "Lamp"}


async def _sent_price(desk):
    return {"product": (await desk.product())["id"]}


@pytest.mark.parametrize(
    ("collection", "name", "needed"),
    [("/v1/products", "list_price", _sent_product), ("/v1/product-prices", "price", _sent_price)],
)
async def test_an_upsert_keeps_the_other_part_of_an_amount_too(desk, collection, name, needed):
    key, body = str(uuid4()), await needed(desk)
    part = await desk.send(collection, key, 1, system="shop", **body, **{name: {"amount": "5"}})
    assert part.status_code == 422
    assert part.json()["errors"][0]["pointer"] == f"/{name}/currency"
    made = await desk.send(collection, key, 1, system="shop", **body, **{name: MONEY})
    assert made.status_code == 201, made.text
    kept = await desk.send(collection, key, 2, system="shop", **{name: {"amount": "5"}})
    assert kept.json()[name] == {"amount": "5.00", "currency": "CNY"}
    items = [{"external_id": key, "source_version": 3, name: {"amount": "6"}}]
    await desk.crm.post(f"{collection}/by-external/shop/batch", {"items": items})
    shown = await desk.see(f"{collection}/{made.json()['id']}")
    assert shown[name] == {"amount": "6.00", "currency": "CNY"}


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
    assert dear.json()["freight"] == "2"
    free = await desk.send("/v1/orders", key, 5, **body, **dict.fromkeys(names))
    assert [free.json()[one] for one in names] == ["", "0", None, NO_ADDRESS]
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
