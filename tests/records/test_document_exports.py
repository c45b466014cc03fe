"""Documents, other lists, users, reports and events as files: at once, and by a job (C63, C66)."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import pytest

from chassis.testing.cluster import TestCluster
from identity.testing.desk import Desk
from identity.testing.service import running
from records.exports import service
from records.sheets import at_once
from tests.records.annotated import one_of_each
from tests.records.documents import documents_of_erp
from tests.records.kinds import HALVES
from tests.records.test_exports import cells_of, exported, rows_of, work

LINES = {
    "/v1/sales-orders": ("sales_order", "lines"),
    "/v1/shipments": ("shipment", "lines"),
    "/v1/invoices": ("invoice", "lines"),
    "/v1/payments": ("payment", "allocations"),
    "/v1/bills": ("bill", "expenses"),
    "/v1/purchase-orders": ("purchase_order", "lines"),
    "/v1/purchase-receipts": ("purchase_receipt", "lines"),
    "/v1/purchase-returns": ("purchase_return", "lines"),
    "/v1/stock-documents": ("stock_document", "lines"),
    "/v1/journal-entries": ("journal_entry", "lines"),
    "/v1/orders": ("order", "lines"),
}
PLAIN = {
    "/v1/receivables/openings": "opening_receivable",
    "/v1/payables/openings": "opening_payable",
    "/v1/open-items": "open_item",
    "/v1/approvals": "approval",
    "/v1/stock-moves": "stock_move",
    "/v1/serials": "serial",
    "/v1/stock-levels": "stock_level",
    "/v1/users": "user",
    "/v1/purchase-suggestions": "purchase_suggestion",
}
REPORTS = {
    "/v1/reports/trial-balance": ("trial_balance", "accounts"),
    "/v1/reports/receivables": ("receivable_report", "items"),
    "/v1/reports/payables": ("payable_report", "items"),
    "/v1/reports/stock-valuation": ("stock_valuation", "items"),
}
NO_FILES = {
    *("/v1/approval-delegations", "/v1/approval-rules"),
    *("/v1/forecast-snapshots", "/v1/insights/win-rates", "/v1/insights/lost-reasons"),
    *("/v1/follow-up-runs", "/v1/material-plans", "/v1/plan-messages"),
    *("/v1/schedule-tries", "/v1/schedules", "/v1/scheduled-orders"),
    *("/v1/accounts", "/v1/exports", "/v1/imports", "/v1/import-mappings", "/v1/custom-fields"),
    *("/v1/tags", "/v1/saved-views", "/v1/events", "/v1/search"),
    *("/v1/events/consumers", "/v1/jobs", "/v1/api-keys", "/v1/warehouses", "/v1/units"),
    *("/v1/sessions", "/v1/me/sessions", "/v1/me/logins", "/v1/audit-entries"),
    *("/v1/fiscal-years", "/v1/periods", "/v1/tax-codes", "/v1/account-roles"),
    *("/v1/assignment-decisions", "/v1/assignment-queue", "/v1/hand-overs", "/v1/merges"),
    *("/v1/pipeline-stages", "/v1/lead-forms", "/v1/follow-up-runs"),
}


@pytest.fixture(scope="module")
async def halves(cluster: TestCluster) -> AsyncIterator[Mapping[str, Desk]]:
    """A desk in each half, of databases in which each document stands."""
    async with AsyncExitStack() as stack:
        desks = {
            half: Desk(await stack.enter_async_context(running(service, cluster)))
            for half, service in HALVES.items()
        }
        await documents_of_erp(desks["erp"])
        await documents_of_erp(desks["erp"])
        await one_of_each("crm", desks["crm"])
        for desk in desks.values():
            await work(desk)
        yield desks


def half_of(path: str) -> str:
    return "crm" if path in {"/v1/orders", "/v1/users"} else "erp"


@pytest.mark.parametrize("path", LINES)
async def test_a_line_of_a_document_is_a_row(halves, path):
    """What is the document's own stands once, its id on every row; at once as by a job."""
    desk, (name, lines) = halves[half_of(path)], LINES[path]
    shown = {one["id"]: one for one in (await desk.see(f"{path}?limit=200"))["items"]}
    file = (await desk.client.get(f"{path}/export")).content
    rows = rows_of(file)
    assert rows
    for record_id, record in shown.items():
        own = [row for row in rows if row["id"] == record_id]
        assert len(own) == max([1, len(record[lines]), len(record.get("lines", []))])
        for at, line in enumerate(record[lines]):
            texts = {part: value for part, value in line.items() if isinstance(value, str)}
            assert {part: own[at][f"{lines}.{part}"] for part in texts} == texts
        first = {part: value for part, value in record.items() if isinstance(value, str)}
        assert {part: own[0][part] for part in first} == first
        assert all(row[part] == "" for row in own[1:] for part in first.keys() - {"id"})
    done, by_job = await exported(desk, record_type=name, format="csv")
    assert (by_job, done["rows_written"]) == (file, len(shown))
    _, book = await exported(desk, record_type=name, format="xlsx")
    assert len(cells_of(book)) == len(rows) + 1
    few = await desk.client.get(f"{path}/export", params={"fields": "id", "sort": "created_at"})
    assert sorted(row["id"] for row in rows_of(few.content)) == sorted(shown)


