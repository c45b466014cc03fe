"""Records come as files: suggested, checked, written, mended, undone (C63)."""

import csv
import importlib
import io
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest

from chassis.testing.cluster import TestCluster
from identity.testing.desk import Desk
from identity.testing.service import running
from records.imports import job, undo
from tests.records.kind import Kind
from tests.records.kinds import HALVES
from tests.records.test_exports import EXPORTED, by_name, once, rows_of, work

IMPORTED = EXPORTED
ORDER = {
    half: [sheet.name for sheet in importlib.import_module(f"{half}.app").SHEETS] for half in HALVES
}
NEVER_DELETED = {("erp", "account"), ("crm", "lead")}
"""Types without an archive whose records others refer to: of a lead, its touch."""
NOT_SAME = {"id", "created_at", "updated_at", "external_refs", "number", "supplier_number"}
NOT_SAME |= {"stage_since", "stale_at", "first_touch.at", "last_touch.at", "last_touch_at"}
"""Columns that a record has anew in another installation."""


def csv_of(*rows: Mapping[str, str], **form: Any) -> bytes:
    """A file of these rows."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), **form)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


async def brought(
    desk: Desk, record_type: str, content: bytes, system: str = "legacy", **options: Any
) -> dict[str, Any]:
    """A file that was brought."""
    return await desk.add(
        "/v1/imports",
        record_type=record_type,
        system=system,
        file_name="list.csv",
        content=b64encode(content).decode(),
        options=options,
    )


async def started(desk: Desk, made: Mapping[str, Any], act: str, **how: Any) -> dict[str, Any]:
    """The import after a check, a run or an undo."""
    path = f"/v1/imports/{made['id']}"
    body = {} if act == "undo" else how
    reply = await desk.server.post(f"{path}/{act}", body)
    assert reply.is_success, reply.text
    await work(desk)
    return await desk.see(path)


async def run(desk: Desk, record_type: str, content: bytes, **how: Any) -> dict[str, Any]:
    """The import of a file, run at once."""
    mapping = {"mapping": how.pop("mapping")} if "mapping" in how else {}
    made = await brought(desk, record_type, content, **how)
    done = await started(desk, made, "run", **mapping)
    assert done["state"] == "done", done
    return done


def counts(done: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """Rows created, updated, unchanged and failed."""
    return done["created"], done["updated"], done["unchanged"], done["failed"]


async def errors(desk: Desk, done: Mapping[str, Any]) -> list[tuple[int, str, str]]:
    """Row, column and code of each error."""
    rows = (await desk.see(f"/v1/imports/{done['id']}/errors?limit=200"))["items"]
    return [(row["row"], one["column"], one["code"]) for row in rows for one in row["errors"]]


async def exported(desk: Desk, kind: Kind) -> bytes:
    """All records of the kind."""
    reply = await desk.client.get(f"{kind.path}/export")
    assert reply.is_success, reply.text
    return reply.content


async def people_of(desk: Desk, file: bytes) -> None:
    """Users do not come by files: those whom the file names by login are there before it."""
    named = {row.get(one, "") for row in rows_of(file) for one in ("user_id", "owner_id")}
    for login in sorted(named - {""}):
        person = {"login": login, "name": "Lin", "password": "correct horse battery"}
        reply = await desk.server.post("/v1/users", person | {"roles": ["seller"]})
        assert reply.status_code in {201, 409}, reply.text


@pytest.fixture(scope="module")
async def tenants(cluster: TestCluster) -> AsyncIterator[Mapping[str, tuple[Desk, Desk]]]:
    """Of each half an installation with a record of each type, and an empty one."""
    async with AsyncExitStack() as stack:
        found = {}
        for half, service in HALVES.items():
            full, empty = [
                Desk(await stack.enter_async_context(running(service, cluster))) for _ in range(2)
            ]
            for kind in IMPORTED:
                if kind.half == half:
                    await kind.make(full)
            found[half] = (full, empty)
        yield found


@pytest.mark.parametrize("half", HALVES)
async def test_what_columns_refer_to_is_in_the_database(tenants, half):
    question = "select table_name, column_name from information_schema.columns"
    there = {
        (one["table_name"], one["column_name"]) for one in await tenants[half][0].rows(question)
    }
    for sheet in importlib.import_module(f"{half}.app").SHEETS:
        for reference in sheet.references.values():
            named = {*reference.codes, reference.shows, reference.take} - {"", "id"}
            assert {(reference.table, column) for column in named} <= there, sheet.name


@pytest.mark.parametrize("half", HALVES)
async def test_an_export_makes_the_same_records_elsewhere(tenants, half):
    """Round trip into an empty installation: fields, relations and links, of all record types."""
    full, empty = tenants[half]
    kinds = {one.table: one for one in IMPORTED if one.half == half}
    ids: dict[str, str] = {}
    for table in ORDER[half]:
        file = await exported(full, kinds[table])
        await people_of(empty, file)
        done = await run(empty, table, file, system="origin")
        assert done["options"]["own_export"] is True
        assert await errors(empty, done) == []
        assert done["created"] + done["unchanged"] == len(rows_of(file)), table
        there = {row["id"]: row for row in rows_of(await exported(empty, kinds[table]))}
        links = await empty.rows(
            "select external_id, entity_id::text from external_reference"
            " where entity_type = $1 and system = 'origin'",
            table,
        )
        ids |= {one["external_id"]: one["entity_id"] for one in links}
        for row in rows_of(file):
            if row["id"] not in ids:  # known there by its code
                continue
            twin = there[ids[row["id"]]]
            same = {name: value for name, value in row.items() if name not in NOT_SAME}
            moved = {name: ids.get(value, value) for name, value in same.items()}
            assert {name: twin[name] for name in moved} == moved
            for link in json.loads(row.get("external_refs") or "[]"):
                assert link["external_id"] in twin["external_refs"]


@pytest.mark.parametrize("kind", IMPORTED, ids=by_name)
async def test_an_export_over_the_same_changes_nothing(tenants, kind):
    desk, _ = tenants[kind.half]
    await work(desk)  # what jobs still write, such as scores, is not the import's
    file = await exported(desk, kind)
    made = await brought(desk, kind.table, file, system="again")
    for act in ("check", "run"):
        done = await started(desk, made, act)
        assert await errors(desk, done) == []
        assert counts(done) == (0, 0, len(rows_of(file)), 0)
    assert (await exported(desk, kind)) == file


async def test_a_dry_run_tells_every_error_and_the_error_file_is_mended(desks, problem):
    desk = desks["crm"]
    keys = [desk.word("K") for _ in range(5)]
    tag = desk.word("Firm")
    rows = [
        {
            "No.": keys[0],
            "Company": f"{tag} =1",
            "E-Mail": "a@mill.example",
            "Phone": "+8613800138000",
        },
        {"No.": keys[1], "Company": "", "E-Mail": "no address", "Phone": "13800138000"},
        {"No.": keys[2], "Company": f"{tag} 2", "E-Mail": "", "Phone": "4.41E+11"},
        {"No.": keys[0], "Company": "Other", "E-Mail": "", "Phone": ""},
        {"No.": "Total", "Company": "", "E-Mail": "", "Phone": ""},
        {"No.": keys[4], "Company": f"{tag} 4", "E-Mail": "", "Phone": ""},
        {"No.": keys[4], "Company": f"{tag} 4", "E-Mail": "", "Phone": ""},
    ]
    made = await brought(desk, "account", csv_of(*rows, delimiter=";"))
    assert made["state"] == "draft"
    assert made["header"] == ["No.", "Company", "E-Mail", "Phone"]
    assert made["mapping"] == {"name": "Company", "email": "E-Mail", "phone": "Phone"}
    assert made["sample"][0]["No."] == keys[0]
    path = f"/v1/imports/{made['id']}"
    told = problem(await desk.server.post(f"{path}/check", {}), 422, "invalid_input")
    assert told["errors"][0]["code"] == "no_identity"
    mapping = made["mapping"] | {"external_id": "No."}
    checked = await started(desk, made, "check", mapping=mapping)
    assert checked["state"] == "checked"
    assert counts(checked) == (2, 0, 1, 4)
    assert await errors(desk, checked) == [
        (3, "Phone", "region_missing"),
        (3, "E-Mail", "email_form"),
        (3, "Company", "missing"),
        (4, "Phone", "damaged"),
        (5, "No.", "id_twice"),
        (6, "", "total_row"),
    ]
    assert await desk.listed("/v1/accounts", q=tag) == []
    done = await started(desk, made, "run")
    assert (done["state"], counts(done)) == ("done", counts(checked))
    file = (await desk.client.get(f"{path}/error-file")).content
    mended = rows_of(file)
    assert [one["import_row"] for one in mended] == ["3", "4", "5", "6"]
    assert "Phone: " in mended[0]["import_error"]
    mended = mended[:2]
    mended[0] |= {"Company": f"{tag} 1", "E-Mail": "b@mill.example", "Phone": "+8613800138001"}
    mended[1] |= {"Phone": "+441632960000"}
    again = await run(desk, "account", csv_of(*mended), mapping=mapping)
    assert counts(again) == (2, 0, 0, 0)
    assert len(await desk.listed("/v1/accounts", q=tag)) == 4
    twice = await run(desk, "account", csv_of(*mended), mapping=mapping)
    assert counts(twice) == (0, 0, 2, 0)
    problem(await desk.server.post(f"{path}/run", {}), 409, "import_state")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_files_of_every_form_are_read(desks, encoding, delimiter):
    desk = desks["crm"]
    key = desk.word("K")
    rows = [{"外部编号": f"{key}-{at}", "公司名称": f"上海第{at}贸易有限公司"} for at in range(3)]
    content = csv_of(*rows, delimiter=delimiter).decode().encode(encoding)
    made = await brought(desk, "account", content)
    assert made["mapping"] == {"external_id": "外部编号", "name": "公司名称"}
    done = await started(desk, made, "run")
    assert counts(done) == (3, 0, 0, 0)


async def test_what_cannot_be_meant_is_refused(desks, problem):
    desk = desks["erp"]
    content = b64encode(b"A,A\r\n1,2\r\n").decode()
    body = {"record_type": "customer", "system": "legacy", "file_name": "x.csv"}
    told = problem(
        await desk.server.post("/v1/imports", body | {"content": content}),
        422,
        "import_file_refused",
    )
    assert told["errors"][0]["code"] == "column_twice"
    problem(await desk.server.post("/v1/imports", body | {"content": "%"}), 422, "invalid_input")
    reply = await desk.server.post(
        "/v1/imports", body | {"content": b64encode(b"PK\x03\x04x").decode()}
    )
    problem(reply, 422, "import_file_refused")
    sku = desk.word("SKU")
    await desk.add("/v1/items", sku=sku, name="Bolt")
    rows = [
        {"external_id": desk.word(), "sku": sku, "price.amount": "1.234", "price.currency": "CNY"},
        {"external_id": desk.word(), "sku": "none", "price.amount": "1", "price.currency": "CNY"},
    ]
    done = await run(desk, "price", csv_of(*rows))
    assert await errors(desk, done) == [
        (2, "price.amount", "ambiguous_number"),
        (3, "sku", "missing_reference"),
    ]
    good = await run(desk, "price", csv_of(rows[0]), decimal=".")
    assert counts(good) == (1, 0, 0, 0)


async def test_rows_may_name_each_other_in_any_order(desks):
    desk = desks["erp"]
    child, parent = desk.word("C"), desk.word("P")
    rows = [
        {"code": child, "name": "Child", "parent": parent},
        {"code": parent, "name": "Parent", "parent": ""},
    ]
    made = await brought(desk, "item_category", csv_of(*rows))
    assert counts(await started(desk, made, "check")) == (2, 0, 0, 0)
    done = await started(desk, made, "run")
    assert (counts(done), await errors(desk, done)) == ((2, 0, 0, 0), [])
    undone = await started(desk, made, "undo")
    assert undone["state"] == "undone"
    again = await run(desk, "item_category", csv_of(rows[1]))
    assert sum(counts(again)) == 1


async def test_a_dry_run_sees_what_rows_far_apart_take_from_each_other(desks, monkeypatch):
    """Codes, unique names, links to other systems: refused, and counted so, as in the run."""
    monkeypatch.setattr(job, "ROWS_A_STEP", 2)
    erp, crm = desks["erp"], desks["crm"]
    sku, key, other = erp.word("SKU"), erp.word("K"), erp.word("X")
    items = [
        {"external_id": f"{key}-{at}", "sku": f"{sku}-{at}", "name": "Bolt"} for at in range(7)
    ]
    items[4] |= {"sku": items[1]["sku"], "name": "Nut"}
    items[6] |= {"external_id": items[0]["external_id"]}
    made = await brought(erp, "item", csv_of(*items))
    for act in ("check", "run"):
        done = await started(erp, made, act)
        assert counts(done) == (5, 0, 0, 2)
        assert await errors(erp, done) == [(6, "sku", "id_twice"), (8, "external_id", "id_twice")]
    supplier, price = await erp.add("/v1/suppliers", name="Mill"), {"price.currency": "CNY"}
    offers = [
        {
            "external_id": f"{key}-{at}",
            "supplier_number": supplier["number"],
            "sku": items[at % 3]["sku"],
            "price.amount": str(at),
        }
        for at in range(1, 6)
    ]
    made = await brought(erp, "supplier_price", csv_of(*(one | price for one in offers)))
    for act, code in (("check", "key_twice"), ("run", "duplicate_supplier_price")):
        done = await started(erp, made, act, options={"decimal": "."})
        assert counts(done) == (3, 0, 0, 2)
        assert [(one[0], one[2]) for one in await errors(erp, done)] == [(5, code), (6, code)]
    links = [
        json.dumps([{"system": "other", "external_id": f"{other}-{at % 3}"}]) for at in range(4)
    ]
    firms = [
        {"external_id": f"{key}-{at}", "name": f"{key} {at}", "external_refs": link}
        for at, link in enumerate(links)
    ]
    made = await brought(crm, "account", csv_of(*firms))
    for act in ("check", "run"):
        done = await started(crm, made, act)
        assert counts(done) == (3, 0, 0, 1)
        code = "key_twice" if act == "check" else "already_linked"
        assert await errors(crm, done) == [(5, "external_refs", code)]
    assert len(await crm.listed("/v1/accounts", q=key)) == 3
    assert await crm.rows("select from record_import_key") == []


async def test_a_row_whose_link_or_tag_is_refused_makes_nothing(desks):
    """It is refused whole, and is no record that nobody counted."""
    desk = desks["crm"]
    key, tag = desk.word("K"), await desk.add("/v1/tags", name=desk.word("Old"))
    await desk.server.post(f"/v1/tags/{tag['id']}/archive", None)
    rows = [
        {"external_id": f"{key}-1", "name": key, "tags": tag["name"]},
        {"external_id": f"{key}-2", "name": key, "tags": ""},
    ]
    done = await run(desk, "account", csv_of(*rows))
    assert (counts(done), await errors(desk, done)) == (
        (1, 0, 0, 1),
        [(2, "tags", "tag_archived")],
    )
    assert len(await desk.listed("/v1/accounts", q=key)) == 1


async def test_an_empty_cell_leaves_the_field_as_it_is(desks):
    desk = desks["crm"]
    account = await desk.add("/v1/accounts", name=desk.word("Firm"), industry="Steel")
    row = {"id": account["id"], "name": desk.word("New"), "industry": ""}
    assert counts(await run(desk, "account", csv_of(row))) == (0, 1, 0, 0)
    seen = await desk.see(f"/v1/accounts/{account['id']}")
    assert (seen["name"], seen["industry"]) == (row["name"], "Steel")
    [change, _] = (await desk.see(f"/v1/accounts/{account['id']}/history"))["items"]
    assert change["import_id"] is not None


async def test_undo_leaves_later_edits_alone(desks, problem):
    """C63: one call; records made go away, fields are as before, but for what was edited later."""
    desk = desks["crm"]
    old = [
        await desk.add("/v1/accounts", name=desk.word("Old"), industry="Steel", website="a.example")
        for _ in range(2)
    ]
    keys = [desk.word("K") for _ in range(2)]
    rows = [
        {
            "external_id": "",
            "id": one["id"],
            "name": one["name"],
            "industry": "Lamps",
            "website": "b.example",
        }
        for one in old
    ]
    rows += [
        {"external_id": key, "id": "", "name": key, "industry": "Toys", "website": ""}
        for key in keys
    ]
    done = await run(desk, "account", csv_of(*rows))
    assert counts(done) == (2, 2, 0, 0)
    made = [
        await desk.listed("/v1/accounts", external_system="legacy", external_id=key) for key in keys
    ]
    ids = [one[0] for one in made]
    editor = await desk.server.as_("accounts.write")
    for one in (old[0]["id"], ids[0]):
        now = await editor.get(f"/v1/accounts/{one}")
        match = {"If-Match": now.headers["ETag"]}
        await editor.patch(f"/v1/accounts/{one}", json={"industry": "Later"}, headers=match)
    undone = await started(desk, done, "undo")
    assert undone["state"] == "undone"
    assert undone["undo"] == {"restored": 2, "put_away": 1, "kept": 1}
    seen = [await desk.see(f"/v1/accounts/{one}") for one in [old[0]["id"], old[1]["id"], *ids]]
    assert [(one["industry"], one["website"], one["status"]) for one in seen] == [
        ("Later", "a.example", "active"),
        ("Steel", "a.example", "active"),
        ("Later", "", "active"),
        ("Toys", "", "archived"),
    ]
    report = (await desk.see(f"/v1/imports/{done['id']}/undo-report"))["items"]
    kept = {one["record_id"]: one["kept"] for one in report if one["kept"]}
    assert kept == {
        old[0]["id"]: [{"field": "industry", "code": "changed_later"}],
        ids[0]: [{"field": "industry", "code": "changed_later"}],
    }
    assert (await started(desk, done, "undo")) == undone
    back = await run(desk, "account", csv_of(*rows[2:]))
    assert counts(back) == (0, 2, 0, 0)
    assert (await desk.see(f"/v1/accounts/{ids[1]}"))["status"] == "active"


@pytest.mark.parametrize("half", HALVES)
async def test_every_record_type_is_undone(cluster, tenants, half):
    """What an import made of any type is out of use, or gone where it has no such state."""
    full, _ = tenants[half]
    kinds = {one.table: one for one in IMPORTED if one.half == half}
    async with running(HALVES[half], cluster) as server:
        desk, done = Desk(server), []
        for table in ORDER[half]:
            file = await exported(full, kinds[table])
            await people_of(desk, file)
            done.append(await run(desk, table, file, system="origin"))
        for one in reversed(done):
            undone = await started(desk, one, "undo")
            gone = sum(undone["undo"].get(name, 0) for name in ("put_away", "deleted"))
            report = (await desk.see(f"/v1/imports/{one['id']}/undo-report"))["items"]
            kept = [why["code"] for row in report for why in row["kept"]]
            stays = (half, one["record_type"]) in NEVER_DELETED
            assert kept == ["not_deletable"] * (one["created"] if stays else 0), report
            assert gone + len(kept) == one["created"], one["record_type"]
        assert sum(one["created"] for one in done) >= len(ORDER[half]) - 2


async def test_a_worker_that_dies_goes_on_where_it_was(desks, monkeypatch):
    """Killed between and within steps: every row once, and the same for the undo."""
    desk = desks["crm"]
    key = desk.word("K")
    rows = [{"external_id": f"{key}-{at}", "name": f"{key} {at}"} for at in range(7)]
    monkeypatch.setattr(job, "ROWS_A_STEP", 2)
    monkeypatch.setattr(undo, "RECORDS_A_STEP", 2)
    made, keep, report = (
        await brought(desk, "account", csv_of(*rows)),
        job._keep_results,
        undo._report,
    )
    calls = {"keep": 0, "report": 0}

    def dying(name: str, act: Any) -> Any:
        async def dies(at: Any, *args: Any) -> None:
            await act(at, *args)
            calls[name] += 1
            if calls[name] == 2:
                await at.sql.execute("select pg_terminate_backend(pg_backend_pid())")

        return dies

    monkeypatch.setattr(job, "_keep_results", dying("keep", keep))
    monkeypatch.setattr(undo, "_report", dying("report", report))
    await started(desk, made, "run")
    await work(desk)
    done = await desk.see(f"/v1/imports/{made['id']}")
    assert (done["state"], counts(done)) == ("done", (7, 0, 0, 0))
    assert len(await desk.listed("/v1/accounts", q=key)) == 7
    await started(desk, made, "undo")
    await work(desk)
    undone = await desk.see(f"/v1/imports/{made['id']}")
    assert (undone["state"], undone["undo"]) == ("undone", {"put_away": 7})
    assert calls == {"keep": 5, "report": 5}


async def test_a_saved_mapping_that_fits_wins(desks, problem):
    desk = desks["crm"]
    columns = [desk.word("Col") for _ in range(2)]
    mapping = {"external_id": columns[0], "name": columns[1]}
    body = {"name": desk.word("Map"), "record_type": "account", "mapping": mapping}
    maker = await desk.server.as_("imports.run", "accounts.write")
    saved = (await maker.post("/v1/import-mappings", json=body, headers=once())).json()
    problem(
        await maker.post("/v1/import-mappings", json=body, headers=once()),
        409,
        "mapping_name_taken",
    )
    file = csv_of({columns[0]: desk.word(), columns[1]: "Mill", "More": ""})
    assert (await brought(desk, "account", file))["mapping"] == {}
    new = {"record_type": "account", "system": "legacy", "file_name": "a.csv"}
    new |= {"content": b64encode(file).decode()}
    made = (await maker.post("/v1/imports", json=new, headers=once())).json()
    assert made["mapping"] == mapping
    other = await desk.server.as_("imports.run", "accounts.write")
    problem(await other.get(f"/v1/import-mappings/{saved['id']}"), 404, "not_found")
    problem(await other.get(f"/v1/imports/{made['id']}"), 404, "not_found")
    problem(
        await other.post(f"/v1/imports/{made['id']}/run", json={}, headers=once()), 404, "not_found"
    )
    problem(await other.delete(f"/v1/import-mappings/{saved['id']}"), 404, "not_found")
    assert [one["id"] for one in (await maker.get("/v1/import-mappings")).json()["items"]] == [
        saved["id"]
    ]
    assert (await maker.delete(f"/v1/import-mappings/{saved['id']}")).status_code == 204
    reader = await desk.server.as_("imports.run", "accounts.read")
    told = problem(await reader.post("/v1/imports", json=new, headers=once()), 403, "forbidden")
    assert told["facts"] == {"scope": "accounts.write"}
    writer = await desk.server.as_("accounts.write")
    told = problem(await writer.post("/v1/imports", json=new, headers=once()), 403, "forbidden")
    assert told["facts"] == {"scope": "imports.run"}
    reserved = await maker.post("/v1/imports", json=new | {"system": "erp"}, headers=once())
    problem(reserved, 403, "system_reserved")


async def test_a_workbook_that_was_exported_is_imported(desks):
    desk = desks["erp"]
    sku = desk.word("00SKU")
    await desk.add("/v1/items", sku=sku, name="=Bolt", barcode="0012")
    wanted = {"format": "xlsx", "sku": sku}
    file = (await desk.client.get("/v1/items/export", params=wanted)).content
    assert counts(await run(desk, "item", file)) == (0, 0, 1, 0)


async def test_nobody_without_a_key_imports(desks, problem):
    for desk in desks.values():
        stranger = desk.server.with_key("tdm_crm_wrong")
        for path in ("/v1/imports", f"/v1/imports/{uuid4()}", "/v1/import-mappings"):
            problem(await stranger.get(path), 401, "unauthorized")
        for act in ("check", "run", "undo"):
            problem(await desk.server.post(f"/v1/imports/{uuid4()}/{act}", {}), 404, "not_found")


async def test_custom_fields_and_tags_go_along(cluster):
    """C63: they are columns, made again elsewhere, and undone; a tag is made by who may."""
    async with running(HALVES["crm"], cluster) as one, running(HALVES["crm"], cluster) as two:
        here, there = Desk(one), Desk(two)
        for desk in (here, there):
            for kind, key, label in (("number", "weight", "重量"), ("choices", "sizes", "")):
                sizes = [{"key": "S", "label": "Small"}, {"key": "L", "label": "Large"}]
                more = {"choices": sizes} if kind == "choices" else {"scale": 1}
                field = {"record_type": "account", "key": key, "kind": kind, "label": key}
                await desk.add("/v1/custom-fields", **field, label_zh=label, **more)
        row = {
            "外部编号": "1",
            "名称": "Mill",
            "重量": "1.5",
            "sizes": "S; L",
            "tags": "VIP; 老客户",
        }
        done = await run(here, "account", csv_of({"custom.sizes": "", **row}), mapping=MAPPED)
        assert (counts(done), await errors(here, done)) == ((1, 0, 0, 0), [])
        accounts = next(one for one in IMPORTED if str(one) == "crm/accounts")
        file = await exported(here, accounts)
        [shown] = rows_of(file)
        assert (shown["custom.weight"], shown["custom.sizes"]) == ("1.5", "S; L")
        assert sorted(shown["tags"].split("; ")) == ["VIP", "老客户"]
        copied = await run(there, "account", file, system="origin")
        assert (counts(copied), await errors(there, copied)) == ((1, 0, 0, 0), [])
        [copy] = rows_of(await exported(there, accounts))
        assert {name: copy[name] for name in ("custom.weight", "custom.sizes", "tags")} == {
            name: shown[name] for name in ("custom.weight", "custom.sizes", "tags")
        }
        again = csv_of({"id": copy["id"], "custom.weight": "7", "tags": "New"})
        changed = await run(there, "account", again, decimal=".")
        assert counts(changed) == (0, 1, 0, 0)
        assert (await started(there, changed, "undo"))["undo"] == {"restored": 1}
        [back] = rows_of(await exported(there, accounts))
        assert (back["custom.weight"], back["tags"]) == ("1.5", copy["tags"])


MAPPED = {
    "external_id": "外部编号",
    "name": "名称",
    "custom.weight": "重量",
    "custom.sizes": "sizes",
    "tags": "tags",
}


async def test_files_that_hold_an_erased_person_are_deleted(cluster):
    async with running(HALVES["crm"], cluster) as server:
        desk = Desk(server)
        account = await desk.add("/v1/accounts", name=desk.word("Firm"))
        row = {"external_id": "1", "account_id": account["id"], "name": "Erased Person"}
        done = await run(desk, "contact", csv_of(row))
        made = await desk.add("/v1/exports", record_type="contact", format="csv")
        await work(desk)
        [contact] = (await desk.see("/v1/contacts"))["items"]
        reply = await desk.server.post(f"/v1/contacts/{contact['id']}/erase", None)
        assert reply.is_success, reply.text
        assert await desk.rows("select from file_part") == []
        assert (await desk.see(f"/v1/exports/{made['id']}"))["state"] == "expired"
        assert (await desk.see(f"/v1/imports/{done['id']}"))["sample"] == []
        assert await desk.rows("select from record_import_row where cells <> '{}'") == []
