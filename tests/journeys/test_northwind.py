"""Northwind: its mappings take every row, once; the set is what the replay expects of it.

The files lie outside the project, below TANDEM_SHARED (default ../shared); skipped where
they are missing.
"""

import json
from collections import Counter
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from crm.app import SERVICE as CRM
from demonstration.checking import Check
from demonstration.northwind import data_folder
from demonstration.preparing import MAPPINGS, countries, fitted
from demonstration.source import Northwind, SourceLine, pieces
from demonstration.watching import month_ends
from erp.app import SERVICE as ERP
from identity.testing.service import running
from importer.mapping import load_mapping
from importer.running import run_import

DATA = data_folder()
needs_data = pytest.mark.skipif(
    DATA is None, reason="Northwind is not here: set TANDEM_SHARED to the folder of data/northwind"
)
YEAR = {"name": "1996", "starts_on": "1996-01-01", "ends_on": "1996-12-31"}
IN_THE_ERP = {
    "categories": 8,
    "suppliers": 29,
    "items": 77,
    "prices": 77,
    "supplier-prices": 77,
    "opening-stock": 72,
}
IN_THE_CRM = {"accounts": 91, "contacts": 91}


def counts(report):
    return {one.name: dict(one.counts) for one in report.resources}


@asynccontextmanager
async def in_dollars(service, cluster):
    """The service of an installation whose currency was the dollar from the first day."""
    async with running(service, cluster, currency="USD", zone="UTC") as there:
        if service is ERP:
            assert (await there.post("/v1/fiscal-years", YEAR)).status_code == 201
            async with there.database.driver() as sql:
                await sql.execute("update price_list set currency = 'USD'")
        yield there


async def imported(service, half, tmp_path, **options):
    mapping = load_mapping(MAPPINGS[half])
    return await run_import(mapping, service.client, source=DATA, errors_to=tmp_path, **options)


@pytest.mark.parametrize("half", ["erp", "crm"])
def test_the_mapping_is_valid(half):
    assert all(one.target.startswith("/v1/") for one in load_mapping(MAPPINGS[half]).resources)


@needs_data
@pytest.mark.parametrize(
    ("half", "service", "rows"),
    [("erp", ERP, IN_THE_ERP), ("crm", CRM, IN_THE_CRM)],
    ids=["erp", "crm"],
)
async def test_every_row_is_taken_once(half, service, rows, cluster, tmp_path):
    """A dry run refuses no row and changes nothing; a second import makes nothing again."""
    async with in_dollars(service, cluster) as there:
        tried = await imported(there, half, tmp_path, dry_run=True)
        assert tried.failed == 0, [one.errors[:2] for one in tried.resources]
        assert {name: sum(found.values()) for name, found in counts(tried).items()} == rows
        done = await imported(there, half, tmp_path)
        assert counts(done) == {name: {"created": count} for name, count in rows.items()}
        again = await imported(there, half, tmp_path)
        assert again.failed == 0
        assert sum((one.counts for one in again.resources), Counter[str]())["created"] == 0


@needs_data
async def test_opening_stock_is_worth_seven_tenths_of_its_list_price(cluster, tmp_path):
    """Each item's cost is rounded to the cent, and the books hold what the stock is worth."""
    async with in_dollars(ERP, cluster) as erp:
        await imported(erp, "erp", tmp_path)
        report = (await erp.client.get("/v1/reports/stock-valuation")).json()
    lines = {line["sku"]: line for line in report["items"]}
    assert sum(Decimal(line["quantity"]) for line in lines.values()) == 3119
    assert Decimal(lines["NW-1"]["value"]) == 39 * Decimal("12.60")
    assert Decimal(report["total"]) == Decimal(report["inventory_account"]) > 0


@needs_data
def test_the_set_is_what_the_replay_expects():
    source = Northwind.read(DATA, countries())
    assert (len(source.orders), len(source.lines), len(source.days)) == (560, 1464, 402)
    assert sum(line.net for line in source.lines) == Decimal("825169.34")
    assert sum(line.unrounded for line in source.lines) == Decimal("825169.1735")
    assert sum(order.freight for order in source.orders) == Decimal("42748.64")
    assert sum(pieces(source.orders).values()) == 35070
    assert all(order.ship_to["country"] for order in source.orders)


