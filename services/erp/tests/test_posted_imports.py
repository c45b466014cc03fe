"""Documents from CSV are posted once: known by their id or number, not by a key."""

from uuid import uuid4

import pytest

from importer.mapping import Mapping
from importer.running import run_import

ENTRIES = {
    "name": "entries",
    "file": "entries.csv",
    "external_id": "Voucher",
    "fields": {"memo": "Text", "effective_on": {"column": "Day", "type": "date"}},
    "rows": {
        "into": "lines",
        "fields": {
            "account": "Account",
            "debit": {"column": "Amount", "type": "decimal", "part": "positive"},
            "credit": {"column": "Amount", "type": "decimal", "part": "negative"},
        },
    },
}
PAYMENTS = {
    "name": "payments",
    "file": "payments.csv",
    "external_id": "Receipt",
    "fields": {
        "party_id": "Party",
        "reference": "Text",
        "amount.amount": {"column": "Amount", "type": "decimal"},
        "amount.currency": {"const": "CNY"},
    },
}


@pytest.mark.business_day
async def test_entries_of_several_rows_are_posted_once(office, desk, tmp_path):
    """Each import has keys of its own; the entry stays the one, and other content is refused."""
    system, day = f"s{uuid4().hex[:10]}", office.today.isoformat()
    target = f"/v1/journal-entries/by-external/{system}/batch"
    mapping = Mapping.model_validate({"resources": [ENTRIES | {"target": target}]})
    accounts = (await desk.see("/v1/accounts?kind=expense&limit=200"))["items"]
    account = accounts[-1]["code"]

    async def imported(amount):
        rows = f"V1,Rent {system},{day},{account},{amount}\nV1,Rent {system},{day},bank,-{amount}\n"
        (tmp_path / "entries.csv").write_text(f"Voucher,Text,Day,Account,Amount\n{rows}")
        report = await run_import(
            mapping, desk.client, source=tmp_path, errors_to=tmp_path / "errors"
        )
        return dict(report.resources[0].counts), [one.code for one in report.resources[0].errors]

    assert await imported("100") == ({"created": 1}, [])
    assert await imported("100") == ({"unchanged": 1}, [])
    assert await imported("101") == ({"failed": 1}, ["entry_posted"])
    entries = (await desk.see(f"/v1/journal-entries?q={system}"))["items"]
    assert [(one["debit"], one["credit"]) for one in entries[0]["lines"]] == [
        ("100.00", "0.00"),
        ("0.00", "100.00"),
    ]
    assert len(entries) == 1


async def test_payments_are_booked_once(desk, tmp_path):
    system, customer = f"s{uuid4().hex[:10]}", await desk.customer()
    target = f"/v1/payments/by-external/{system}/batch"
    mapping = Mapping.model_validate({"resources": [PAYMENTS | {"target": target}]})

    async def imported(amount):
        rows = f"R1,{customer['id']},from {system},{amount}\nR2,{uuid4()},nobody,5\n"
        (tmp_path / "payments.csv").write_text(f"Receipt,Party,Text,Amount\n{rows}")
        report = await run_import(
            mapping, desk.client, source=tmp_path, errors_to=tmp_path / "errors"
        )
        return dict(report.resources[0].counts), [one.code for one in report.resources[0].errors]

    assert await imported("30.50") == ({"created": 1, "failed": 1}, ["missing_reference"])
    assert await imported("30.50") == ({"unchanged": 1, "failed": 1}, ["missing_reference"])
    assert await imported("31.50") == ({"failed": 2}, ["payment_booked", "missing_reference"])
    found = (await desk.see(f"/v1/payments?party_id={customer['id']}"))["items"]
    assert [one["amount"] for one in found] == ["30.50"]


def resource(name, target, columns, **facts):
    """A resource whose rows make documents: the columns of the file, and where they go."""
    return {"name": name, "file": f"{name}.csv", "target": target, "external_id": columns} | facts


@pytest.fixture
def imported(desk, tmp_path):
    """Imports rows of a file: what became of the documents, and codes of errors with their rows."""

    async def run(rule, header, *rows):
        (tmp_path / rule["file"]).write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        report = await run_import(
            Mapping.model_validate({"resources": [rule]}),
            desk.client,
            source=tmp_path,
            errors_to=tmp_path / "errors",
        )
        [found] = report.resources
        return dict(found.counts), sorted({(one.row, one.code) for one in found.errors})

    return run


