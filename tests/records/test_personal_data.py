"""What stands beside the documents of a person: erased with it, and handed out before."""

import json
from uuid import UUID

import pytest

from erp.ledger.service.years import ensure_year
from identity.testing.desk import Desk
from identity.testing.service import running
from tests.records.kinds import HALVES
from tests.records.test_custom_fields import define
from tests.records.test_erasure import IMPORTED
from tests.records.test_erasure_erp import order
from tests.records.traces import traces

COPIES = {
    *("idempotency_key", "attachment_chunk", "account_search", "customer_search", "file_part"),
    *("order_search", "sales_order_search", "record_search"),
}
"""Tables with copies of what stands elsewhere: replies, contents of files, search texts."""
CODE = "Walnut code"


@pytest.fixture
async def desks(cluster):
    """A desk in each half."""
    async with running(HALVES["crm"], cluster) as crm, running(HALVES["erp"], cluster) as erp:
        async with erp.database.transaction() as work:
            await ensure_year(work, work.today())
        yield {"crm": Desk(crm), "erp": Desk(erp)}


async def person_in_crm(desk: Desk) -> tuple[str, list[tuple[str, str]]]:
    """A private account with an order: its path, and type and path of its documents."""
    values = {"kind": "person", "email": "amber@mill.example", "phone": "13911112222"}
    address = {"line1": "Basalt Lane 5", "country": "CN"}
    person = await desk.add("/v1/accounts", name="Cedar Zhao", **values, billing_address=address)
    product = await desk.add("/v1/products", code=desk.word("P"), name="Paper")
    price = {"amount": "10.10", "currency": "CNY"}
    line = {"product": product["id"], "quantity": "1", "unit_price": price}
    placed = await desk.add(
        "/v1/orders", account_id=person["id"], lines=[line], note="Dahlia at the door"
    )
    return f"/v1/accounts/{person['id']}", [("order", f"/v1/orders/{placed['id']}")]


async def person_in_erp(desk: Desk) -> tuple[str, list[tuple[str, str]]]:
    """A customer with an order that is shipped and invoiced: its path, and its documents."""
    values = {"kind": "person", "email": "amber@mill.example", "phone": "13911112222"}
    address = {"line1": "Basalt Lane 5", "country": "CN"}
    person = await desk.add("/v1/customers", name="Cedar Zhao", **values, bill_to=address)
    _, at = await order(desk.server, person["id"])
    invoice = (await desk.see("/v1/invoices"))["items"][0]["id"]
    posted = await desk.see(f"/v1/journal-entries?source_id={invoice}")
    entry = posted["items"][0]["id"]
    shipment = (await desk.see("/v1/shipments"))["items"][0]["id"]
    documents = [
        *(("sales_order", at), ("shipment", f"/v1/shipments/{shipment}")),
        ("stock_document", f"/v1/stock-documents/{shipment}"),
        ("invoice", f"/v1/invoices/{invoice}"),
        ("journal_entry", f"/v1/journal-entries/{entry}"),
    ]
    return f"/v1/customers/{person['id']}", documents


KNOWN = {"crm": person_in_crm, "erp": person_in_erp}


async def with_all(desk: Desk, half: str) -> tuple[str, dict[str, tuple[str, str, str]]]:
    """The path of a person of whom all is known; of its documents path and keys of two fields."""
    at, documents = await KNOWN[half](desk)
    await desk.add(f"{at}/notes", text="Ebony likes paper.")
    await desk.server.attach(at, b"Letter", name="fennel.txt")
    tag = await desk.add("/v1/tags", name="Ginkgo club")
    tagged = await desk.client.put(f"{at}/tags/{tag['id']}")
    assert tagged.is_success, tagged.text
    link = {"system": "shop", "external_id": "hazel-7"}
    assert (await desk.server.post(f"{at}/external-refs", link)).is_success
    assert (await desk.merge(at, {"name": "Juniper Zhao"})).is_success
    name = "account" if half == "crm" else "customer"
    view = {"name": "Iris", "record_type": name, "query": {"q": "Cedar Zhao"}}
    await desk.add("/v1/saved-views", **view)
    async with desk.server.database.driver() as sql:
        imported = IMPORTED.replace("'contact'", f"'{name}'").replace("Qingyun", "Kapok")
        await sql.execute(imported, UUID(int=7), at.rpartition("/")[2])
    fields = {}
    for of, path in documents:
        own = (await define(desk, of, personal=True, max_length=40))["key"]
        other = (await define(desk, of))["key"]
        for code in ("Walnut code one", "Walnut code two"):
            changed = await desk.merge(
                f"{path}/custom-fields", {"custom": {own: code, other: "Blue"}}
            )
            assert changed.is_success, changed.text
        await desk.add(f"{path}/notes", text="Larch asked for a call.")
        fields[of] = (path, own, other)
    return at, fields


