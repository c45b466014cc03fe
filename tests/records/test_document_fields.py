"""Custom fields of documents: given with a new one, changed later, kept, published, in files."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from chassis.testing.cluster import TestCluster
from crm.base import Base as CrmBase
from erp.base import Base as ErpBase
from identity.testing.desk import Desk
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from records.custom.tables import FIELDS_MAX
from records.document_types import document_types
from tests.records.annotated import one_of_each
from tests.records.documents import PRICE, documents_of_erp
from tests.records.kinds import HALVES
from tests.records.test_custom_fields import FIELDS, SAMPLES, define, pointers
from tests.records.test_exports import rows_of

TYPES = {
    "/v1/sales-orders": "sales_order",
    "/v1/shipments": "shipment",
    "/v1/invoices": "invoice",
    "/v1/payments": "payment",
    "/v1/bills": "bill",
    "/v1/purchase-orders": "purchase_order",
    "/v1/purchase-receipts": "purchase_receipt",
    "/v1/purchase-returns": "purchase_return",
    "/v1/stock-documents": "stock_document",
    "/v1/journal-entries": "journal_entry",
    "/v1/orders": "order",
}
Halves = Mapping[str, tuple[Desk, Mapping[str, str]]]


@pytest.fixture(scope="module")
async def halves(cluster: TestCluster) -> AsyncIterator[Halves]:
    """A desk in each half, and a document of each type by its collection."""
    async with AsyncExitStack() as stack:
        found = {}
        for half, service in HALVES.items():
            desk = Desk(await stack.enter_async_context(running(service, cluster)))
            found[half] = (desk, await one_of_each(half, desk))
        yield found


def at(halves: Halves, path: str) -> tuple[Desk, str, str]:
    """The desk, the path of a document, and its type."""
    desk, ids = halves["crm" if path == "/v1/orders" else "erp"]
    return desk, f"{path}/{ids[path]}", TYPES[path]


def test_every_document_has_custom_fields():
    known = {*document_types(CrmBase), *document_types(ErpBase)}
    assert known == set(TYPES.values())


@pytest.mark.parametrize("path", TYPES)
async def test_values_are_given_to_a_document_and_touch_nothing_of_it(halves, path):
    """Of every kind; merged by key, in the history, published, in files; the rest stays."""
    desk, document, name = at(halves, path)
    keys = {
        kind: (await define(desk, name, kind))["key"] for kind in SAMPLES if kind != "reference"
    }
    before = await desk.see(document)
    given = {key: SAMPLES[kind][0] for kind, key in keys.items()}
    kept = {key: SAMPLES[kind][1] for kind, key in keys.items()}
    fields = f"{document}/custom-fields"
    reply = await desk.merge(fields, {"custom": given})
    assert reply.status_code == 200, reply.text
    assert {key: reply.json()["custom"][key] for key in kept} == kept
    after = await desk.see(document)
    assert {**after, "custom": {}} == {**before, "custom": {}}
    assert {key: after["custom"][key] for key in kept} == kept
    wrong = {key: SAMPLES[kind][2] for kind, key in keys.items() if kind != "long_text"}
    refused = problem(await desk.merge(fields, {"custom": wrong}), 422, "invalid_input")
    expected = {f"/custom/{key}" for key in wrong}
    assert {one.split("/amount")[0] for one in pointers(refused)} == expected
    refused = problem(await desk.merge(fields, {"custom": {"nobody": 1}}), 422, "invalid_input")
    assert pointers(refused) == {"/custom/nobody": "unknown_custom_field"}
    stale = await desk.change(fields, {"custom": {keys["text"]: "Red"}}, revision=99)
    problem(stale, 412, "stale_revision")
    changed = await desk.merge(fields, {"custom": {keys["text"]: None, keys["number"]: "2"}})
    assert keys["text"] not in changed.json()["custom"]
    again = await desk.merge(fields, {"custom": {keys["number"]: "2.0"}})
    assert again.json() == changed.json()
    rows = (await desk.see(f"{fields}/history"))["items"]
    last = {one["field"]: (one["before"], one["after"]) for one in rows[0]["changes"]}
    assert last == {
        f"custom.{keys['text']}": ("Blue", None),
        f"custom.{keys['number']}": ("1.50", "2.00"),
    }
    of_one = (await desk.see(f"{fields}/history?field=custom.{keys['number']}"))["items"]
    assert [len(row["changes"]) for row in of_one] == [1, 1]
    line = (await desk.see(f"{document}/timeline?kind=change"))["items"]
    assert [one["change"]["id"] for one in line][:1] == [rows[0]["id"]]
    events = [
        one["data"]
        for one in await desk.server.feed()
        if one["data"].get("record_id") == after["id"] and "custom" in one["data"]
    ]
    assert events[-1]["custom"] == changed.json()["custom"]
    assert events[-1]["record_type"] == name
    file = (await desk.client.get(f"{path}/export")).content
    [shown] = [
        one for one in rows_of(file) if one["id"] == after["id"] and one[f"custom.{keys['number']}"]
    ]
    assert (shown[f"custom.{keys['number']}"], shown[f"custom.{keys['money']}.amount"]) == (
        "2.00",
        "1.50",
    )


async def new_of(desk: Desk, ids: Mapping[str, str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Of each document that is made by a command: the path and the body of another one."""
    item = await desk.add("/v1/items", sku=desk.word("SKU"), name="Bolt")
    receipt = {"sku": item["sku"], "quantity": "10", "unit_cost": PRICE}
    await desk.add("/v1/stock-receipts", lines=[receipt])
    order = await desk.see(f"/v1/sales-orders/{ids['/v1/sales-orders']}")
    purchase = await desk.see(f"/v1/purchase-orders/{ids['/v1/purchase-orders']}")
    supplier = (await desk.see("/v1/suppliers"))["items"][0]
    line = {"item_id": item["id"], "quantity": "2", "unit_price": PRICE}
    sold = {"customer_id": order["customer_id"], "lines": [line]}
    made = await desk.add("/v1/sales-orders", **sold)
    bought = {"supplier_number": supplier["number"]}
    asked = {"sku": item["sku"], "quantity": "5", "unit_price": PRICE}
    purchase = await desk.add("/v1/purchase-orders", **bought, lines=[asked])
    expense = {"account": "6402", "description": "Power", "amount": PRICE}
    sides = [{"account": "6402", "debit": "7.00"}, {"account": "bank", "credit": "7.00"}]
    return {
        "sales_order": ("/v1/sales-orders", sold),
        "shipment": (f"/v1/sales-orders/{made['id']}/shipments", {}),
        "invoice": (f"/v1/sales-orders/{made['id']}/invoices", {"before_delivery": True}),
        "payment": (
            "/v1/payments",
            {"party_id": order["customer_id"], "direction": "in", "amount": PRICE},
        ),
        "bill": (
            "/v1/bills",
            {"supplier_id": supplier["id"], "supplier_number": desk.word(), "expenses": [expense]},
        ),
        "journal_entry": ("/v1/journal-entries", {"memo": "Rent", "lines": sides}),
        "purchase_order": ("/v1/purchase-orders", {**bought, "lines": [asked]}),
        "purchase_receipt": (f"/v1/purchase-orders/{purchase['id']}/receipts", {}),
    }