@needs_data
def test_a_part_of_the_set_has_the_orders_of_its_first_days_whole():
    source = Northwind.read(DATA, countries())
    part = source.first(45)
    assert (len(part.orders), len(part.lines)) == (50, 134)
    assert part.days[:45] == source.days[:45]
    assert {order.ordered_on for order in part.orders} <= set(source.days[:45])
    assert len(source.first(402).orders) == len(source.orders)


def test_another_period_has_days_of_its_own_and_orders_that_wait(tmp_path):
    """What is expected comes from the data: the years, the opening day, what stays reserved."""
    days = "OrderDate,RequiredDate,ShippedDate,PaidDate"
    ship_to = "ShipName,ShipAddress,ShipCity,ShipRegion,ShipPostalCode,ShipCountry"
    tables = {
        "Shippers": ["ShipperID,CompanyName", "1,Speedy"],
        "Products": ["ProductID,UnitsInStock", "1,5", "2,7"],
        "OrderDetails": [
            "OrderID,ProductID,UnitPrice,Quantity,Discount",
            "1,1,2.00,3,0",
            "2,1,2.00,4,0.5",
            "3,2,1.00,5,0",
        ],
        "Orders": [
            f"OrderID,CustomerID,{days},ShipVia,Freight,{ship_to}",
            "1,A,2031-12-30,2032-01-09,2032-01-02,2032-01-02,1,1.00,x,x,x,,1,USA",
            "2,B,2031-12-31,2032-01-09,,,1,1.00,x,x,x,,1,USA",
            "3,A,2031-12-31,2032-01-09,2032-01-05,,1,0.50,x,x,x,,1,USA",
        ],
        "Customers": ["CustomerID", "A", "B"],
    }
    for name, lines in tables.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n")
    source = Northwind.read(tmp_path, countries())
    assert list(source.days) == ["2031-12-30", "2031-12-31", "2032-01-02", "2032-01-05"]
    assert [order.number for order in source.shipped] == ["1", "3"]
    assert [(order.number, order.net) for order in source.owed] == [("3", Decimal("5.00"))]
    assert pieces(source.orders) == {"NW-1": 7, "NW-2": 5}
    (tmp_path / "m.yaml").write_text(json.dumps(fitted(load_mapping(MAPPINGS["erp"]), source)))
    mapping = {one.name: one.fields for one in load_mapping(tmp_path / "m.yaml").resources}
    assert mapping["opening-stock"]["effective_on"].const == "2031-12-29"
    sold = mapping["items"]["discontinued_on"].values
    assert sold is not None
    assert sold["1"] == "2032-01-05"


@needs_data
@pytest.mark.parametrize("half", ["erp", "crm"])
def test_the_fitted_mapping_says_what_the_written_one_says(half, tmp_path):
    source = Northwind.read(DATA, countries())
    written = load_mapping(MAPPINGS[half])
    (tmp_path / "m.yaml").write_text(json.dumps(fitted(written, source)))
    for one, other in zip(
        load_mapping(tmp_path / "m.yaml").resources, written.resources, strict=True
    ):
        differing = {path for path in one.fields if one.fields[path] != other.fields[path]}
        assert differing <= {"effective_on", "discontinued_on"}


def test_the_last_day_of_each_month_is_looked_at():
    days = ["1996-07-16", "1996-07-31", "1996-08-30", "1996-08-01", "1997-08-02"]
    assert month_ends(days) == {"1996-07-31", "1996-08-30", "1997-08-02"}


def test_norway_is_a_country():
    assert countries()["Norway"] == "NO"


def test_a_line_is_rounded_half_up_to_the_cent():
    line = SourceLine(sku="NW-1", quantity=1, unit_price="0.10", discount="0.05")
    assert (line.unrounded, line.net) == (Decimal("0.0950"), Decimal("0.10"))
    less = SourceLine(sku="NW-1", quantity=1, unit_price="0.05", discount="0.10")
    assert less.net == Decimal("0.05")


def test_a_check_that_fails_is_told_as_one():
    assert Check("orders", "2", "2").holds
    wrong = Check("orders", "2", "1").as_json()
    assert wrong == {"name": "orders", "expected": "2", "found": "1", "holds": False}
