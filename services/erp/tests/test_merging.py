"""A change is a JSON merge patch (RFC 7396), and an upsert merges likewise: on every route."""

import json
from typing import Any
from uuid import uuid4

import pytest

from erp.app import SERVICE

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


async def _customer(desk):
    return (await desk.customer(bill_to=ADDRESS, ship_to=ADDRESS, phone="9"))["id"]


async def _supplier(desk):
    return (await desk.add("/v1/suppliers", name="Mill", address=ADDRESS))["id"]


async def _item(desk):
    if not (await desk.client.get("/v1/tax-codes?limit=200")).json()["items"]:
        tax = {"code": "VAT13", "name": "VAT", "rate": "0.13"}
        await desk.erp.post("/v1/tax-codes", tax)
    await desk.erp.post("/v1/item-categories", {"code": "MERGED", "name": "Merged"})
    return (await desk.item())["id"]


async def _category(desk):
    await desk.erp.post("/v1/item-categories", {"code": "MERGED", "name": "Merged"})
    return (await desk.add("/v1/item-categories", code=desk.word("C"), name="Lamps"))["id"]


async def _price_list(desk):
    return (await desk.add("/v1/price-lists", code=desk.word("L"), name="Trade"))["id"]


async def _price(desk):
    return (await desk.price((await desk.item())["sku"], "5.00"))["id"]


async def _supplier_price(desk):
    supplier = await desk.add("/v1/suppliers", name="Mill")
    item = await desk.item()
    facts = {"supplier_number": supplier["number"], "sku": item["sku"], "price": MONEY}
    return (await desk.add("/v1/supplier-prices", **facts))["id"]


PARTY = {
    "name": ("Other", REFUSED),
    "legal_name": ("Other Ltd", ""),
    "tax_id": (f"T{uuid4().hex[:9].upper()}", ""),
    "tax_id_shared": (True, REFUSED),
    "email": ("a@mill.example", ""),
    "phone": ("2", ""),
    "website": ("mill.example", ""),
    "language": ("zh-CN", ""),
    "currency": ("CNY", REFUSED),
    "payment_terms_days": (7, REFUSED),
}
CASES: dict[str, Any] = {
    "/v1/customers": (
        _customer,
        PARTY
        | {
            "credit_limit": (MONEY, None),
            "dunning_block": (True, REFUSED),
            "price_list": ("standard", None),
            "bill_to": (ADDRESS, NO_ADDRESS),
            "ship_to": (ADDRESS, NO_ADDRESS),
        },
    ),
    "/v1/suppliers": (_supplier, PARTY | {"address": (ADDRESS, NO_ADDRESS)}),
    "/v1/item-categories": (_category, {"name": ("Other", REFUSED), "parent": ("MERGED", None)}),
    "/v1/items": (
        _item,
        {
            "sku": (f"S-{uuid4().hex[:9]}", REFUSED),
            "name": ("Other", REFUSED),
            "description": ("Of steel.", ""),
            "category": ("MERGED", None),
            "kind": ("goods", REFUSED),
            "tracking": ("serial", REFUSED),
            "conversions": ([{"unit": "DZN", "numerator": 12, "denominator": 1}], []),
            "barcode": ("4006381333931", ""),
            "sold": (False, REFUSED),
            "bought": (False, REFUSED),
            "discontinued_on": ("2030-01-01", None),
            "unit": ("C62", REFUSED),
        },
    ),
    "/v1/price-lists": (_price_list, {"name": ("Other", REFUSED)}),
    "/v1/prices": (
        _price,
        {
            "min_quantity": ("2", REFUSED),
            "valid_from": ("2030-01-01", None),
            "valid_to": ("2030-01-02", None),
            "price": (MONEY, REFUSED),
        },
    ),
    "/v1/supplier-prices": (
        _supplier_price,
        {
            "lead_time_days": (3, REFUSED),
            "min_quantity": ("2", REFUSED),
            "multiple": ("3", REFUSED),
            "price": (MONEY, REFUSED),
        },
    ),
}
BESIDES = {"/v1/periods"}
"""A period has a state only, which is needed."""
SEPARATE = {"/v1/items": {"tax_code"}}
"""Fields that another test changes."""
OBJECTS = [
    ("/v1/customers", "bill_to"),
    ("/v1/customers", "ship_to"),
    ("/v1/suppliers", "address"),
]


async def _named(_desk):
    return {"name": "Mill"}