async def kept_of(desk: Desk, name: str) -> list[dict[str, Any]]:
    """What documents of the type have, the last first."""
    rows = await desk.rows(
        "select custom from document_fields where record_type = $1 order by id desc", name
    )
    return [row["custom"] for row in rows]


MADE = ("sales_order", "shipment", "invoice", "payment", "bill", "journal_entry")


@pytest.mark.parametrize("name", MADE)
async def test_a_new_document_has_values_defaults_and_what_is_required(halves, name):
    desk, ids = halves["erp"]
    path, body = (await new_of(desk, ids))[name]
    needed = await define(desk, name, required=True)
    usual = await define(desk, name, "choice", default="L")
    refused = problem(await desk.server.post(path, body), 422, "invalid_input")
    assert pointers(refused) == {f"/custom/{needed['key']}": "missing"}
    await desk.add(path, **body, custom={needed["key"]: " Blue"})
    assert (await kept_of(desk, name))[0] == {needed["key"]: "Blue", usual["key"]: "L"}
    off = await desk.merge(f"{FIELDS}/{needed['id']}", {"required": False})
    assert off.is_success, off.text
    await desk.server.post(f"{FIELDS}/{usual['id']}/archive", None)


@pytest.mark.parametrize("name", ["purchase_order", "purchase_receipt"])
async def test_what_is_bought_has_them_as_well(halves, name):
    desk, ids = halves["erp"]
    path, body = (await new_of(desk, ids))[name]
    key = (await define(desk, name, "whole_number"))["key"]
    await desk.add(path, **body, custom={key: 7})
    assert (await kept_of(desk, name))[0] == {key: 7}


