"""Bad input on every path of customers' orders: a clear problem each, and nothing is changed."""

from uuid import uuid4

import orjson
import pytest

from chassis.testing.unchanged import nothing_changed

ORDERS = "/v1/orders"
NOBODY = "01890000-0000-7000-8000-000000000000"
CNY = {"currency": "CNY"}
TEN_MEGABYTES = b'{"note": "' + b"x" * 10_000_000 + b'"}'
WRITES = {
    "place": ("POST", ORDERS, "orders.write"),
    "send": ("PUT", f"{ORDERS}/by-external/shop/{{new}}", "orders.write"),
    "batch": ("POST", f"{ORDERS}/by-external/shop/batch", "orders.write"),
    "change": ("PATCH", f"{ORDERS}/{{order}}", "orders.write"),
    "cancel": ("POST", f"{ORDERS}/{{order}}/cancel", "orders.write"),
    "tell": ("PUT", "/v1/order-fulfilments/by-external/erp/{new}", "orders.sync"),
}
"""Act -> method, path, and the scope it needs."""
KEYED = [act for act, (method, *_) in WRITES.items() if method == "POST"]
WITH_BODY = [act for act in WRITES if act != "cancel"]


class Seller:
    """Someone who gets it wrong; the order is placed."""

    def __init__(self, desk, account, product, order):
        self.desk, self.account, self.product, self.order = desk, account, product, order

    def body(self, act="place", line=(), **values):
        """What would be right for the act, but for the facts given."""
        right = {"product": self.product["id"], "quantity": "1"}
        lines = [right | {"unit_price": CNY | {"amount": "2.00"}} | dict(line)]
        if act == "cancel":
            return {}
        if act == "tell":
            erp = {"number": "SO-1", "state": "confirmed"}
            return {"source_version": 1, "order_id": self.order["id"], "erp": erp} | values
        if act == "change":
            return {"lines": lines} | values
        order = {"account_id": self.account["id"], "lines": lines} | values
        if act == "place":
            return order
        sent = order | {"source_version": 9}
        return sent if act == "send" else {"items": [sent | {"external_id": str(uuid4())}]}

    async def does(self, act, content=None, client=None, headers=None, **wrong):
        """The act with something wrong; the reply."""
        method, path, _ = WRITES[act]
        where = path.format(new=uuid4(), order=self.order["id"])
        standard = {
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid4()),
            "If-Match": '"1"',
        }
        sent = {name: value for name, value in (standard | (headers or {})).items() if value}
        body = orjson.dumps(self.body(act, **wrong)) if content is None else content
        client = client or self.desk.client
        return await client.request(method, where, content=body, headers=sent)


@pytest.fixture
async def seller(desk):
    account, product = await desk.account(), await desk.product()
    line = {"product": product["id"], "quantity": "4", "unit_price": CNY | {"amount": "2.00"}}
    order = await desk.add(ORDERS, account_id=account["id"], lines=[line])
    return Seller(desk, account, product, order)


@pytest.fixture
def refused(seller, problem):
    """Checks that an act is refused so, in both languages, and left every row as it was."""

    async def check(act, status, code, **wrong):
        headers = wrong.pop("headers", {})
        async with nothing_changed(seller.desk.crm.database):
            refusal = problem(await seller.does(act, headers=headers, **wrong), status, code)
            chinese = await seller.does(act, headers=headers | {"Accept-Language": "zh"}, **wrong)
        assert refusal["title"].isascii()
        assert not problem(chinese, status, code)["title"].isascii()
        return refusal

    return check


WRONG_ORDERS = {
    "unknown product": ({"line": {"product": NOBODY}}, "missing_reference"),
    "unknown code": ({"line": {"product": "none"}}, "missing_reference"),
    "no price": ({"line": {"unit_price": None}}, "price_missing"),
    "negative quantity": ({"line": {"quantity": "-1"}}, "invalid_input"),
    "quantity zero": ({"line": {"quantity": "0"}}, "invalid_input"),
    "inexact quantity": ({"line": {"quantity": 0.1}}, "invalid_input"),
    "negative price": ({"line": {"unit_price": CNY | {"amount": "-2"}}}, "invalid_input"),
    "foreign currency": (
        {"line": {"unit_price": {"amount": "2", "currency": "USD"}}},
        "currency_not_supported",
    ),
    "discount above one": ({"line": {"discount": "1.5"}}, "invalid_input"),
    "no lines": ({"lines": []}, "invalid_input"),
    "unknown field": ({"colour": "red"}, "invalid_input"),
    "before all days": ({"requested_on": "0001-01-01"}, "invalid_input"),
    "after all days": ({"requested_on": "9999-12-31"}, "invalid_input"),
    "beyond what can be stored": (
        {"line": {"quantity": "99999999999999", "unit_price": CNY | {"amount": "1.01"}}},
        "invalid_input",
    ),
}
WITH_ACCOUNT = WRONG_ORDERS | {
    "unknown customer": ({"account_id": NOBODY}, "missing_reference"),
    "ordered tomorrow": ({"ordered_on": "2999-01-01"}, "invalid_input"),
}
TOLD = [
    *((act, name) for act in ("place", "send") for name in WITH_ACCOUNT),
    *(("change", name) for name in WRONG_ORDERS if name != "no price"),  # it has one already
]


