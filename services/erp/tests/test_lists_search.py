"""Every list is searched by words: a record is found by its number, its party and its item."""

from itertools import pairwise
from uuid import UUID, uuid4

import asyncpg
import pytest

from chassis.storage import paging
from chassis.storage.searching import Searched, containing
from erp import searched
from erp.ledger.service.years import ensure_year

CNY = {"amount": "7.00", "currency": "CNY"}
EXEMPT = {
    "/v1/approval-delegations": "users and days, which have no words",
    "/v1/approval-rules": "a handful, each with its place",
    "/v1/custom-fields": "at most 300 of a record type; all are shown in a form",
    "/v1/events": "a feed for machines, read in its order",
    "/v1/events/states": "a feed for machines, read in its order",
    "/v1/api-keys": "a handful; seen whole by an administrator",
    "/v1/audit-entries": "read in its order, by act, actor, address, subject and time",
    "/v1/sessions": "those who are logged in now",
    "/v1/me/sessions": "a handful; where one is logged in",
    "/v1/me/logins": "the own ones, the newest first",
    "/v1/jobs": "kinds and states are words of the program, and filters",
    "/v1/saved-views": "a handful; what a person asks lists",
    "/v1/exports": "a person's own jobs, the newest first",
    "/v1/imports": "a person's own jobs, the newest first",
    "/v1/import-mappings": "a handful; those that fit a file are suggested",
    "/v1/material-plans": "jobs, the newest first",
    "/v1/planned-orders": "rows of the current plan, asked for by item, supplier and days",
    "/v1/plan-messages": "rows of the current plan, asked for by item and kind",
    "/v1/schedule-tries": "jobs, the newest first",
    "/v1/schedules": "numbers; the newest first",
    "/v1/schedule-assignments": "rows of the current schedule, by work centre, order and time",
    "/v1/scheduled-orders": "rows of the current schedule, by item and lateness",
    "/v1/changeovers": "words of families, which are filters",
    "/v1/shared-resources": "a handful; words of routings, by kind",
    "/v1/scheduling-profiles": "a handful; seen whole by a planner",
}
OF_ONE_RECORD = ("/history", "/notes", "/timeline", "/attachments", "/errors", "/undo-report")
"""What happened to a record or in a job is read through, the newest first."""


class Clerk:
    """Everything that a clerk does in this test succeeds."""

    def __init__(self, erp):
        self.erp, self.word, self.taken_back = erp, uuid4().hex[:10], []

    async def does(self, path, **facts):
        reply = await self.erp.post(path, facts)
        assert reply.is_success, (path, reply.text)
        return reply.json()

    async def listed(self, path, **wanted):
        reply = await self.erp.client.get(path, params=wanted)
        assert reply.is_success, (path, reply.text)
        return reply.json()["items"]


async def catalog(clerk):
    """An item with serials in a category, its price, and what finds each."""
    word = clerk.word
    named = {"code": f"C-{word}", "name": f"灯具 {word}"}
    category = await clerk.does("/v1/item-categories", **named)
    kept = {"category": category["code"], "tracking": "serial"}
    item = await clerk.does("/v1/items", sku=f"I-{word}", name=f"蓝港灯具 {word}", **kept)
    named = {"code": f"L-{word}", "name": "Retail", "currency": "CNY"}
    prices = await clerk.does("/v1/price-lists", **named)
    price = await clerk.does("/v1/prices", sku=item["sku"], price=CNY, price_list=prices["code"])
    bom = await clerk.does("/v1/bills-of-material", sku=item["sku"], label="A")
    hours = [{"weekday": 1, "start": "08:00", "end": "16:00"}]
    calendar = await clerk.does("/v1/calendars", name=f"ΒΑΡΔΙΑ {word}", zone="UTC", hours=hours)
    centre = await clerk.does("/v1/work-centres", code=f"W-{word}", name=f"焊接 {word}")
    routing = await clerk.does("/v1/routings", sku=item["sku"], label="A")
    looked_at = {"code": f"QP-{word}", "label": "A", "stage": "receipt", "sku": item["sku"]}
    plan = await clerk.does("/v1/inspection-plans", **looked_at)
    days = {"start_on": "2026-12-01", "due_on": "2026-12-04"}
    order = await clerk.does("/v1/production-orders", sku=item["sku"], quantity="2", **days)
    planned = await clerk.does("/v1/planning-parameters", sku=item["sku"])
    period = {"from_on": "2030-06-01", "to_on": "2030-06-30", "quantity": "4"}
    forecast = await clerk.does("/v1/demand-forecasts", sku=item["sku"], **period)
    milk = await clerk.does("/v1/items", sku=f"M-{word}", name="Milk", tracking="lot")
    lot = await clerk.does(
        "/v1/lots", sku=milk["sku"], number=f"A-{word}", supplier_lot=f"S-{word}"
    )
    return item, {
        "/v1/lots": (lot["id"], [lot["number"], lot["supplier_lot"], milk["sku"]]),
        "/v1/planning-parameters": (planned["id"], [item["sku"], item["name"]]),
        "/v1/demand-forecasts": (forecast["id"], [item["sku"], item["name"]]),
        "/v1/production-orders": (order["id"], [order["number"], item["sku"], item["name"]]),
        "/v1/inspection-plans": (plan["id"], [plan["code"], item["sku"], item["name"]]),
        "/v1/calendars": (calendar["id"], [calendar["name"]]),
        "/v1/work-centres": (centre["id"], [centre["code"], centre["name"]]),
        "/v1/routings": (routing["id"], [item["sku"], item["name"]]),
        "/v1/bills-of-material": (bom["id"], [item["sku"], item["name"]]),
        "/v1/item-categories": (category["id"], [category["code"], category["name"]]),
        "/v1/items": (item["id"], [item["sku"], item["name"]]),
        "/v1/price-lists": (prices["id"], [prices["code"]]),
        "/v1/prices": (price["id"], [item["sku"], item["name"]]),
    }


