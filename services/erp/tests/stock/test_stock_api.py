"""Stock by the API: opening stock, adjustments, lists, availability, valuation."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from erp.ledger.service.years import ensure_year

CNY = "CNY"


def money(amount):
    return {"amount": amount, "currency": CNY}


@pytest.fixture(scope="module")
async def past(erp, store):
    """A fiscal year long ago, open."""
    async with erp.database.transaction() as work:
        await ensure_year(work, date(1996, 7, 3))
    return "1996-07-03"


async def received(desk, sku, quantity="10", cost="2.50", **facts):
    line = {"sku": sku, "quantity": quantity, "unit_cost": money(cost)}
    return await desk.add("/v1/stock-receipts", lines=[line], **facts)


async def test_opening_stock_by_hand(store, desk, past):
    """E29: the moves and the entry have the day it lay there, and what it was worth."""
    item = await desk.item()
    receipt = await received(desk, item["sku"], effective_on=past)
    [move] = (await desk.see(f"/v1/stock-moves?source_id={receipt['id']}"))["items"]
    shown = ("source", "target", "quantity", "value", "effective_on", "source_type")
    assert [move[name] for name in shown] == [
        "OPENING",
        "MAIN-STOCK",
        "10",
        "25.00",
        "1996-07-03",
        "stock_receipt",
    ]
    [entry] = (await desk.see(f"/v1/journal-entries?source_id={receipt['id']}"))["items"]
    assert {line["account"]: (line["debit"], line["credit"]) for line in entry["lines"]} == {
        "1405": ("25.00", "0.00"),
        "4001": ("0.00", "25.00"),
    }
    assert await store.holds(item["id"]) == (10, 0, "25.00")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"quantity": "1", "unit_cost": money("1"), "value": money("1")}, "invalid_input"),
        ({"quantity": "1"}, "invalid_input"),
        ({"quantity": "-1", "value": money("1")}, "invalid_input"),
        ({"quantity": 1, "value": money("1")}, "invalid_input"),
        ({"quantity": "0.5", "value": money("1")}, "fraction_of_unit"),
        ({"quantity": "1", "value": money("1"), "sku": "NOWHERE"}, "missing_reference"),
        (
            {"quantity": "1", "value": {"amount": "1", "currency": "USD"}},
            "currency_not_supported",
        ),
    ],
)
async def test_a_wrong_receipt_is_refused_whole(desk, store, problem, line, code):
    item, good = await desk.item(), await desk.item()
    lines = [
        {"sku": good["sku"], "quantity": "1", "value": money("1")},
        {"sku": item["sku"]} | line,
    ]
    problem(await desk.erp.post("/v1/stock-receipts", {"lines": lines}), 422, code)
    assert await store.holds(good["id"]) == (0, 0, "0.00")


async def test_more_than_can_be_kept_is_refused_in_our_own_words(desk, store, problem):
    item = await desk.item()
    line = {"sku": item["sku"], "quantity": "99999999999999", "unit_cost": money("1")}
    published = problem(
        await desk.erp.post("/v1/stock-receipts", {"lines": [line, line]}), 422, "invalid_input"
    )
    [wrong] = published["errors"]
    assert wrong["message"] == "It comes to more than can be booked."
    assert await store.holds(item["id"]) == (0, 0, "0.00")


async def test_a_service_lies_in_no_stock(desk, problem):
    item = await desk.item(kind="service")
    lines = [{"sku": item["sku"], "quantity": "1", "value": money("1")}]
    problem(await desk.erp.post("/v1/stock-receipts", {"lines": lines}), 422, "not_stocked")


async def test_a_closed_period_takes_no_goods(desk, store, past, problem):
    """E6: the goods do not move either."""
    [period] = [
        one for one in (await desk.see("/v1/periods"))["items"] if one["starts_on"] == "1996-12-01"
    ]
    path, item = f"/v1/periods/{period['id']}", await desk.item()
    await desk.change(path, {"state": "closed"}, revision=period["version"])
    line = {"sku": item["sku"], "quantity": "1", "value": money("1")}
    body = {"lines": [line], "effective_on": "1996-12-24"}
    problem(await desk.erp.post("/v1/stock-receipts", body), 409, "period_closed")
    assert await store.holds(item["id"]) == (0, 0, "0.00")


def opening(sku, external_id, version=1, quantity="39", cost="12.60", **facts):
    return {
        "external_id": external_id,
        "source_version": version,
        "sku": sku,
        "quantity": quantity,
        "unit_cost": money(cost),
    } | facts


async def opened(desk, *items, **options):
    reply = await desk.erp.post(
        "/v1/opening-stock/by-external/shop/batch", {"items": items}, **options
    )
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


async def test_opening_stock_is_taken_over_once(desk, store, past):
    """E13: sent again, newer or not, it is the same stock; another amount is refused."""
    item, ours = await desk.item(), desk.word("stock")
    first = opening(item["sku"], ours, effective_on=past)
    assert [one["status"] for one in await opened(desk, first)] == ["created"]
    again = [first, first | {"source_version": 2}, first | {"source_version": 1}]
    outcomes = [one["status"] for one in await opened(desk, *again)]
    assert outcomes == ["unchanged", "unchanged", "stale"]
    [changed] = await opened(desk, first | {"source_version": 3, "quantity": "40"})
    assert (changed["status"], changed["problem"]["code"]) == ("failed", "opening_stock_posted")
    assert await store.holds(item["id"]) == (39, 0, "491.40")


async def test_a_refused_item_leaves_the_others_of_its_batch(desk, store):
    item = await desk.item()
    sent = [
        opening("NOWHERE", desk.word("stock")),
        opening(item["sku"], desk.word("stock")),
        opening(item["sku"], desk.word("stock"), effective_on="1900-01-01"),
    ]
    published = await opened(desk, *sent)
    assert [one["status"] for one in published] == ["failed", "created", "failed"]
    assert [one["problem"]["code"] for one in published if one["problem"]] == [
        "missing_reference",
        "no_period",
    ]
    assert await store.holds(item["id"]) == (39, 0, "491.40")


async def test_a_dry_run_lays_nothing_in(desk, store):
    item = await desk.item()
    reply = await desk.client.post(
        "/v1/opening-stock/by-external/shop/batch?dry_run=true",
        json={"items": [opening(item["sku"], desk.word("stock"))]},
    )
    assert [one["status"] for one in reply.json()["items"]] == ["created"]
    assert await store.holds(item["id"]) == (0, 0, "0.00")


async def test_adjustments_by_the_api(desk, store, problem):
    """E27: a loss of what is promised is refused; a surplus takes the average or its own cost."""
    item = await desk.item()
    await received(desk, item["sku"])
    await store.orders(item["id"], 8)

    async def adjust(quantity, **facts):
        line = {"sku": item["sku"], "quantity": quantity} | facts
        return await desk.erp.post("/v1/stock-adjustments", {"reason": "count", "lines": [line]})

    problem(await adjust("-3"), 409, "too_little_on_hand")
    problem(await adjust("0"), 422, "invalid_input")
    problem(await adjust("-1", unit_cost=money("1")), 422, "invalid_input")
    assert (await adjust("-2")).status_code == 201
    assert (await adjust("4")).status_code == 201
    assert (await adjust("1", unit_cost=money("1.5"))).status_code == 201
    assert await store.holds(item["id"]) == (13, 8, "31.50")


async def test_a_surplus_of_nothing_needs_a_cost(desk, problem):
    item = await desk.item()
    body = {"reason": "found", "lines": [{"sku": item["sku"], "quantity": "1"}]}
    problem(await desk.erp.post("/v1/stock-adjustments", body), 422, "cost_needed")


async def test_levels(desk, store):
    item, other = await desk.item(), await desk.item()
    await received(desk, item["sku"])
    await store.orders(item["id"], 4)
    [level] = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"]
    shown = ("warehouse", "location", "on_hand", "reserved", "free")
    assert [level[name] for name in shown] == ["MAIN", "MAIN-STOCK", "10", "4", "6"]
    filled = await desk.see(f"/v1/stock-levels?on_hand=true&sku={other['sku']}")
    assert filled["items"] == []
    page = await desk.see("/v1/stock-levels?limit=1&sort=-sku")
    assert page["next_cursor"]
    assert [one["code"] for one in (await desk.see("/v1/warehouses"))["items"]] == ["MAIN"]


async def test_availability_names_the_day(desk, store, problem):
    """E37: a delivery far away serves no near need."""
    item = await desk.item()
    soon, late = (store.today + timedelta(days=days) for days in (7, 70))
    await received(desk, item["sku"])
    await store.orders(item["id"], 4)
    await store.expects(item["id"], 5, late)

    async def asked(quantity, on=None):
        wanted = f"&on={on}" if on else ""
        return await desk.see(f"/v1/availability?sku={item['sku']}&quantity={quantity}{wanted}")

    published = await asked(6)
    shown = ("on_hand", "reserved", "free", "incoming", "waiting", "promised_on")
    assert [published[name] for name in shown] == ["10", "4", "6", "5", "0", str(store.today)]
    assert published["promisable"] == [
        {"on": str(store.today), "quantity": "6"},
        {"on": str(late), "quantity": "5"},
    ]
    assert (await asked(7, soon))["promised_on"] == str(late)
    assert (await asked(6, soon))["promised_on"] == str(soon)
    assert (await asked(12))["promised_on"] is None
    problem(await desk.client.get(f"/v1/availability?sku={uuid4()}"), 404, "not_found")


async def test_the_valuation_is_the_inventory_account(desk, store):
    """E29: the report shows both, of one moment, and they are equal."""
    item = await desk.item()
    await received(desk, item["sku"], quantity="3", cost="3.333333")
    report = await desk.see("/v1/reports/stock-valuation")
    [line] = [one for one in report["items"] if one["sku"] == item["sku"]]
    assert (line["quantity"], line["value"], line["unit_cost"]) == ("3", "10.00", "3.333333")
    assert report["total"] == report["inventory_account"]
    assert report["currency"] == CNY


async def test_what_was_on_hand_at_the_end_of_a_day(desk, past):
    """E24, E29: on any day on hand is the sum of the moves up to it, and its worth is booked."""
    item = await desk.item()
    line = {"sku": item["sku"], "quantity": "3", "value": money("10")}
    await desk.add("/v1/stock-receipts", lines=[line], effective_on=past)
    lost = {"sku": item["sku"], "quantity": "-1"}
    await desk.add("/v1/stock-adjustments", reason="broken", lines=[lost])

    async def held(on):
        report = await desk.see(f"/v1/reports/stock-valuation?on={on}")
        assert report["total"] == report["inventory_account"]
        return [
            (one["quantity"], one["value"], one["unit_cost"])
            for one in report["items"]
            if one["sku"] == item["sku"]
        ]

    before = date.fromisoformat(past) - timedelta(days=1)
    assert await held(before) == []
    assert await held(past) == [("3", "10.00", "3.333333")]
    assert await held("2999-12-31") == [("2", "6.67", "3.335")]


@pytest.mark.parametrize(
    ("scope", "path"),
    [("stock.read", "/v1/stock-receipts"), ("stock.read", "/v1/stock-adjustments")],
)
async def test_who_may_only_look_changes_nothing(desk, problem, scope, path):
    reader = await desk.erp.as_(scope)
    assert (await reader.get("/v1/stock-levels")).status_code == 200
    item = await desk.item()
    line = {"sku": item["sku"], "quantity": "1"}
    body = {"reason": "x", "lines": [line]} if "adjust" in path else {"lines": [line]}
    if "receipts" in path:
        line["value"] = money("1")
    reply = await reader.post(path, json=body, headers={"Idempotency-Key": str(uuid4())})
    problem(reply, 403, "forbidden")


async def test_a_past_day_needs_a_permission(desk, past, problem):
    keeper = await desk.erp.as_("stock.write", "stock.read")
    item = await desk.item()
    line = {"sku": item["sku"], "quantity": "1", "value": money("1")}
    body = {"lines": [line], "effective_on": past}
    reply = await keeper.post(
        "/v1/stock-receipts", json=body, headers={"Idempotency-Key": str(uuid4())}
    )
    problem(reply, 403, "forbidden")


async def test_moves_of_an_item(desk, store):
    item = await desk.item()
    await received(desk, item["sku"])
    line, _ = await store.orders(item["id"], 4)
    await store.ships(line, 4)
    moves = (await desk.see(f"/v1/stock-moves?sku={item['sku']}"))["items"]
    assert [(one["target"], one["quantity"], one["order_line_id"]) for one in moves] == [
        ("CUSTOMERS", "4", str(line)),
        ("MAIN-STOCK", "10", None),
    ]
