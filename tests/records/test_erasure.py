"""A person is erased from all that a service keeps, and does not come back by an import."""

from uuid import uuid4

import asyncpg
import pytest

from crm.accounts.models import Account
from crm.app import SERVICE as CRM
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from records.types import record_types
from tests.records.traces import impersonal_columns, traces

NAME, TITLE, MAIL, PHONE = "Zhao Qingyun", "Paper buyer", "qingyun@mill.example", "13912345678"
TRACES = ("Qingyun", "qingyun", "Paper buyer", "13912345678", "Hemp Lane")


@pytest.fixture
async def crm(cluster):
    async with running(CRM, cluster) as half:
        yield half


async def made(half, path, **values):
    reply = await half.post(path, values)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def contact(half, account_id):
    """A person who is known in every way."""
    person = await made(
        half,
        "/v1/contacts",
        account_id=account_id,
        name=NAME,
        title=TITLE,
        email=MAIL,
        phone=PHONE,
    )
    at = f"/v1/contacts/{person['id']}"
    link = {"system": "shop", "external_id": "qingyun-7"}
    assert (await half.post(f"{at}/external-refs", link)).is_success
    await made(half, f"{at}/notes", text="Qingyun likes hemp paper.")
    await half.attach(at, b"Letter of Qingyun", name="qingyun.txt")
    changed = await half.client.patch(
        at, json={"title": "Paper buyer, head"}, headers={"If-Match": '"1"'}
    )
    assert changed.is_success, changed.text
    async with half.database.driver() as sql:
        await sql.execute(IMPORTED, uuid4(), person["id"])
    return person["id"], at


IMPORTED = """with made as (
    insert into record_import (id, record_type, system, file_name, size_bytes, header, sample,
      mapping, options, state, actor, made_by, language, created_at)
    values ($1, 'contact', 'shop', 'people.csv', 9, '{name}', '[{"name": "Qingyun"}]', '{}', '{}',
      'done', '{}', 'user:x', 'en', now()) returning id)
  insert into record_import_row (id, import_id, place, number, cells, line, outcome, record_id)
  select $1, id, 1, 2, '{"name": "Qingyun"}', 'Qingyun', 'created', $2::text::uuid from made"""
"""A file that the person came with."""


async def test_nothing_of_a_contact_is_left_anywhere(crm):
    """Every table of the database is read; before the act the person is in many."""
    account = await made(crm, "/v1/accounts", name="Mill")
    person_id, at = await contact(crm, account["id"])
    before = {table for table, _ in await traces(crm, TRACES)}
    assert {"contact", "contact_search", "note", "attachment", "record_change"} < before
    assert {"record_import", "record_import_row"} < before
    assert {"idempotency_key", "external_reference", "attachment_chunk"} < before
    reply = await crm.post(f"{at}/erase", None)
    assert reply.status_code == 200, reply.text
    report = reply.json()
    assert await traces(crm, TRACES) == set()
    counts = {one["what"]: one["count"] for one in report["erased"]}
    assert {one: counts[one] for one in ("records", "notes", "attachments", "links")} == {
        "records": 1,
        "notes": 1,
        "attachments": 1,
        "links": 1,
    }
    assert counts["history"] >= 2
    assert counts["events"] >= 3
    assert report["suppressed"] == 3
    shown = (await crm.client.get(at)).json()
    assert (shown["name"], shown["status"]) == ("[erased]", "archived")
    assert shown["erased_at"] == report["erased_at"]
    changes = (await crm.client.get(f"{at}/history")).json()["items"]
    assert all(
        one["redacted"]
        for row in changes
        for one in row["changes"]
        if one["field"] in {"name", "email"}
    )
    events = await crm.feed()
    (erasure,) = [one for one in events if one["type"] == "tandem.crm.person-erased.v1"]
    assert erasure["data"]["records"] == [{"record_type": "contact", "record_id": person_id}]


async def test_a_private_account_is_erased_with_its_contacts_and_orders_are_kept(crm):
    account = await made(
        crm,
        "/v1/accounts",
        name=NAME,
        kind="person",
        email=MAIL,
        phone=PHONE,
        billing_address={"line1": "Hemp Lane 5", "country": "CN"},
    )
    await contact(crm, account["id"])
    report = await crm.post(f"/v1/accounts/{account['id']}/erase", None)
    assert report.status_code == 200, report.text
    assert await traces(crm, TRACES) == set()
    kept = {one["what"] for one in report.json()["kept"]}
    assert {"published_events", "totals", "logs_and_backups"} <= kept