async def bought(clerk, item):
    """Four pieces are ordered, received and billed; two go back, and one is lost."""
    word, sku = clerk.word, item["sku"]
    supplier = await clerk.does("/v1/suppliers", name=f"ΠΑΠΑΔΌΠΟΥΛΟΣ {word}")
    offer = {"supplier_number": supplier["number"], "sku": sku, "price": CNY}
    offered = await clerk.does("/v1/supplier-prices", **offer)
    lines = [{"sku": sku, "quantity": "4", "unit_price": CNY}]
    facts = {"supplier_number": supplier["number"], "lines": lines}
    order = await clerk.does("/v1/purchase-orders", **facts)
    path, serials = f"/v1/purchase-orders/{order['id']}", [f"SN{at}{word}" for at in (1, 2, 3, 4)]
    line = {"line_id": order["lines"][0]["id"]}
    lines = [line | {"quantity": "4", "serials": serials}]
    receipt = await clerk.does(f"{path}/receipts", lines=lines)
    facts = {"reason": "Broken", "expect_again": False}
    lines = [line | {"quantity": "1", "serials": serials[2:3]}]
    back = f"/v1/purchase-receipts/{receipt['id']}/returns"
    back = await clerk.does(back, **facts, lines=lines)
    bill = await clerk.does(f"{path}/bills", bill_number=f"Ｂ-{word}-77")
    lines = [line | {"quantity": "1", "serials": serials[3:]}]
    await clerk.does(f"/v1/purchase-receipts/{receipt['id']}/returns", **facts, lines=lines)
    note = await clerk.does(f"{path}/credit-notes", credit_number=f"CN{word}")
    lost = [{"sku": sku, "quantity": "-1", "serials": serials[1:2]}]
    lost = await clerk.does("/v1/stock-adjustments", reason=f"Überlauf {word}", lines=lost)
    old = {"number": f"ALT-{word}-9", "supplier_id": supplier["id"], "amount": CNY}
    old |= {"issued_on": "2020-01-01", "due_on": "2020-02-01"}
    [owed] = (await clerk.does("/v1/payables/openings/batch", items=[old]))["items"]
    number, name = order["number"], supplier["name"]
    goods = [sku, item["name"], f"{name} {sku.lower()}"]
    billed = [f"b-{word}-77", f"B{word}77", name, number, f"77 {word}", *goods]
    clerk.taken_back += [
        ("/v1/bills", note["id"], [f"cn{word}", f"77 {word} {sku}", f"b-{word}-77", *goods])
    ]
    return {
        "/v1/suppliers": (supplier["id"], [supplier["number"]]),
        "/v1/supplier-prices": (offered["id"], [sku, name]),
        "/v1/purchase-orders": (order["id"], [number, name, sku, f"{number} {word}"]),
        "/v1/purchase-receipts": (
            receipt["id"],
            [receipt["number"], number, name, f"{receipt['number']} {word}", *goods],
        ),
        "/v1/purchase-returns": (
            back["id"],
            [back["number"], number, receipt["number"], name, *goods],
        ),
        "/v1/bills": (bill["id"], billed),
        "/v1/payables/openings": (owed["id"], [old["number"], name]),
        "/v1/stock-levels": (None, [sku, item["name"]]),
        "/v1/stock-moves": (None, [sku, f"überlauf {word}"]),
        "/v1/stock-documents": (lost["id"], [f"überlauf {word}", sku, item["name"]]),
        "/v1/serials": (None, [serials[0], f"{serials[1]} 灯具"]),
    }