def order_rule(system, name="orders"):
    return resource(
        name,
        f"/v1/purchase-orders/by-external/{system}/batch",
        "Order",
        fields={
            "supplier_number": {
                "column": "Supplier",
                "reference": {
                    "path": "/v1/suppliers",
                    "query": {"external_system": system, "external_id": "{}"},
                    "field": "number",
                },
            },
            "ordered_on": {"column": "Day", "type": "date"},
        },
        rows={
            "into": "lines",
            "fields": {
                "sku": "Item",
                "quantity": {"column": "Pieces", "type": "decimal"},
                "unit_price.amount": {"column": "Price", "type": "decimal"},
                "unit_price.currency": {"const": "CNY"},
            },
        },
    )


@pytest.mark.business_day
async def test_purchase_orders_of_several_rows_are_placed_once(office, desk, imported):
    """Rows stand anywhere. Sent again, by any key, nothing is ordered; other content is refused."""
    system, day = f"s{uuid4().hex[:10]}", office.today.isoformat()
    body = {"source_version": 1, "name": "Screws and more"}
    reply = await desk.client.put(f"/v1/suppliers/by-external/{system}/V7", json=body)
    supplier = reply.json()
    skus = [(await desk.item())["sku"] for _ in range(2)]
    header = "Order,Supplier,Day,Item,Pieces,Price"
    rows = [
        f"B1,V7,{day},{skus[0]},4,2.50",
        f"B2,V7,{day},{skus[0]},1,2.50",
        f"B1,V7,{day},{skus[1]},6,0.30",
        f"B3,V9,{day},{skus[0]},1,2.50",
    ]
    unknown = [(5, "missing_reference")]
    assert await imported(order_rule(system), header, *rows) == (
        {"created": 2, "failed": 1},
        unknown,
    )
    again = await imported(order_rule(system, "orders-again"), header, *rows)
    assert again == ({"unchanged": 2, "failed": 1}, unknown)
    more = [rows[0].replace(",4,", ",5,"), *rows[1:]]
    refused = [(2, "purchase_order_placed"), *unknown]
    assert (await imported(order_rule(system), header, *more))[1] == refused
    orders = (await desk.see(f"/v1/purchase-orders?supplier_id={supplier['id']}"))["items"]
    lines = [[(one["sku"], one["quantity"]) for one in order["lines"]] for order in orders]
    assert sorted(lines, key=len) == [[(skus[0], "1")], [(skus[0], "4"), (skus[1], "6")]]


@pytest.mark.parametrize("side", ["receivables", "payables"])
@pytest.mark.business_day
async def test_open_items_of_several_rows_are_taken_over_once(office, desk, imported, side):
    """All of a party in one document, all or none of it; an item is known by its number."""
    party, word = ("customer", "supplier")[side == "payables"], uuid4().hex[:8]
    known = await (desk.customer() if party == "customer" else office.supplier())

    def rule(name):
        return resource(
            name,
            f"/v1/{side}/openings/batch",
            "Party",
            method="post",
            source_version="none",
            fields={"effective_on": {"const": office.today.isoformat()}},
            rows={
                "into": "items",
                "fields": {
                    "number": "Number",
                    f"{party}_number": "Party",
                    "kind": "Kind",
                    "issued_on": {"column": "Issued", "type": "date"},
                    "due_on": {"column": "Due", "type": "date"},
                    "amount.amount": {"column": "Left", "type": "decimal"},
                    "amount.currency": {"const": "CNY"},
                },
            },
        )

    header = "Number,Party,Kind,Issued,Due,Left"
    rows = [
        f"A-{word},{known['number']},debt,2014-11-03,2014-12-03,100",
        f"C-{word},NOBODY,debt,2014-11-03,2014-12-03,7",
        f"B-{word},{known['number']},credit,2014-11-04,,30.5",
    ]
    name = f"open-{word}"
    wrong = [(3, "unknown")]
    first = await imported(rule(name), header, *rows)
    assert first == ({"updated": 1, "failed": 1}, wrong)
    assert await imported(rule(name), header, *rows) == ({"unchanged": 1, "failed": 1}, wrong)
    other_key = await imported(rule(f"{name}-2"), header, *rows)
    assert other_key == ({"updated": 1, "failed": 1}, wrong)
    other_amount = [rows[0].replace(",100", ",101"), *rows[1:]]
    assert (await imported(rule(f"{name}-3"), header, *other_amount))[1][0] == (
        2,
        "opening_differs",
    )
    side_of = "payable" if side == "payables" else "receivable"
    assert await office.owes(known, side_of) == ("100.00", "30.50")