async def test_a_firm_is_no_person(crm):
    account = await made(crm, "/v1/accounts", name="Mill")
    at = f"/v1/accounts/{account['id']}"
    problem(await crm.post(f"{at}/erase", None), 409, "not_a_person")
    problem(await crm.client.get(f"{at}/personal-data"), 409, "not_a_person")


async def test_imports_do_not_bring_the_person_back(crm):
    """By address, number or id; a user may make a new record by hand."""
    account = await made(crm, "/v1/accounts", name="Mill")
    _, at = await contact(crm, account["id"])
    assert (await crm.post(f"{at}/erase", None)).is_success
    for external_id, values in (
        ("new-1", {"name": "Q", "email": "QingYun@mill.example"}),
        ("new-2", {"name": "Q", "phone": "+86 139 1234 5678"}),
        ("qingyun-7", {"name": "Q"}),
    ):
        body = values | {"source_version": 1, "account_id": account["id"]}
        sent = await crm.client.put(f"/v1/contacts/by-external/shop/{external_id}", json=body)
        problem(sent, 409, "person_suppressed")
    by_hand = await made(crm, "/v1/contacts", account_id=account["id"], name=NAME, email=MAIL)
    assert by_hand["email"] == MAIL


async def test_an_erased_record_gets_no_personal_data(crm):
    account = await made(crm, "/v1/accounts", name="Mill")
    _, at = await contact(crm, account["id"])
    assert (await crm.post(f"{at}/erase", None)).is_success
    version = (await crm.client.get(at)).headers["etag"]
    changed = await crm.client.patch(at, json={"name": NAME}, headers={"If-Match": version})
    problem(changed, 409, "person_erased")
    problem(await crm.post(f"{at}/restore", None), 409, "person_erased")


async def test_all_that_is_known_is_handed_out(crm):
    account = await made(crm, "/v1/accounts", name="Mill")
    person_id, at = await contact(crm, account["id"])
    known = (await crm.client.get(f"{at}/personal-data")).json()
    assert [one["id"] for one in known["records"]] == [person_id]
    assert known["notes"][0]["text"] == "Qingyun likes hemp paper."
    assert known["attachments"][0]["filename"] == "qingyun.txt"
    assert len(known["history"]) >= 2
    assert NAME in {one["data"].get("name") for one in known["events"]}


async def test_events_are_otherwise_never_changed(crm):
    """The trigger lets text become empty, and refuses all else."""
    await made(crm, "/v1/accounts", name="Mill")
    refused = (asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)
    async with crm.database.driver() as sql:
        for change in (
            'payload = payload || \'{"name": "Other"}\'',
            "payload = payload - 'name'",
            "payload = payload || '{\"currency\": null}'",
            "actor = 'user:x'",
        ):
            with pytest.raises(refused):
                await sql.execute(f"update outbox set {change}")
        with pytest.raises(refused):
            await sql.execute("delete from outbox")
        await sql.execute('update outbox set payload = payload || \'{"name": "[erased]"}\'')


async def test_who_may_erase_and_read(crm):
    account = await made(crm, "/v1/accounts", name="Mill")
    _, at = await contact(crm, account["id"])
    stranger = await crm.as_("accounts.read", "accounts.write", "all_records.write")
    key = {"Idempotency-Key": str(uuid4())}
    problem(await stranger.post(f"{at}/erase", headers=key), 403, "forbidden")
    problem(await stranger.get(f"{at}/personal-data"), 403, "forbidden")
    problem(await crm.post(f"/v1/contacts/{uuid4()}/erase", None), 404, "not_found")


def test_every_text_column_of_a_person_is_marked():
    """A new column says whether it tells of the person."""
    kinds = [one for one in _person_types() if one.personal]
    assert {one.name for one in kinds} == {"account", "activity", "contact", "lead"}
    for kind in kinds:
        assert impersonal_columns(kind) == kind.personal.impersonal


def _person_types():
    return record_types(Account).values()