async def test_orders_of_other_systems_bring_values_and_change_them(halves):
    for half, path, part in (("erp", "/v1/sales-orders", "customer_id"), ("crm", "/v1/orders", "")):
        desk, ids = halves[half]
        key = (await define(desk, TYPES[path]))["key"]
        present = await desk.see(f"{path}/{ids[path]}")
        if half == "erp":
            item = present["lines"][0]["item_id"]
            line = {"item_id": item, "quantity": "1", "unit_price": PRICE, "external_line_id": "1"}
            sent = {part: present[part], "lines": [line]}
        else:
            product = present["lines"][0]["product_id"]
            line = {"product": product, "quantity": "1", "external_line_id": "1"}
            sent = {"account_id": present["account_id"], "lines": [line]}
        word = desk.word()
        for version, value in ((1, "Blue"), (2, "Red")):
            reply = await desk.send(path, word, version, **sent, custom={key: value})
            assert reply.is_success, reply.text
            assert reply.json()["custom"] == {key: value}
        assert (await desk.send(path, word, 3, **sent)).json()["custom"] == {key: "Red"}
        [done] = await desk.send_many(
            path,
            [{**sent, "external_id": desk.word(), "source_version": 1, "custom": {key: 7}}],
        )
        assert pointers(done["problem"]) == {f"/custom/{key}": "string_type"}


async def test_a_refused_change_of_an_order_writes_none(halves):
    """The ERP cancels no order that is shipped; the CRM changes none that is cancelled."""
    desk, ids = halves["erp"]
    key = (await define(desk, "sales_order"))["key"]
    path, body = (await new_of(desk, ids))["sales_order"]
    line = {**body["lines"][0], "external_line_id": "1"}
    sent = {**body, "lines": [line]}
    word = desk.word()
    order = (await desk.send(path, word, 1, **sent, custom={key: "Blue"})).json()
    await desk.add(f"{path}/{order['id']}/shipments")
    refused = await desk.send(path, word, 2, **sent, cancelled=True, custom={key: "Red"})
    assert refused.headers["Tandem-Outcome"] == "refused", refused.text
    assert (await desk.see(f"{path}/{order['id']}"))["custom"] == {key: "Blue"}
    desk, ids = halves["crm"]
    key = (await define(desk, "order"))["key"]
    present = await desk.see(f"/v1/orders/{ids['/v1/orders']}")
    product = [{"product": present["lines"][0]["product_id"], "quantity": "1"}]
    values = {"account_id": present["account_id"], "lines": product, "custom": {key: "Blue"}}
    at = f"/v1/orders/{(await desk.add('/v1/orders', **values))['id']}"
    assert (await desk.server.post(f"{at}/cancel", None)).is_success
    changed = await desk.merge(at, {"note": "Soon", "custom": {key: "Red"}})
    problem(changed, 409, "order_cancelled")
    assert (await desk.see(at))["custom"] == {key: "Blue"}


async def test_a_seller_changes_them_with_the_order(halves):
    desk, document, _ = at(halves, "/v1/orders")
    key = (await define(desk, "order"))["key"]
    reply = await desk.merge(document, {"custom": {key: "Blue"}})
    assert reply.json()["custom"][key] == "Blue"


@pytest.mark.parametrize("path", TYPES)
async def test_lists_are_filtered_by_them(halves, path):
    """The list, its export and a saved view; what is not sorted has no range."""
    desk, document, name = at(halves, path)
    field = await define(desk, name, filtered=True)
    await desk.merge(f"{document}/custom-fields", {"custom": {field["key"]: "Blue"}})
    wanted, record_id = {f"custom.{field['key']}": "Blue"}, document.rpartition("/")[2]
    assert await desk.listed(path, **wanted) == [record_id]
    assert await desk.listed(path, **{f"custom.{field['key']}": "Red"}) == []
    file = (await desk.client.get(f"{path}/export", params=wanted)).content
    assert {row["id"] for row in rows_of(file)} == {record_id}
    for wrong in ({f"custom.{field['key']}.from": "A"}, {"custom.nobody": "1"}):
        problem(await desk.client.get(path, params=wrong), 422, "invalid_input")
    view = {"name": desk.word(), "record_type": name, "query": wanted}
    saved = await desk.server.post("/v1/saved-views", view)
    assert saved.status_code == 201, saved.text


