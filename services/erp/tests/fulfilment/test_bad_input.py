"""Bad input on every path of sales orders: a clear problem each, and nothing is changed."""

from datetime import date
from uuid import uuid4

import orjson
import pytest

from chassis.testing.unchanged import nothing_changed
from erp.ledger.service.years import ensure_year

ORDERS = "/v1/sales-orders"
NOBODY = "01890000-0000-7000-8000-000000000000"
TEN_MEGABYTES = b'{"note": "' + b"x" * 10_000_000 + b'"}'
WRITES = {
    "place": ("POST", ORDERS, "sales.write"),
    "send": ("PUT", f"{ORDERS}/by-external/crm/{{new}}", "sales.write"),
    "batch": ("POST", f"{ORDERS}/by-external/crm/batch", "sales.write"),
    "confirm": ("POST", f"{ORDERS}/{{order}}/confirm", "sales.write"),
    "change": ("PUT", f"{ORDERS}/{{order}}/content", "sales.write"),
    "cancel": ("POST", f"{ORDERS}/{{order}}/cancel", "sales.write"),
    "ship": ("POST", f"{ORDERS}/{{order}}/shipments", "stock.write"),
    "return": ("POST", f"{ORDERS}/{{order}}/returns", "stock.write"),
    "invoice": ("POST", f"{ORDERS}/{{order}}/invoices", "receivables.write"),
}
"""Act -> method, path, and the scope it needs."""
KEYED = [act for act, (method, *_) in WRITES.items() if method == "POST"]
WITH_BODY = [act for act in WRITES if act not in {"confirm", "cancel"}]


class Clerk:
    """Someone who gets it wrong; the order at hand is confirmed, with goods on hand."""

    def __init__(self, sales, customer, item, order):
        self.sales, self.customer, self.item, self.order = sales, customer, item, order
        self.client = sales.erp.client

    def body(self, act="place", line=(), **facts):
        """What would be right for the act, but for the facts given."""
        part = {"order_line_id": self.order["lines"][0]["id"], "quantity": "1"}
        if act in {"confirm", "cancel"}:
            return {}
        if act in {"ship", "return", "invoice"}:
            return ({} if act == "invoice" else {"lines": [part]}) | facts
        order = self.sales.body(self.customer, (self.item, "1", "2.00"))
        order["lines"][0] |= dict(line)
        order |= facts
        if act == "change":
            return {"lines": order["lines"]} | facts
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
            "If-Match": f'"{self.order["version"]}"',
        }
        sent = {name: value for name, value in (standard | (headers or {})).items() if value}
        body = orjson.dumps(self.body(act, **wrong)) if content is None else content
        return await (client or self.client).request(method, where, content=body, headers=sent)


@pytest.fixture
async def clerk(sales, desk):
    customer, item = await desk.customer(), await sales.item("5")
    order = await sales.order(customer, (item, "5", "2.00"))
    return Clerk(sales, customer, item, await sales.seen(order))


@pytest.fixture
def refused(clerk, problem):
    """Checks that an act is refused so, in both languages, and left every row as it was."""

    async def check(act, status, code, **wrong):
        headers = wrong.pop("headers", {})
        async with nothing_changed(clerk.sales.erp.database):
            shown = problem(await clerk.does(act, headers=headers, **wrong), status, code)
            chinese = await clerk.does(act, headers=headers | {"Accept-Language": "zh"}, **wrong)
        assert shown["title"].isascii()
        assert not problem(chinese, status, code)["title"].isascii()
        return shown

    return check


CNY = {"currency": "CNY"}
WRONG_ORDERS = {
    "unknown item": ({"line": {"item_id": NOBODY}}, 422, "missing_reference"),
    "unknown SKU": ({"line": {"item_id": None, "sku": "none"}}, 422, "missing_reference"),
    "no item": ({"line": {"item_id": None}}, 422, "invalid_input"),
    "negative quantity": ({"line": {"quantity": "-1"}}, 422, "invalid_input"),
    "quantity zero": ({"line": {"quantity": "0"}}, 422, "invalid_input"),
    "inexact quantity": ({"line": {"quantity": 0.1}}, 422, "invalid_input"),
    "negative price": (
        {"line": {"unit_price": CNY | {"amount": "-2"}}},
        422,
        "invalid_input",
    ),
    "foreign currency": (
        {"line": {"unit_price": {"amount": "2", "currency": "USD"}}},
        422,
        "currency_not_supported",
    ),
    "discount above one": ({"line": {"discount": "1.5"}}, 422, "invalid_input"),
    "no lines": ({"lines": []}, 422, "invalid_input"),
    "unknown field": ({"colour": "red"}, 422, "invalid_input"),
    "before all days": ({"requested_on": "0001-01-01"}, 422, "invalid_input"),
    "after all days": ({"requested_on": "9999-12-31"}, 422, "invalid_input"),
    "beyond what can be booked": (
        {"line": {"quantity": "99999999999999", "unit_price": CNY | {"amount": "9999"}}},
        422,
        "invalid_input",
    ),
}
WITH_CUSTOMER = WRONG_ORDERS | {
    "unknown customer": ({"customer_id": NOBODY}, 422, "missing_reference")
}
DECIDED = {
    "no price": ({"line": {"unit_price": None}}, 422, "price_missing"),
    "half a piece": ({"line": {"quantity": "1.5"}}, 422, "fraction_of_unit"),
}
"""What is refused of our own orders; sent by another system, it is a state."""
TOLD = [
    *((act, name) for act in ("place", "send", "change") for name in WRONG_ORDERS),
    *(("place", name) for name in DECIDED),
    ("change", "half a piece"),
    *((act, "unknown customer") for act in ("place", "send")),
]