SENT = {"/v1/customers": _named, "/v1/suppliers": _named}
SENT_OBJECTS = OBJECTS


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
        await desk.erp.post(f"{collection}/by-external/shop/batch", batch)
        at = f"{collection}/{made.json()['id']}"
        assert (await desk.see(at))[name] == empty | {first: "x"}


AMOUNTS = [("/v1/customers", "credit_limit"), ("/v1/prices", "price")]
AMOUNTS += [("/v1/supplier-prices", "price")]
WRONG_AMOUNTS: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": None}, "/amount", "never_empty"),
    ({"currency": None}, "/currency", "never_empty"),
    ({"amount": "-1"}, "/amount", "below_zero"),
    ({"currency": "cny"}, "/currency", "unknown_currency"),
    ({"tax": "1"}, "/tax", "extra_forbidden"),
    ({"amount": "1.0000001"}, "/amount", "decimal_form"),
]


@pytest.mark.parametrize(("collection", "name"), AMOUNTS)
async def test_a_part_of_an_amount_keeps_the_other_part(desk, problem, collection, name):
    """`{"amount": "5"}` is 5 of the currency that it had; what was never said cannot be kept."""
    at = f"{collection}/{await CASES[collection][0](desk)}"
    await _change(desk, at, {name: MONEY})
    parts: list[dict[str, Any]] = [{"amount": "5"}, {"currency": "CNY"}, {}]
    for part in parts:
        reply = await _change(desk, at, {name: part})
        assert reply.status_code == 200, reply.text
        assert reply.json()[name] == {"amount": "5.00", "currency": "CNY"}
    for part, where, code in WRONG_AMOUNTS:
        told = problem(await _change(desk, at, {name: part}), 422, "invalid_input")
        assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
            (f"/{name}{where}", code)
        ]
    problem(await _change(desk, at, {name: {"currency": "JPY"}}), 422, "currency_not_supported")
    if CASES[collection][1][name][1] is REFUSED:
        return
    await _change(desk, at, {name: None})
    told = problem(await _change(desk, at, {name: {"amount": "5"}}), 422, "invalid_input")
    assert [one["pointer"] for one in told["errors"]] == [f"/{name}/currency"]
    assert (await desk.see(at))[name] is None


async def test_a_limit_keeps_to_the_decimals_of_the_currency_that_it_had(desk, problem):
    at = f"/v1/customers/{(await desk.customer(credit_limit=MONEY))['id']}"
    part = {"credit_limit": {"amount": "1.005"}}
    told = problem(await _change(desk, at, part), 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
        ("/credit_limit", "too_many_decimals")
    ]


async def _sent_price(desk):
    return {"sku": (await desk.item())["sku"]}


async def _sent_supplier_price(desk):
    await desk.send("/v1/suppliers", "mill", 1, system="shop", name="Mill")
    return {"sku": (await desk.item())["sku"], "supplier_external_id": "mill"}


@pytest.mark.parametrize(
    ("collection", "name", "needed"),
    [
        ("/v1/customers", "credit_limit", _named),
        ("/v1/prices", "price", _sent_price),
        ("/v1/supplier-prices", "price", _sent_supplier_price),
    ],
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
    await desk.erp.post(f"{collection}/by-external/shop/batch", {"items": items})
    shown = await desk.see(f"{collection}/{made.json()['id']}")
    assert shown[name] == {"amount": "6.00", "currency": "CNY"}


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
    assert (free.json()["charges"], free.json()["note"]) == ("0", "Soon.")
    await desk.send("/v1/sales-orders", key, 5, **body, charges=charges)
    empty = dict.fromkeys(("note", "charges", "requested_on", "ship_to"))
    free = await desk.send("/v1/sales-orders", key, 6, **body, **empty)
    assert [free.json()[one] for one in names] == ["", "0", None, NO_ADDRESS]
    part = await desk.send("/v1/sales-orders", key, 7, ship_to={"city": None}, **body)
    assert part.json()["ship_to"] == NO_ADDRESS


async def test_a_tax_code_is_taken_away_by_null(desk):
    code = desk.word("VAT")
    await desk.add("/v1/tax-codes", code=code, name="VAT", rate="0.13")
    at = f"/v1/items/{(await desk.item(tax_code=code))['id']}"
    assert (await _change(desk, at, {"name": "Other"})).json()["tax_code"] == code
    assert (await _change(desk, at, {"tax_code": None})).json()["tax_code"] is None
