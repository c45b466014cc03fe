"""Every record type is exported as CSV and as a workbook, at once or by a job (C63, C66)."""

import csv
import importlib
import io
import itertools
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from openpyxl import load_workbook

from chassis.clock import frozen, utc_now
from chassis.worker.jobs import Worker
from identity.testing.desk import Desk
from records.exports import service
from records.exports.service import ROWS_A_STEP
from records.sheets import at_once
from tests.records.kind import Kind
from tests.records.kinds import HALVES, KINDS
from tests.records.test_history import has

SHEETS = {
    (half, sheet.name): sheet
    for half in HALVES
    for sheet in importlib.import_module(f"{half}.app").SHEETS
}
EXPORTED = [one for one in KINDS if (one.half, one.table) in SHEETS]
"""Master data; documents and other lists have tests of their own."""
DANGEROUS = ["=1+1", "+86 1", "-cmd", "@sum", "＝1", "＋1", "－1", "＠a", "'=1"]


def by_name(kind: Kind) -> str:
    return str(kind)


def cells_of(content: bytes) -> list[tuple[Any, ...]]:
    """The rows of the first sheet of a workbook."""
    return list(load_workbook(io.BytesIO(content)).worksheets[0].values)


def rows_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a CSV file as a program reads them."""
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def work(desk: Desk) -> None:
    """Let a worker do what is due."""
    await Worker(desk.server.database, handlers=desk.server.service.jobs).once()


async def exported(desk: Desk, **asked: Any) -> tuple[dict[str, Any], bytes]:
    """An export by a job, and its file."""
    made = await desk.add("/v1/exports", **asked)
    await work(desk)
    path = f"/v1/exports/{made['id']}"
    done = await desk.see(path)
    assert done["state"] == "done", done
    file = await desk.client.get(f"{path}/file")
    assert file.is_success, file.text
    return done, file.content


def test_every_record_type_with_standard_routes_is_exported():
    no_rows = {
        "crm/pipeline-stages",  # their codes name them within a pipeline only
        "crm/lead-forms",  # what they ask is a list
    }
    routed = {str(one) for one in KINDS if has(one, "_id}/history")}
    assert routed - no_rows <= {str(one) for one in EXPORTED}


@pytest.mark.parametrize("kind", EXPORTED, ids=by_name)
async def test_a_file_has_what_the_record_shows(desks, kind):
    """The same at once and by a job; every field that has one value is a column of its own."""
    desk = desks[kind.half]
    record = await kind.make(desk)
    reply = await desk.client.get(f"{kind.path}/export", params={"sort": "-created_at"})
    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.content.startswith(b"\xef\xbb\xbf")
    assert reply.content.count(b"\r\n") == len(rows_of(reply.content)) + 1
    row = next(one for one in rows_of(reply.content) if one["id"] == record["id"])
    shown = {name: value for name, value in record.items() if isinstance(value, str) and value}
    by_word = SHEETS[kind.half, kind.table].references  # such as the login of a user
    shown = {name: value for name, value in shown.items() if name in row.keys() - by_word.keys()}
    assert {name: row[name] for name in shown} == shown
    assert {"id", "name"} & row.keys()
    job = {"record_type": kind.table, "format": "csv", "query": {"sort": "-created_at"}}
    done, file = await exported(desk, **job)
    assert next(one for one in rows_of(file) if one["id"] == record["id"]) == row
    assert done["rows_written"] == done["rows_total"] == len(rows_of(file))
    assert done["size_bytes"] == len(file)


@pytest.mark.parametrize("name", DANGEROUS)
async def test_no_cell_is_a_formula(desks, name):
    desk = desks["crm"]
    email = f"{desk.word().lower()}@mill.example"
    await desk.add("/v1/accounts", name=name, phone="00123", email=email)
    wanted = {"email": email, "fields": "name,phone_raw"}
    asked = await desk.client.get("/v1/accounts/export", params=wanted | {"bom": "false"})
    [row] = rows_of(asked.content)
    assert row == {"name": f"'{name}", "phone_raw": "00123"}
    asked = await desk.client.get("/v1/accounts/export", params=wanted | {"format": "xlsx"})
    assert cells_of(asked.content) == [("name", "phone_raw"), (name, "00123")]


async def test_numbers_of_a_workbook_are_numbers(desks):
    desk = desks["erp"]
    price = await next(one for one in KINDS if str(one) == "erp/prices").make(desk)
    file = (await desk.client.get("/v1/prices/export", params={"format": "xlsx"})).content
    header, *rows = cells_of(file)
    row = next(one for one in rows if one[header.index("id")] == price["id"])
    assert row[header.index("price.amount")] == 1.0
    _, written = await exported(desk, record_type="price", format="xlsx")
    assert cells_of(written)[0] == header


async def test_the_lists_filters_and_columns_hold(desks, problem):
    desk = desks["crm"]
    word = desk.word("Filter")
    ids = [(await desk.add("/v1/accounts", name=f"{word} {at}"))["id"] for at in range(3)]
    await desk.server.post(f"/v1/accounts/{ids[0]}/archive", {})
    query = {"q": word, "status": "active", "sort": "name"}
    _, file = await exported(
        desk, record_type="account", format="csv", query=query, fields="name,billing_address"
    )
    [first, second] = rows_of(file)
    assert (first["name"], second["name"]) == (f"{word} 1", f"{word} 2")
    assert list(first)[:2] == ["name", "billing_address.line1"]
    at_once_too = await desk.client.get(
        "/v1/accounts/export", params=query | {"fields": "name,billing_address"}
    )
    assert at_once_too.content == file
    wrong = {"record_type": "account", "format": "csv"}
    for query, pointer in (
        ({"colour": "red"}, "/query/colour"),
        ({"status": "gone"}, "/query/status"),
        ({"created_from": "yesterday"}, "/query/created_from"),
    ):
        told = problem(
            await desk.server.post("/v1/exports", wrong | {"query": query}), 422, "invalid_input"
        )
        assert [one["pointer"] for one in told["errors"]] == [pointer]
    told = problem(
        await desk.server.post("/v1/exports", wrong | {"fields": "x"}), 422, "invalid_input"
    )
    assert told["errors"][0]["code"] == "unknown_field"
    told = problem(
        await desk.server.post("/v1/exports", wrong | {"record_type": "planet"}),
        422,
        "invalid_input",
    )
    assert told["errors"][0]["code"] == "unknown_record_type"


async def test_more_than_a_reply_may_have_is_for_a_job(desks, problem, monkeypatch):
    desk = desks["crm"]
    word = desk.word("Many")
    for at in range(5):
        await desk.add("/v1/accounts", name=f"{word} {at}")
    monkeypatch.setattr(at_once, "AT_ONCE", 4)
    monkeypatch.setattr(service, "ROWS_A_STEP", 2)
    reply = await desk.client.get("/v1/accounts/export", params={"q": word})
    assert problem(reply, 422, "export_too_large")["facts"] == {"limit": 4}
    query = {"q": word, "sort": "name"}
    done, file = await exported(desk, record_type="account", format="csv", query=query)
    assert [one["name"] for one in rows_of(file)] == [f"{word} {at}" for at in range(5)]
    assert (done["rows_written"], done["rows_total"]) == (5, 5)


async def test_a_step_that_dies_is_done_again(desks, monkeypatch):
    """A worker killed in the middle: nothing is lost, and nothing is there twice."""
    desk = desks["crm"]
    word = desk.word("Killed")
    for at in range(5):
        await desk.add("/v1/accounts", name=f"{word} {at}")
    monkeypatch.setattr(service, "ROWS_A_STEP", 2)
    made = await desk.add(
        "/v1/exports", record_type="account", format="csv", query={"q": word, "sort": "name"}
    )
    calls, keep = itertools.count(1), service.keep_part

    async def dies(at: Any, owner_id: Any, number: int, content: bytes) -> None:
        await keep(at, owner_id, number, content)
        if next(calls) == 2:
            await at.sql.execute("select pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(service, "keep_part", dies)
    await work(desk)
    await work(desk)
    assert next(calls) == 5
    file = await desk.client.get(f"/v1/exports/{made['id']}/file")
    assert [one["name"] for one in rows_of(file.content)] == [f"{word} {at}" for at in range(5)]


async def test_only_who_made_it_sees_an_export(desks, problem):
    desk = desks["crm"]
    maker = await desk.server.as_("exports.run", "accounts.read")
    other = await desk.server.as_("exports.run", "accounts.read", "catalog.read")
    body = {"record_type": "account", "format": "csv"}
    made = (await maker.post("/v1/exports", json=body, headers=once())).json()
    path = f"/v1/exports/{made['id']}"
    problem(await maker.get(f"{path}/file"), 409, "no_export_file")
    await work(desk)
    assert (await maker.get(f"{path}/file")).is_success
    assert [one["id"] for one in (await maker.get("/v1/exports")).json()["items"]] == [made["id"]]
    problem(await other.get(path), 404, "not_found")
    problem(await other.get(f"{path}/file"), 404, "not_found")
    assert (await other.get("/v1/exports")).json()["items"] == []
    assert (await desk.client.get(f"{path}/file")).is_success
    product = {"record_type": "product", "format": "csv"}
    told = problem(await maker.post("/v1/exports", json=product, headers=once()), 403, "forbidden")
    assert told["facts"] == {"scope": "catalog.read"}
    reader = await desk.server.as_("accounts.read")
    told = problem(await reader.get("/v1/accounts/export"), 403, "forbidden")
    assert told["facts"] == {"scope": "exports.run"}


async def test_a_job_sees_what_its_maker_may_see_when_it_runs(desks):
    desk = desks["crm"]
    maker = await desk.server.as_("exports.run", "accounts.read")
    body = {"record_type": "account", "format": "csv"}
    made = (await maker.post("/v1/exports", json=body, headers=once())).json()
    async with desk.server.database.driver() as sql:
        await sql.execute(
            "update api_key set scopes = '{exports.run}' where id = $1::uuid",
            made["made_by"].partition(":")[2],
        )
    await work(desk)
    done = await desk.see(f"/v1/exports/{made['id']}")
    assert (done["state"], done["problem"]["code"]) == ("failed", "forbidden")


async def test_a_file_is_deleted_when_it_expires(desks, problem):
    desk = desks["crm"]
    done, _ = await exported(desk, record_type="team", format="csv")
    with frozen(utc_now().replace(year=utc_now().year + 1)):
        async with desk.server.database.transaction() as later:
            await service.forget_expired(later, {})
    assert (await desk.see(f"/v1/exports/{done['id']}"))["state"] == "expired"
    problem(await desk.client.get(f"/v1/exports/{done['id']}/file"), 409, "no_export_file")
    kept = await desk.rows("select from file_part where owner_id = $1::uuid", done["id"])
    assert kept == []


async def test_a_wrong_key_exports_nothing(desks, problem):
    for desk in desks.values():
        stranger = desk.server.with_key("tdm_crm_wrong")
        for path in ("/v1/exports", f"/v1/exports/{uuid4()}", f"/v1/exports/{uuid4()}/file"):
            problem(await stranger.get(path), 401, "unauthorized")
        problem(await desk.client.get(f"/v1/exports/{uuid4()}"), 404, "not_found")


def once() -> Mapping[str, str]:
    """The header of an act."""
    return {"Idempotency-Key": str(uuid4())}


def test_a_step_is_large():
    assert ROWS_A_STEP >= 1000