@pytest.mark.parametrize(("act", "name"), TOLD)
async def test_a_wrong_order_is_refused_and_nothing_changes(refused, act, name):
    """E13, E3: 422, a stable code; no row of any table is touched, no event is published."""
    wrong, code = WITH_ACCOUNT[name]
    refusal = await refused(act, 422, code, **wrong)
    assert refusal["errors"] or refusal["facts"]


@pytest.mark.parametrize("name", WITH_ACCOUNT)
async def test_in_a_batch_the_wrong_one_alone_fails(seller, name):
    """B44: an order that cannot be read fails the batch, any other refusal the order alone."""
    wrong, code = WITH_ACCOUNT[name]
    async with nothing_changed(seller.desk.crm.database, except_for=["idempotency_key"]):
        reply = await seller.does("batch", **wrong)
    if code != "invalid_input" or "beyond" in name or "tomorrow" in name:
        [outcome] = reply.json()["items"]
        assert (outcome["status"], outcome["problem"]["code"]) == ("failed", code)
    else:
        assert (reply.status_code, reply.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"order_id": NOBODY}, 422, "missing_reference"),
        ({"source_version": 0}, 422, "invalid_input"),
        ({"erp": {"state": "confirmed"}}, 422, "invalid_input"),
        ({"erp": {"number": "1", "state": "x", "invoiced": "-1"}}, 422, "invalid_input"),
    ],
)
async def test_what_the_erp_cannot_mean_is_not_kept(refused, wrong, status, code):
    """B54: of an order that is not here yet it says so, and the bridge waits."""
    await refused("tell", status, code, **wrong)


@pytest.mark.parametrize("act", WRITES)
async def test_a_wrong_key_opens_nothing(seller, refused, act):
    await refused(act, 401, "unauthorized", client=seller.desk.crm.with_key("tdm_crm_wrong"))


@pytest.mark.parametrize("act", WRITES)
async def test_a_missing_scope_is_named(seller, refused, act):
    scope = WRITES[act][2]
    others = {one for _, _, one in WRITES.values()} - {scope} | {"orders.read"}
    client = await seller.desk.crm.as_(*others)
    assert (await refused(act, 403, "forbidden", client=client))["facts"] == {"scope": scope}


async def test_a_past_day_needs_its_own_scope(seller, refused):
    """E6: who may place orders may not date them back."""
    client = await seller.desk.crm.as_("orders.write")
    refusal = await refused("place", 403, "forbidden", client=client, ordered_on="2020-01-01")
    assert refusal["facts"] == {"scope": "backdate"}


@pytest.mark.parametrize("act", WITH_BODY)
async def test_malformed_json_is_said_to_be_so(refused, act):
    await refused(act, 400, "malformed_json", content=b'{"lines": [')


@pytest.mark.parametrize("act", WRITES)
async def test_ten_megabytes_are_too_many(refused, act):
    assert (await refused(act, 413, "too_large", content=TEN_MEGABYTES))["facts"]["limit"]


async def test_a_stale_etag_names_both_versions(refused):
    refusal = await refused("change", 412, "stale_revision", headers={"If-Match": '"999"'})
    assert refusal["facts"] == {"expected": 999, "current": 1}


async def test_a_change_without_an_etag_is_asked_for_it(refused):
    await refused("change", 428, "revision_required", headers={"If-Match": None})


@pytest.mark.parametrize("act", KEYED)
async def test_an_act_without_a_key_of_its_own_is_asked_for_it(refused, act):
    await refused(act, 400, "idempotency_key_required", headers={"Idempotency-Key": None})


@pytest.mark.parametrize("act", KEYED)
async def test_a_key_that_was_used_for_something_else_is_refused(seller, refused, act):
    """E13, B40: with another body on the same path, and on another path."""
    used = {"Idempotency-Key": str(uuid4())}
    first = await seller.does("place", headers=used)
    assert first.status_code == 201, first.text
    other = {"note": "another one"} if act == "place" else {}
    await refused(act, 422, "idempotency_key_reused", headers=used, **other)


@pytest.mark.parametrize("act", ["change", "cancel"])
async def test_what_is_not_there_is_not_found(seller, refused, act):
    seller.order = seller.order | {"id": NOBODY}
    await refused(act, 404, "not_found")