async def inspected(clerk):
    """Two pieces of an item come, and are inspected; one lies there and does not conform."""
    word = clerk.word
    item = await clerk.does("/v1/items", sku=f"G-{word}", name=f"垫片 {word}")
    looked_at = {"number": 10, "name": "Clean", "kind": "yes_no"}
    facts = {"code": f"QG-{word}", "label": "A", "stage": "receipt", "characteristics": [looked_at]}
    plan = await clerk.does("/v1/inspection-plans", sku=item["sku"], **facts)
    supplier = await clerk.does("/v1/suppliers", name="Mill")
    lines = [{"sku": item["sku"], "quantity": "2", "unit_price": CNY}]
    for _ in range(2):  # the first ones come before there is a plan
        facts = {"supplier_number": supplier["number"], "lines": lines}
        order = await clerk.does("/v1/purchase-orders", **facts)
        receipt = await clerk.does(f"/v1/purchase-orders/{order['id']}/receipts")
        await clerk.erp.post(f"/v1/inspection-plans/{plan['id']}/activate", None)
    [found] = await clerk.listed("/v1/inspections", source_id=receipt["id"])
    facts = {"quantity": "1", "description": "Scratched"}
    case = await clerk.does("/v1/nonconformances", sku=item["sku"], **facts)
    customer = await clerk.does("/v1/customers", name=f"Mender {word}")
    facts = {"customer_id": customer["id"], "problem": "Leaks"}
    repair = await clerk.does("/v1/repair-orders", sku=item["sku"], **facts)
    goods = [item["sku"], item["name"]]
    asked = {"lines": [{"sku": item["sku"], "quantity": "1"}]}
    [held] = (await clerk.does("/v1/soft-reservations", **asked))["items"]
    return {
        "/v1/soft-reservations": (held["id"], [held["number"], *goods]),
        "/v1/repair-orders": (repair["id"], [repair["number"], customer["name"], *goods]),
        "/v1/inspections": (found["id"], [found["number"], *goods]),
        "/v1/nonconformances": (case["id"], [case["number"], *goods]),
    }


