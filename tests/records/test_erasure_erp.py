"""A person who is a customer or supplier is erased; documents keep what the books need."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from chassis.worker.jobs import Worker
from erp.app import SERVICE as ERP
from erp.ledger.service.years import ensure_year
from erp.parties.models import Customer
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from records.types import record_types
from tests.records.traces import impersonal_columns, traces

NAME, MAIL, PHONE = "Zhao Qingyun", "qingyun@mill.example", "13912345678"
PLACE = {"line1": "Hemp Lane 5", "city": "Ningbo", "region": "Zhejiang", "country": "CN"}
PLACE |= {"contact": NAME, "phone": PHONE}
PERSON = {"kind": "person", "name": NAME, "email": MAIL, "phone": PHONE, "legal_name": NAME}
TRACES = ("Qingyun", "qingyun", "13912345678", "Hemp Lane")
PRICE = {"amount": "10.00", "currency": "CNY"}


@pytest.fixture
async def erp(cluster):
    async with running(ERP, cluster) as half:
        async with half.database.transaction() as work:
            await ensure_year(work, work.today())
        yield half


async def made(half, path, **values):
    reply = await half.post(path, values)
    assert reply.status_code == 201, reply.text
    return reply.json()


async def known(half, path="/v1/customers"):
    """A person who is known in every way; the id and the path of the record."""
    place = {"address": PLACE} if path == "/v1/suppliers" else {"bill_to": PLACE, "ship_to": PLACE}
    person = await made(half, path, **PERSON, **place)
    at = f"{path}/{person['id']}"
    link = {"system": "shop", "external_id": "qingyun-7"}
    assert (await half.post(f"{at}/external-refs", link)).is_success
    await made(half, f"{at}/notes", text="Qingyun likes hemp paper.")
    await half.attach(at, b"Letter of Qingyun", name="qingyun.txt")
    changed = await half.client.patch(
        at, json={"website": "qingyun.example"}, headers={"If-Match": '"1"'}
    )
    assert changed.is_success, changed.text
    view = {"name": "Of Qingyun", "record_type": "customer", "query": {"q": NAME}}
    await made(half, "/v1/saved-views", **view)
    return person["id"], at


async def order(half, customer_id, *, ship=True):
    """An order of the person, shipped and invoiced or not."""
    sku = f"SKU{uuid4().hex[:6]}"
    item = await made(half, "/v1/items", sku=sku, name="Paper")
    receipt = {"sku": sku, "quantity": "10", "unit_cost": {"amount": "4.00", "currency": "CNY"}}
    await made(half, "/v1/stock-receipts", lines=[receipt])
    line = {"item_id": item["id"], "quantity": "1", "unit_price": PRICE}
    values = {"lines": [line], "ship_to": PLACE, "note": "Ring at Qingyun's door"}
    placed = await made(half, "/v1/sales-orders", customer_id=customer_id, **values)
    at = f"/v1/sales-orders/{placed['id']}"
    await made(half, f"{at}/notes", text="Qingyun asked for a call.")
    if ship:
        await made(half, f"{at}/shipments")
        await made(half, f"{at}/invoices")
    return placed["id"], at


async def test_nothing_of_a_customer_is_left_but_what_the_books_need(erp):
    """Every table is read; only whom invoices were made out to is kept, apart, until a day."""
    customer_id, at = await known(erp)
    _, order_at = await order(erp, customer_id)
    before = {table for table, _ in await traces(erp, TRACES)}
    assert {"customer", "customer_search", "sales_order", "note", "attachment"} < before
    assert {"record_change", "idempotency_key", "saved_view"} < before
    reply = await erp.post(f"{at}/erase", None)
    assert reply.status_code == 200, reply.text
    assert {table for table, _ in await traces(erp, TRACES)} == {"retained_party"}
    report = reply.json()
    counts = {one["what"]: one["count"] for one in report["erased"]}
    assert (counts["records"], counts["orders"], counts["notes"]) == (1, 1, 2)
    assert (counts["saved_views"], counts["attachments"], counts["links"]) == (1, 1, 1)
    kept = {one["what"]: one for one in report["kept"]}
    async with erp.database.transaction() as work:
        until = f"{work.today().year + 10}-12-31"
    assert until in kept["retained_party"]["why"]
    assert kept["documents"]["count"] == 3
    shown = (await erp.client.get(at)).json()
    assert (shown["name"], shown["status"], shown["kind"]) == ("[erased]", "archived", "person")
    gone = (await erp.client.get(order_at)).json()
    assert (gone["note"], gone["ship_to"]["line1"], gone["ship_to"]["country"]) == ("", "", "CN")
    assert (gone["number"] != "", gone["net"]) == (True, "10.00")
    events = await erp.feed()
    (erasure,) = [one for one in events if one["type"] == "tandem.erp.person-erased.v1"]
    assert erasure["data"]["records"] == [{"record_type": "customer", "record_id": customer_id}]


async def test_what_the_books_need_goes_when_its_time_is_over(erp):
    """The daily job forgets whom invoices were made out to; the person sees it until then."""
    customer_id, at = await known(erp)
    await order(erp, customer_id)
    erased = await erp.post(f"{at}/erase", None)
    assert erased.is_success, erased.text
    documents = (await erp.client.get(f"{at}/personal-data")).json()["documents"]
    (kept,) = [one for one in documents if one["document_type"] == "retained_party"]
    assert (kept["name"], kept["address"]["line1"]) == (NAME, "Hemp Lane 5")
    async with erp.database.transaction() as work:
        day = work.today() - timedelta(days=1)
        await work.sql.execute("update retained_party set retained_until = $1", day)
        work.enqueue("persons.upkeep", {})
    await Worker(erp.database, handlers=ERP.jobs).once()
    assert await traces(erp, TRACES) == set()


async def test_an_open_order_keeps_its_place_until_it_is_done(erp):
    customer_id, at = await known(erp)
    _, order_at = await order(erp, customer_id, ship=False)
    report = (await erp.post(f"{at}/erase", None)).json()
    assert "open_orders" in {one["what"] for one in report["kept"]}
    assert (await erp.client.get(order_at)).json()["ship_to"]["line1"] == "Hemp Lane 5"
    assert (await erp.post(f"{order_at}/cancel", None)).is_success
    async with erp.database.transaction() as work:
        work.enqueue("persons.upkeep", {})
    await Worker(erp.database, handlers=ERP.jobs).once()
    assert {table for table, _ in await traces(erp, TRACES)} <= {"retained_party"}


async def test_a_supplier_is_erased_and_one_who_sold_nothing_leaves_nothing(erp):
    _, at = await known(erp, "/v1/suppliers")
    assert (await erp.post(f"{at}/erase", None)).status_code == 200
    assert await traces(erp, TRACES) == set()


async def test_a_firm_is_no_person(erp):
    customer = await made(erp, "/v1/customers", name="Mill")
    at = f"/v1/customers/{customer['id']}"
    problem(await erp.post(f"{at}/erase", None), 409, "not_a_person")
    problem(await erp.client.get(f"{at}/personal-data"), 409, "not_a_person")


async def test_imports_do_not_bring_the_person_back(erp):
    """By an address, number or id that it has or ever had; a user may do so by hand."""
    _, at = await known(erp)
    version = (await erp.client.get(at)).headers["etag"]
    other = {"email": "other@mill.example"}
    assert (await erp.client.patch(at, json=other, headers={"If-Match": version})).is_success
    assert (await erp.post(f"{at}/erase", None)).is_success
    for external_id, values in (
        ("new-1", {"name": "Q", "email": "QingYun@mill.example"}),
        ("new-2", {"name": "Q", "email": "other@mill.example"}),
        ("new-3", {"name": "Q", "phone": "139 1234 5678"}),
        ("qingyun-7", {"name": "Q"}),
    ):
        sent = await erp.client.put(
            f"/v1/customers/by-external/shop/{external_id}", json=values | {"source_version": 1}
        )
        problem(sent, 409, "person_suppressed")
    by_hand = await made(erp, "/v1/customers", name=NAME, email=MAIL)
    assert by_hand["email"] == MAIL


async def test_an_erased_customer_gets_no_personal_data(erp):
    """Refused by the API, and by a constraint."""
    customer_id, at = await known(erp)
    assert (await erp.post(f"{at}/erase", None)).is_success
    version = (await erp.client.get(at)).headers["etag"]
    changed = await erp.client.patch(at, json={"name": NAME}, headers={"If-Match": version})
    problem(changed, 409, "person_erased")
    problem(await erp.post(f"{at}/restore", None), 409, "person_erased")
    async with erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute(
                "update customer set email = 'q@x.example' where id = $1", customer_id
            )
    again = await erp.post(f"{at}/erase", None)
    assert again.status_code == 200, again.text


async def test_another_system_erases_its_person_known_here_or_not(erp):
    """What is still on its way does not bring it back, linked or not."""
    person = {"source_version": 1, "name": NAME, "email": MAIL}
    path = "/v1/customers/by-external/crm"
    known_id, stranger_id = uuid4(), uuid4()
    assert (await erp.client.put(f"{path}/{known_id}", json=person)).is_success
    for one in (known_id, stranger_id, known_id):
        reply = await erp.post(f"{path}/{one}/erase", None)
        assert reply.status_code == 200, reply.text
        assert (reply.json()["report"] is None) == (one == stranger_id)
    late = await erp.client.put(f"{path}/{known_id}", json=person | {"source_version": 2})
    assert late.is_success, late.text
    assert late.json()["name"] == "[erased]"
    refused = await erp.client.put(f"{path}/{stranger_id}", json=person | {"email": ""})
    problem(refused, 409, "person_suppressed")
    assert {table for table, _ in await traces(erp, TRACES)} == set()


async def test_who_is_erased_while_it_is_sent_does_not_stay(erp):
    """Both at once, and whichever comes first: the later one finds what the other did."""
    person = {"source_version": 1, "name": NAME, "email": ""}
    paths = [f"/v1/customers/by-external/crm/{uuid4()}" for _ in range(8)]
    acts = [
        act
        for path in paths
        for act in (erp.client.put(path, json=person), erp.post(f"{path}/erase", None))
    ]
    replies = await asyncio.gather(*acts)
    assert {one.status_code for one in replies} <= {200, 201, 409}
    assert await traces(erp, TRACES) == set()


async def test_who_may_erase_and_read(erp):
    _, at = await known(erp)
    stranger = await erp.as_("parties.read", "parties.write")
    key = {"Idempotency-Key": str(uuid4())}
    problem(await stranger.post(f"{at}/erase", headers=key), 403, "forbidden")
    problem(await stranger.get(f"{at}/personal-data"), 403, "forbidden")
    problem(await erp.post(f"/v1/customers/{uuid4()}/erase", None), 404, "not_found")


def test_every_text_column_of_a_person_is_marked():
    """A new column says whether it tells of the person."""
    kinds = [one for one in record_types(Customer).values() if one.personal]
    assert {one.name for one in kinds} == {"customer", "supplier"}
    for kind in kinds:
        assert impersonal_columns(kind) == kind.personal.impersonal