async def test_definitions_know_documents(halves):
    """Counted where they are used, narrowed against what there is, referred to."""
    desk, document, name = at(halves, "/v1/invoices")
    field = await define(desk, name)
    fields, definition = f"{document}/custom-fields", f"{FIELDS}/{field['id']}"
    await desk.merge(fields, {"custom": {field["key"]: "Blue"}})
    used = await desk.client.delete(definition, headers={"If-Match": '"1"'})
    assert problem(used, 409, "custom_field_in_use")["facts"]["users"] == f"1 × {name}"
    narrowed = await desk.merge(definition, {"max_length": 2})
    lacks = problem(narrowed, 409, "custom_field_breaks_records")
    assert lacks["facts"]["record_ids"] == [document.rpartition("/")[2]]
    assert (await desk.merge(definition, {"required": True})).is_success
    refused = problem(
        await desk.merge(fields, {"custom": {field["key"]: None}}), 422, "invalid_input"
    )
    assert pointers(refused) == {f"/custom/{field['key']}": "never_empty"}
    assert (await desk.merge(definition, {"required": False})).is_success
    other = await define(desk, name, "reference", refers_to="sales_order")
    order = (await desk.see("/v1/sales-orders"))["items"][0]["id"]
    assert (await desk.merge(fields, {"custom": {other["key"]: order}})).is_success
    stranger = await desk.merge(fields, {"custom": {other["key"]: str(uuid4())}})
    refused = problem(stranger, 422, "invalid_input")
    assert pointers(refused) == {f"/custom/{other['key']}": "missing_reference"}


async def test_300_of_a_type(cluster):
    async with running(HALVES["erp"], cluster) as erp:
        desk = Desk(erp)
        document = f"/v1/payments/{(await documents_of_erp(desk))['/v1/payments']}"
        fields = [await define(desk, "payment", "number") for _ in range(FIELDS_MAX)]
        body = {"record_type": "payment", "key": "more", "kind": "text", "label": "x"}
        problem(await desk.server.post(FIELDS, body), 409, "too_many_custom_fields")
        values = {one["key"]: str(n % 90) for n, one in enumerate(fields)}
        reply = await desk.merge(f"{document}/custom-fields", {"custom": values})
        assert len(reply.json()["custom"]) == FIELDS_MAX


async def test_two_who_change_at_once_lose_nothing(halves):
    desk, document, name = at(halves, "/v1/bills")
    keys = [(await define(desk, name))["key"] for _ in range(6)]
    fields = f"{document}/custom-fields"
    revision = (await desk.see(fields))["version"]
    replies = await asyncio.gather(
        *(desk.change(fields, {"custom": {key: "x"}}, revision=revision) for key in keys)
    )
    assert sorted(one.status_code for one in replies) == [200] + [412] * 5
    versions = await desk.rows(
        "select revision from record_change where record_id = $1 order by revision",
        document.rpartition("/")[2],
    )
    assert [one["revision"] for one in versions] == list(range(1, len(versions) + 1))


async def test_the_database_holds_the_form(halves):
    desk, document, _ = at(halves, "/v1/bills")
    record_id = document.rpartition("/")[2]
    with pytest.raises(asyncpg.CheckViolationError):
        await desk.rows("update document_fields set custom = '[]' where record_id = $1", record_id)
    with pytest.raises(asyncpg.UniqueViolationError):
        await desk.rows(
            """insert into document_fields
                 select gen_random_uuid(), record_type, record_id, version, custom
                   from document_fields where record_id = $1""",
            record_id,
        )


async def test_a_shipment_and_its_stock_document_are_two(halves):
    """They have one id; each has fields of its own."""
    desk, shipment, _ = at(halves, "/v1/shipments")
    record_id = shipment.rpartition("/")[2]
    for path, name, value in (
        (shipment, "shipment", "Blue"),
        (f"/v1/stock-documents/{record_id}", "stock_document", "Red"),
    ):
        key = (await define(desk, name))["key"]
        before = (await desk.see(path))["custom"]
        reply = await desk.merge(f"{path}/custom-fields", {"custom": {key: value}})
        assert reply.json()["custom"] == before | {key: value}
    assert "Red" not in (await desk.see(shipment))["custom"].values()


async def test_rights_are_those_of_the_document(halves):
    desk, document, _ = at(halves, "/v1/invoices")
    fields = f"{document}/custom-fields"
    reader = await desk.server.as_("receivables.read")
    stranger = await desk.server.as_("sales.read")
    seen = await reader.get(fields)
    assert seen.status_code == 200
    match = {"If-Match": seen.headers["ETag"]}
    for client, act in ((stranger, "GET"), (stranger, "PATCH"), (reader, "PATCH")):
        body = {} if act == "GET" else {"json": {"custom": {}}, "headers": match}
        problem(await client.request(act, fields, **body), 403, "forbidden")
    problem(await desk.client.get(f"/v1/invoices/{uuid4()}/custom-fields"), 404, "not_found")