@pytest.mark.parametrize(("act", "name"), TOLD)
async def test_a_wrong_order_is_refused_and_nothing_changes(refused, act, name):
    """E13, E3, B31: 4xx, a stable code; no row of any table is touched, no event is published."""
    wrong, status, code = (WITH_CUSTOMER | DECIDED)[name]
    shown = await refused(act, status, code, **wrong)
    assert shown["errors"] or shown["facts"]


@pytest.mark.parametrize("name", WITH_CUSTOMER)
async def test_in_a_batch_the_wrong_one_alone_fails(clerk, name):
    """B44: an order that cannot be read fails the batch, any other refusal the order alone."""
    wrong, status, code = WITH_CUSTOMER[name]
    async with nothing_changed(clerk.sales.erp.database, except_for=["idempotency_key"]):
        reply = await clerk.does("batch", **wrong)
    if code != "invalid_input" or "beyond" in name:
        [outcome] = reply.json()["items"]
        assert (outcome["status"], outcome["problem"]["code"]) == ("failed", code)
    else:
        assert (reply.status_code, reply.json()["code"]) == (status, code)


@pytest.mark.parametrize("act", WRITES)
async def test_a_wrong_key_opens_nothing(clerk, refused, act):
    await refused(act, 401, "unauthorized", client=clerk.sales.erp.with_key("tdm_erp_wrong"))


@pytest.mark.parametrize("act", WRITES)
async def test_a_missing_scope_is_named(clerk, refused, act):
    scope = WRITES[act][2]
    others = {one for _, _, one in WRITES.values()} - {scope} | {"sales.read"}
    client = await clerk.sales.erp.as_(*others, systems=["crm"])
    assert (await refused(act, 403, "forbidden", client=client))["facts"] == {"scope": scope}


@pytest.mark.parametrize("act", WITH_BODY)
async def test_malformed_json_is_said_to_be_so(refused, act):
    await refused(act, 400, "malformed_json", content=b'{"lines": [')


@pytest.mark.parametrize("act", WRITES)
async def test_ten_megabytes_are_too_many(refused, act):
    assert (await refused(act, 413, "too_large", content=TEN_MEGABYTES))["facts"]["limit"]


async def test_a_stale_etag_names_both_versions(clerk, refused):
    shown = await refused("change", 412, "stale_revision", headers={"If-Match": '"999"'})
    assert shown["facts"] == {"expected": 999, "current": clerk.order["version"]}


async def test_a_change_without_an_etag_is_asked_for_it(refused):
    await refused("change", 428, "revision_required", headers={"If-Match": None})


@pytest.mark.parametrize("act", KEYED)
async def test_an_act_without_a_key_of_its_own_is_asked_for_it(refused, act):
    await refused(act, 400, "idempotency_key_required", headers={"Idempotency-Key": None})


@pytest.mark.parametrize("act", KEYED)
async def test_a_key_that_was_used_for_something_else_is_refused(clerk, refused, act):
    """E13, B40: with another body on the same path, and on another path."""
    used = {"Idempotency-Key": str(uuid4())}
    first = await clerk.does("place", headers=used)
    assert first.status_code == 201, first.text
    await refused(act, 422, "idempotency_key_reused", headers=used, **_other(act))


def _other(act):
    return {"note": "another one"} if act == "place" else {}


@pytest.fixture
async def closed_day(clerk, desk):
    """A day of a period that is closed."""
    async with clerk.sales.erp.database.transaction() as work:
        await ensure_year(work, date(2013, 5, 7))
    periods = (await desk.see("/v1/periods?limit=200"))["items"]
    may = next(one for one in periods if one["starts_on"] == "2013-05-01")
    if may["state"] == "open":
        await desk.change(f"/v1/periods/{may['id']}", {"state": "closed"}, revision=may["version"])
    return "2013-05-07"


@pytest.mark.parametrize("act", ["ship", "return", "invoice"])
async def test_a_closed_period_takes_nothing(clerk, refused, closed_day, act):
    """E6: neither goods nor invoices are dated into it."""
    if act != "ship":
        shipped = await clerk.does("ship")
        assert shipped.status_code == 201, shipped.text
    await refused(act, 409, "period_closed", effective_on=closed_day)
