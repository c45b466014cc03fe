"""What was imported, exported and imported again is what it was: names, phones, references."""

import csv
import os
from pathlib import Path
from uuid import uuid4

import pytest

from importer.exporting import export
from importer.mapping import Mapping
from importer.running import run_import

SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[4] / "shared") / "data"
NAMES = SHARED / "unicode_names" / "item.csv"
ODD = [
    "=1+1",
    "+49 30 Ltd",
    "-5",
    "－1",
    "＠home",
    "'=1",
    "''t",
    "@x",
    "1.5E+3 Motors",
    "00501",
    "Ťěšín",
]
PHONES = ["+49 30 0074321", "+1 206-555-9857", "+86 512 5550 0134"]


def customers(system, file, phone):
    fields = {"name": "name", "phone": {"column": "phone"} | phone}
    resource = {
        "name": "customers",
        "file": file,
        "target": f"/v1/customers/by-external/{system}/batch",
        "external_id": "legal_name",
        "fields": fields | {"legal_name": "legal_name"},
    }
    return Mapping.model_validate({"resources": [resource]})


def names():
    """Names that nobody made for us, or at least those that are hard."""
    if not NAMES.exists():
        return ODD
    with NAMES.open(encoding="utf-8", newline="") as file:
        scripts = [" ".join(row["pk"].split()) for row in csv.DictReader(file)]
    with (SHARED / "zh_company_names" / "company_short_names.csv").open(encoding="utf-8") as file:
        firms = [line.strip() for line in file][1:400]
    return [*ODD, *(one for one in scripts if one), *firms]


@pytest.mark.skipif(not NAMES.exists(), reason="set TANDEM_SHARED to the folder of data")
async def test_names_and_phones_are_what_they_were(desk, tmp_path):
    """The second import changes nothing: every record is unchanged."""
    system, wanted = f"s{uuid4().hex[:10]}", names()
    with (tmp_path / "in.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["legal_name", "name", "phone"])
        for at, name in enumerate(wanted):
            writer.writerow([f"{system}-{at}", f"'{name}" if at < 3 else name, PHONES[at % 3]])
    errors = tmp_path / "errors"
    made = await run_import(
        customers(system, "in.csv", {}), desk.client, source=tmp_path, errors_to=errors
    )
    assert made.resources[0].counts == {"created": len(wanted)}, made.resources[0].errors[:3]
    path = f"/v1/customers?external_system={system}"
    assert await export(desk.client, path, tmp_path / "out.csv") == len(wanted)
    again = await run_import(
        customers(system, "out.csv", {}), desk.client, source=tmp_path, errors_to=errors
    )
    assert again.resources[0].counts == {"unchanged": len(wanted)}, again.resources[0].errors[:3]
    found = (await desk.see(f"{path}&limit=200"))["items"]
    assert {one["name"] for one in found} <= set(wanted)
    assert {one["phone"] for one in found} == set(PHONES)


async def test_an_empty_cell_leaves_the_field_as_it_is(desk, tmp_path):
    system = f"s{uuid4().hex[:10]}"
    mapping = customers(system, "in.csv", {"region": "US"})
    for text in ("1,Acme,(206) 555-9857", "1,Acme Inc,"):
        (tmp_path / "in.csv").write_text(f"legal_name,name,phone\n{text}\n")
        report = await run_import(
            mapping, desk.client, source=tmp_path, errors_to=tmp_path / "errors"
        )
        assert report.failed == 0, report
    [found] = (await desk.see(f"/v1/customers?external_system={system}"))["items"]
    assert (found["name"], found["phone"]) == ("Acme Inc", "+1 206-555-9857")


async def test_a_dry_run_judges_resources_that_refer_to_each_other(desk, tmp_path):
    """Before anything is there: a price of an item that the same import brings is no failure."""
    system, sku = f"s{uuid4().hex[:10]}", desk.word("SKU")
    (tmp_path / "items.csv").write_text(f"Sku,Price\n{sku},5.00\n")
    (tmp_path / "prices.csv").write_text(f"Sku,Price\n{sku},5.00\nNOBODYS,6.00\n")
    items = {
        "name": "items",
        "file": "items.csv",
        "target": f"/v1/items/by-external/{system}/batch",
        "external_id": "Sku",
        "fields": {"sku": "Sku", "name": "Sku"},
    }
    prices = {
        "name": "prices",
        "file": "prices.csv",
        "target": f"/v1/prices/by-external/{system}/batch",
        "external_id": "Sku",
        "fields": {
            "sku": "Sku",
            "price.amount": {"column": "Price", "type": "decimal"},
            "price.currency": {"const": "CNY"},
        },
    }
    mapping = Mapping.model_validate({"resources": [items, prices]})
    counts = []
    for dry_run in (True, False):
        report = await run_import(
            mapping, desk.client, source=tmp_path, errors_to=tmp_path / "errors", dry_run=dry_run
        )
        counts += [dict(one.counts) for one in report.resources]
    assert counts == [
        {"created": 1},
        {"unresolved": 1, "failed": 1},
        {"created": 1},
        {"created": 1, "failed": 1},
    ]


async def test_rows_of_an_order_name_its_customer_by_the_id_of_the_old_shop(desk, tmp_path):
    """Several rows are one order; whom it is for is found by a list of the API."""
    system, sku = f"s{uuid4().hex[:10]}", desk.word("SKU")
    await desk.item(sku=sku)
    (tmp_path / "c.csv").write_text("legal_name,name,phone\nK7,Acme,\n")
    await run_import(
        customers(system, "c.csv", {}), desk.client, source=tmp_path, errors_to=tmp_path / "e"
    )
    rows = f"1,K7,{sku},2,5.00\n1,K7,{sku},3,4.00\n2,K8,{sku},1,5.00\n"
    (tmp_path / "o.csv").write_text(f"Order,Customer,Sku,Quantity,Price\n{rows}")
    filters = {"external_system": system, "external_id": "{}"}
    orders = {
        "name": "orders",
        "file": "o.csv",
        "target": f"/v1/sales-orders/by-external/{system}/batch",
        "external_id": "Order",
        "fields": {
            "customer_id": {
                "column": "Customer",
                "reference": {"path": "/v1/customers", "query": filters},
            }
        },
        "rows": {
            "into": "lines",
            "fields": {
                "sku": "Sku",
                "quantity": {"column": "Quantity", "type": "decimal"},
                "unit_price.amount": {"column": "Price", "type": "decimal"},
                "unit_price.currency": {"const": "CNY"},
            },
        },
    }
    report = await run_import(
        Mapping.model_validate({"resources": [orders]}),
        desk.client,
        source=tmp_path,
        errors_to=tmp_path / "errors",
    )
    assert report.resources[0].counts == {"created": 1, "failed": 1}, report.resources[0].errors
    assert [(one.row, one.column, one.code) for one in report.resources[0].errors] == [
        (4, "Customer", "missing_reference")
    ]
    [order] = (await desk.see(f"/v1/sales-orders?external_system={system}"))["items"]
    assert (order["net"], len(order["lines"])) == ("22.00", 2)
