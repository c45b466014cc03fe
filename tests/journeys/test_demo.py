"""`make demo`: the story is played to its good end, over the feeds and over Kafka."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CROSSINGS = 13
"""Six of customers and products, seven of an order on its way from the seller to the bank."""


def make_demo(**choices):
    plain = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
    return subprocess.run(
        [sys.executable, str(ROOT / "deploy/local/demo.py")],
        env=plain | choices,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def assert_good_end(told):
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count(" ms") == CROSSINGS
    assert "Chen Wei: approved; now it is sent" in told.stdout
    assert "4 reserved, 6 waiting" in told.stdout
    assert "902.50 CNY paid of 902.50" in told.stdout
    assert "nothing is parked, nothing waits" in told.stdout
    assert "The halves agree." in told.stdout


def test_the_halves_agree_over_the_feeds():
    assert_good_end(make_demo())


@pytest.mark.kafka
def test_the_halves_agree_over_kafka(kafka_here):
    """The same story over a real broker, which the demo brings along itself."""
    assert_good_end(make_demo(TRANSPORT="kafka"))


def test_an_unknown_transport_is_explained():
    told = make_demo(TRANSPORT="pigeon")
    assert told.returncode == 2
    assert "TRANSPORT=pigeon is unknown: write TRANSPORT=feed or TRANSPORT=kafka" in told.stderr


def test_an_unknown_set_of_data_is_explained():
    told = make_demo(DATA="southwind")
    assert told.returncode == 2
    assert "DATA=southwind is unknown: write DATA=northwind" in told.stderr


def test_a_number_of_days_that_is_none_is_explained(tmp_path):
    told = make_demo(DATA="northwind", DAYS="many", TANDEM_SHARED=str(tmp_path))
    assert told.returncode == 2
    assert "DAYS=many is no number of days: write DAYS=30" in told.stderr


def test_a_set_that_is_not_there_is_explained(tmp_path):
    told = make_demo(DATA="northwind", TANDEM_SHARED=str(tmp_path))
    assert told.returncode == 2
    assert "set TANDEM_SHARED to the folder" in told.stderr


PLACE = "Address,City,Region,PostalCode,Country"
SHIP_TO = ",".join(f"Ship{name}" for name in PLACE.split(","))
STOCKED = "UnitPrice,UnitsInStock,Discontinued"
DAYS = "OrderDate,RequiredDate,ShippedDate,PaidDate"
ADDRESS = "Main Street 1,Bergen,,5003,Norway"
SHOP = {
    "Categories": ["CategoryID,CategoryName", "1,Tea", "2,Cups"],
    "Suppliers": [
        f"SupplierID,CompanyName,ContactName,{PLACE},Phone",
        f"1,Leaf and Clay,Ola,{ADDRESS},+47 22 12 34 56",
    ],
    "Products": [
        f"ProductID,ProductName,SupplierID,CategoryID,QuantityPerUnit,{STOCKED}",
        "1,Green tea,1,1,100 g,8.35,4,0",
        "2,Black tea,1,1,100 g,6.00,0,1",
        "3,Cup,1,2,each,11.99,9,0",
    ],
    "Customers": [
        f"CustomerID,CompanyName,ContactName,ContactTitle,{PLACE},Phone",
        f"FJORD,Fjord Café,Åse Lund,Owner,{ADDRESS},+47 55 12 34 56",
        f"SKOG,Skog Hotel,Per Dal,Buyer,{ADDRESS},+47 55 65 43 21",
    ],
    "Shippers": ["ShipperID,CompanyName", "1,Coast Line"],
    "Orders": [
        f"OrderID,CustomerID,{DAYS},ShipVia,Freight,ShipName,{SHIP_TO}",
        f"1,FJORD,2009-12-29,2010-01-12,2009-12-30,2010-01-05,1,4.50,Fjord Café,{ADDRESS}",
        f"2,SKOG,2009-12-30,2010-01-12,2010-01-04,,1,3.25,Skog Hotel,{ADDRESS}",
        f"3,FJORD,2010-01-04,2010-01-18,,,1,1.10,Fjord Café,{ADDRESS}",
        f"4,SKOG,2010-01-04,2010-01-18,2010-02-02,2010-02-02,1,0,Skog Hotel,{ADDRESS}",
    ],
    "OrderDetails": [
        "OrderID,ProductID,UnitPrice,Quantity,Discount",
        "1,1,8.35,3,0.15",
        "2,1,8.35,2,0",
        "2,3,11.99,1,0.05",
        "3,2,6.00,7,0",
        "3,3,11.99,2,0.25",
        "4,3,11.99,4,0",
    ],
}
"""A shop of another period: an order was never shipped (3), and one never paid (2)."""


def test_another_period_is_replayed_with_what_stays_reserved_and_owed(tmp_path):
    """Every expectation comes from the files; the sums below were added up by hand."""
    folder = tmp_path / "data" / "northwind"
    folder.mkdir(parents=True)
    for name, lines in SHOP.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = make_demo(
        DATA="northwind", TANDEM_SHARED=str(tmp_path), RESULT=str(tmp_path / "result.json")
    )
    assert told.returncode == 0, told.stdout + told.stderr
    report = json.loads((tmp_path / "result.json").read_text())
    assert (report["orders"], report["orders_not_shipped"], report["orders_not_paid"]) == (4, 1, 1)
    assert report["net"]["revenue_account"] == "97.34"
    found = {one["name"]: one["found"] for one in report["checks"]}
    assert found["pieces reserved"] == "9"
    assert found["receivable account"] == "31.34"
    assert found["open items of customers"] == "1"
    looked_at = [one["day"] for one in report["month_ends"]]
    assert looked_at == ["2009-12-30", "2010-01-04", "2010-02-02"]