async def sold(clerk, item):
    """One piece is ordered, sent, invoiced and paid; of more, one order waits for approval."""
    word = clerk.word
    customer = await clerk.does("/v1/customers", name=f"Électricité {word}")
    limited = await clerk.does("/v1/customers", name=f"Limited {word}", credit_limit=CNY)
    line = {"item_id": item["id"], "quantity": "1", "unit_price": CNY}
    sale = await clerk.does("/v1/sales-orders", customer_id=customer["id"], lines=[line])
    path, parcel = f"/v1/sales-orders/{sale['id']}", f"T{word}"
    sent = await clerk.does(f"{path}/shipments", carrier="SF", tracking_number=parcel)
    await clerk.does(f"{path}/invoices")
    [invoice] = await clerk.listed("/v1/invoices", order_id=sale["id"])
    said = {"party_id": customer["id"], "amount": CNY, "reference": f"Dank für {word}"}
    payment = await clerk.does("/v1/payments", **said)
    note = await clerk.does(f"/v1/invoices/{invoice['id']}/credit", invoice_again=False)
    [gone] = (await clerk.listed("/v1/shipments", order_id=sale["id"]))[0]["lines"]
    gone = {name: gone[name] for name in ("order_line_id", "quantity", "serials")}
    back = await clerk.does(f"{path}/returns", lines=[gone], credit=False)
    more = [line | {"quantity": "9"}]
    sooner = {"wanted_on": sale["ordered_on"], "reason": "A fair"}
    held = await clerk.does("/v1/sales-orders", customer_id=limited["id"], lines=more)
    [asked] = await clerk.listed("/v1/approvals", subject_id=held["id"])
    waits = await clerk.does("/v1/sales-orders", customer_id=customer["id"], lines=more)
    rush = await clerk.does("/v1/rush-requests", order_id=waits["id"], **sooner)
    await clerk.does("/v1/purchase-suggestions/refresh", skus=[item["sku"]])
    [entry, *_] = await clerk.listed("/v1/journal-entries", source_id=invoice["id"])
    old = {"number": f"OLD-{word}-7", "customer_id": customer["id"], "amount": CNY}
    old |= {"issued_on": "2020-01-01", "due_on": "2020-02-01"}
    await clerk.does("/v1/receivables/openings/batch", items=[old])
    [opened] = await clerk.listed("/v1/receivables/openings", customer_id=customer["id"])
    name, number = customer["name"], sale["number"]
    goods = [item["sku"], item["name"], f"{item['sku']} {name}"]
    sales = [number, name, f"{number} électricité {word}", *goods]
    cite = [number, invoice["number"], f"{invoice['number']} {item['sku']}", *goods]
    clerk.taken_back += [
        ("/v1/invoices", note["id"], cite),
        ("/v1/shipments", back["shipment_id"], [number, name, *goods]),
    ]
    paid = [payment["number"], name, f"dank {word}", f"{payment['number']} {word}"]
    return {
        "/v1/customers": (customer["id"], [customer["number"]]),
        "/v1/sales-orders": (sale["id"], sales),
        "/v1/shipments": (
            sent["shipment_id"],
            [sent["number"], parcel, number, name, f"{parcel} ÉLECTRICITÉ", *goods],
        ),
        "/v1/invoices": (
            invoice["id"],
            [invoice["number"], name, number, f"{invoice['number']} {word}", *goods],
        ),
        "/v1/receivables/openings": (opened["id"], [old["number"], name]),
        "/v1/open-items": (None, [invoice["number"], name, f"b-{word}-77"]),
        "/v1/payments": (payment["id"], paid),
        "/v1/approvals": (asked["id"], [held["number"], limited["name"]]),
        "/v1/purchase-suggestions": (None, [item["sku"], item["name"]]),
        "/v1/rush-requests": (rush["id"], [rush["number"]]),
        "/v1/journal-entries": (entry["id"], [f"{entry['number']} {entry['memo']}"]),
    }


@pytest.fixture(scope="module")
async def clerk(erp):
    """A clerk whose books are open today."""
    async with erp.database.transaction() as work:
        await ensure_year(work, work.today())
    return Clerk(erp)


@pytest.fixture(scope="module")
async def trade(clerk):
    """Documents of an item's whole way, by list: one record and what finds it."""
    named = await clerk.erp.add_named()
    item, made = await catalog(clerk)
    made = {path: (one["id"], [one["name"]]) for path, one in named.items()} | made
    made |= await bought(clerk, item)
    made |= await inspected(clerk)
    made |= await sold(clerk, item)
    account = (await clerk.listed("/v1/accounts"))[-1]
    names = [account["code"], account["name"], account["name_zh"]]
    [warehouse] = await clerk.listed("/v1/warehouses")
    return made | {
        "/v1/accounts": (account["id"], [name for name in names if name]),
        "/v1/warehouses": (warehouse["id"], [warehouse["code"], warehouse["name"]]),
    }


async def ids(desk, path, q):
    """Ids that the list answers, all pages of it."""
    found, wanted = [], {"q": q, "limit": 200}
    while True:
        reply = await desk.client.get(path, params=wanted)
        assert reply.status_code == 200, (path, q, reply.text)
        found += [one.get("id") for one in reply.json()["items"]]
        if not reply.json()["next_cursor"]:
            return found
        wanted["cursor"] = reply.json()["next_cursor"]


async def lists_of(desk):
    """Every list that has pages, and what it may be asked."""
    document = await desk.see("/openapi.json")
    asked = {
        path: {one["name"] for one in acts["get"].get("parameters", [])}
        for path, acts in document["paths"].items()
        if "get" in acts
    }
    return {
        path: names
        for path, names in asked.items()
        if names & {"cursor", "after"} and not path.endswith(OF_ONE_RECORD)
    }


async def test_every_list_is_searched_or_says_why_not(desk, trade):
    lists = await lists_of(desk)
    assert {path for path, names in lists.items() if "q" not in names} == set(EXEMPT)
    assert {path for path, names in lists.items() if "q" in names} == set(trade)