@pytest.mark.parametrize("path", PLAIN)
async def test_other_lists_are_files_as_well(halves, path):
    desk, name = halves[half_of(path)], PLAIN[path]
    shown = (await desk.see(f"{path}?limit=200"))["items"]
    file = (await desk.client.get(f"{path}/export")).content
    rows = rows_of(file)
    assert len(rows) == len(shown)
    for row, record in zip(rows, shown, strict=True):
        texts = {part: value for part, value in record.items() if isinstance(value, str)}
        assert {part: row[part] for part in texts} == texts
    _, by_job = await exported(desk, record_type=name, format="csv")
    assert by_job == file


async def test_filters_of_the_list_hold(halves, problem):
    """The list's own query and its words, in the reply and in the job."""
    desk = halves["erp"]
    orders = (await desk.see("/v1/sales-orders"))["items"]
    one = orders[0]
    for query in ({"number": one["number"]}, {"customer_id": one["customer_id"]}):
        reply = await desk.client.get("/v1/sales-orders/export", params=query)
        assert {row["id"] for row in rows_of(reply.content)} == {one["id"]}
        _, file = await exported(desk, record_type="sales_order", format="csv", query=query)
        assert file == reply.content
    none = {"state": "cancelled"}
    _, file = await exported(desk, record_type="sales_order", format="csv", query=none)
    assert rows_of(file) == []
    wrong = {"record_type": "sales_order", "format": "csv", "query": {"colour": "red"}}
    told = problem(await desk.server.post("/v1/exports", wrong), 422, "invalid_input")
    assert told["errors"][0]["pointer"] == "/query/colour"
    unsorted = {"record_type": "trial_balance", "format": "csv", "query": {"sort": "code"}}
    problem(await desk.server.post("/v1/exports", unsorted), 422, "invalid_input")


@pytest.mark.parametrize("path", REPORTS)
async def test_a_report_is_a_file_with_its_rows(halves, path):
    desk, (name, items) = halves["erp"], REPORTS[path]
    shown = (await desk.see(path))[items]
    file = (await desk.client.get(f"{path}/export")).content
    rows = rows_of(file)
    assert rows
    assert [{part: row[part] for part in one} for one, row in zip(shown, rows, strict=True)] == [
        {part: value or "" for part, value in one.items()} for one in shown
    ]
    _, by_job = await exported(desk, record_type=name, format="csv")
    assert by_job == file
    old = {"on": "2001-01-01"}
    reply = await desk.client.get(f"{path}/export", params=old)
    _, by_job = await exported(desk, record_type=name, format="csv", query=old)
    assert by_job == reply.content
    assert len(rows_of(by_job)) <= len(rows)
    assert by_job != file


@pytest.mark.parametrize("half", HALVES)
async def test_events_are_a_file(halves, half, monkeypatch):
    """In the order of the feed, in several steps, and only those that are asked for."""
    desk = halves[half]
    feed = await desk.server.feed()
    monkeypatch.setattr(service, "ROWS_A_STEP", max(len(feed) // 3, 1))
    done, file = await exported(desk, record_type="event", format="csv")
    rows = rows_of(file)
    assert [row["id"] for row in rows] == [one["id"] for one in feed]
    assert [json.loads(row["data"]) for row in rows] == [one["data"] for one in feed]
    assert (done["rows_written"], done["rows_total"]) == (len(feed), len(feed))
    names = ("type", "subject", "aggversion", "origin", "correlationid")
    assert [[row[name] for name in names] for row in rows] == [
        [str(one[name]) for name in names] for one in feed
    ]
    one = feed[-1]
    asked = {"types": one["type"], "subject": one["subject"], "time_from": "2001-01-01"}
    _, file = await exported(desk, record_type="event", format="csv", query=asked)
    same = [e["id"] for e in feed if (e["type"], e["subject"]) == (one["type"], one["subject"])]
    assert [row["id"] for row in rows_of(file)] == same
    gone = {"time_to": "2001-01-01"}
    _, file = await exported(desk, record_type="event", format="csv", query=gone)
    assert rows_of(file) == []


async def test_too_many_for_a_reply_are_a_job(halves, monkeypatch, problem):
    desk = halves["erp"]
    monkeypatch.setattr(at_once, "AT_ONCE", 1)
    for path in ("/v1/sales-orders", "/v1/reports/trial-balance"):
        problem(await desk.client.get(f"{path}/export"), 422, "export_too_large")


async def test_who_may_not_read_or_take_out_gets_no_file(halves, problem):
    desk = halves["erp"]
    reader = await desk.server.as_("sales.read")
    exporter = await desk.server.as_("exports.run")
    for path, client in (
        ("/v1/sales-orders/export", reader),
        ("/v1/sales-orders/export", exporter),
        ("/v1/reports/stock-valuation/export", exporter),
        ("/v1/reports/receivables/export", reader),
    ):
        problem(await client.get(path), 403, "forbidden")
    for name in ("sales_order", "trial_balance", "event"):
        body = {"record_type": name, "format": "csv"}
        once = {"Idempotency-Key": desk.word()}
        problem(await exporter.post("/v1/exports", json=body, headers=once), 403, "forbidden")
    both = await desk.server.as_("exports.run", "sales.read")
    assert (await both.get("/v1/sales-orders/export")).is_success
    await work(desk)


@pytest.mark.parametrize("half", HALVES)
async def test_every_list_of_the_business_is_exported(halves, half):
    """What has a page has a file; a list to come as well."""
    document = (await halves[half].client.get("/openapi.json")).json()
    paths = document["paths"]
    for path, acts in paths.items():
        schema = acts.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        name = schema.get("application/json", {}).get("schema", {}).get("$ref", "")
        if name.endswith("Page") and "{" not in path and f"{path}/export" not in paths:
            assert path in NO_FILES, path