@pytest.mark.parametrize("half", HALVES)
async def test_personal_fields_and_notes_of_documents_are_erased(desks, half):
    """Values, history, events and replies; other fields stay, and the feed ends with them."""
    desk = desks[half]
    at, fields = await with_all(desk, half)
    before = {table for table, _ in await traces(desk.server, [CODE, "Larch"])}
    assert before >= {"document_fields", "record_change", "idempotency_key", "note"}
    reply = await desk.server.post(f"{at}/erase", None)
    assert reply.status_code == 200, reply.text
    assert await traces(desk.server, [CODE, "Larch"]) == set()
    counts = {one["what"]: one["count"] for one in reply.json()["erased"]}
    assert counts["document_fields"] == len(fields)
    assert counts["notes"] > len(fields)
    events = [one["data"] for one in await desk.server.feed() if "custom" in one["data"]]
    for of, (path, own, other) in fields.items():
        assert (await desk.see(path))["custom"] == {other: "Blue"}
        rows = (await desk.see(f"{path}/custom-fields/history?field=custom.{own}"))["items"]
        assert [one["redacted"] for row in rows for one in row["changes"]] == [True] * 3
        record_id = path.rpartition("/")[2]
        of_it = [
            one
            for one in events
            if (one.get("record_type"), one.get("record_id")) == (of, record_id)
        ]
        assert of_it[-1]["custom"] == {other: "Blue"}


@pytest.mark.parametrize("half", HALVES)
async def test_a_person_gets_to_know_all_that_an_erasure_touches(desks, half):
    """Every table that a word stands in is read: the word is handed out, of whatever table."""
    desk = desks[half]
    at, _ = await with_all(desk, half)
    words = [
        *("Cedar Zhao", "Juniper Zhao", "amber@mill", "13911112222", "Basalt Lane", "Ebony"),
        *("fennel.txt", "Ginkgo", "hazel-7", "Iris", "Kapok", "Walnut code one", "Walnut code two"),
        "Larch",
    ]
    known = await desk.see(f"{at}/personal-data")
    handed_out = json.dumps(known, ensure_ascii=False).replace(" ", "")
    found = {(table, word) for table, word in await traces(desk.server, words)}
    missing = {one for one in found if one[1].replace(" ", "") not in handed_out}
    assert {table for table, _ in found} - COPIES >= {
        *("note", "attachment", "record_change", "saved_view", "external_reference"),
        *("record_import_row", "document_fields", "tag"),
    }
    assert missing == set()
    amounts = [
        (one[name], one.get("currency"))
        for one in known["documents"]
        for name in ("net", "gross", "amount")
        if one.get(name) is not None
    ]
    assert all(currency == "CNY" for _, currency in amounts), amounts
    assert all(amount.partition(".")[2].isdigit() for amount, _ in amounts), amounts
    assert "float" not in {type(one).__name__ for one in _values(known)}
    if half == "erp":
        assert ("10.00", "CNY") in amounts


def _values(value):
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _values(one)
    else:
        yield value


@pytest.mark.parametrize("half", HALVES)
async def test_views_that_ask_for_a_former_name_are_erased(desks, half):
    desk = desks[half]
    at, _ = await with_all(desk, half)
    assert (await desk.server.post(f"{at}/erase", None)).is_success
    left = await traces(desk.server, ["Cedar Zhao", "Juniper Zhao", "Kapok"])
    assert {table for table, _ in left} <= {"retained_party"}