@pytest.mark.parametrize("tested", [paging.FIRST_TESTED, (0, 0)])
async def test_a_record_is_found_by_what_names_it_and_by_nothing_else(
    desk, trade, monkeypatch, tested
):
    """Among the first records of the list, and among those that only the index gives."""
    monkeypatch.setattr(paging, "FIRST_TESTED", tested)
    for path, (record, questions) in trade.items():
        for q in questions:
            found = await ids(desk, path, q)
            assert found, (path, q)
            assert record is None or record in found, (path, q)
            assert await ids(desk, path, f"{q} {uuid4().hex}") == [], (path, q)


@pytest.mark.parametrize("tested", [paging.FIRST_TESTED, (0, 0)])
async def test_what_was_taken_back_is_found_by_what_it_takes_back(
    desk, trade, clerk, monkeypatch, tested
):
    monkeypatch.setattr(paging, "FIRST_TESTED", tested)
    for path, record, questions in clerk.taken_back:
        for q in questions:
            assert record in await ids(desk, path, q), (path, q)


async def test_a_receipt_from_before_is_found_by_what_came(clerk, erp):
    """The release before kept no lines of receipts; their moves tell what came."""
    item = await clerk.does("/v1/items", sku=f"B-{uuid4().hex[:10]}", name="before")
    supplier = await clerk.does("/v1/suppliers", name="before")
    lines = [{"sku": item["sku"], "quantity": "1", "unit_price": CNY}]
    facts = {"supplier_number": supplier["number"], "lines": lines}
    order = await clerk.does("/v1/purchase-orders", **facts)
    receipt = await clerk.does(f"/v1/purchase-orders/{order['id']}/receipts")
    sql = await asyncpg.connect(erp.owner_url)
    at = sql.transaction()
    await at.start()
    try:
        await sql.execute("alter table purchase_receipt_line disable trigger user")
        await sql.execute(
            "delete from purchase_receipt_line where purchase_receipt_id = $1", UUID(receipt["id"])
        )
        [tested] = await containing(sql, item["sku"], searched.RECEIPTS)
        for one in (tested, tested.by_index):
            asked = f"select r.id from {searched.RECEIPTS.source} where {one.condition}"
            found = await sql.fetch(asked.format("$1"), one.value)
            assert [str(row["id"]) for row in found] == [receipt["id"]]
    finally:
        await at.rollback()
        await sql.close()


@pytest.mark.parametrize("of", ["sales-orders", "purchase-orders", "payments", "shipments"])
async def test_a_number_is_found_by_parts_of_it(desk, trade, of):
    record, (number, *_) = trade[f"/v1/{of}"]
    counted = number.rpartition("-")[2]
    for part in (number.lower(), number.replace("-", ""), counted, counted.lstrip("0")):
        assert record in await ids(desk, f"/v1/{of}", part), part


@pytest.mark.parametrize("q", ["", "   ", "%", "-_-", "。"])
async def test_a_question_without_a_word_is_refused_by_every_list(desk, q):
    for path, names in (await lists_of(desk)).items():
        if "q" in names:
            reply = await desk.client.get(path, params={"q": q})
            assert reply.status_code == 422, (path, reply.text)
            expected = "nothing_to_search" if q.strip() else "empty"
            assert reply.json()["errors"][0]["code"] == expected


LISTS = {name: one for name, one in vars(searched).items() if isinstance(one, Searched)}


SCANS = ("seqscan", "indexscan", "indexonlyscan")
"""What is left is a bitmap of an index, which is how words are looked up."""


@pytest.mark.parametrize("name", [name for name, one in LISTS.items() if one.indexed])
async def test_words_are_looked_up_in_indexes(erp, name):
    """No text of a table is taken to pieces for a question, however large the table is."""
    found = LISTS[name].found([["%abc%", "abc"], ["% de%", "^de"]])
    async with erp.database.driver() as sql, sql.transaction():
        for kind in SCANS:
            await sql.execute(f"set local enable_{kind} = off")
        await sql.execute("set local plan_cache_mode = force_generic_plan")
        asked = f"select {LISTS[name].key} from {LISTS[name].source}"
        condition = found.condition.format("$1")
        await sql.execute(f"prepare asked (text[]) as {asked} where {condition}")
        rows = await sql.fetch("explain execute asked(array[array['%a%', 'a'], array['%c%', 'c']])")
        await sql.execute("deallocate asked")
    plan = [row[0].strip() for row in rows]
    assert any("search_grams" in line for line in plan), plan
    for before, line in pairwise(plan):
        if line.startswith("Filter") and "search_grams" in line:  # of rows another index found
            assert before.startswith(("Recheck Cond", "Index Cond")), plan
