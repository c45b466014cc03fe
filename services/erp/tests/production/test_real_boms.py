"""The bills of material of a bicycle maker: 2,679 rows with their days, through the product.

They lie outside the repository; without them the test is skipped, and says so.
"""

import csv
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[5] / "shared")
DATA = SHARED / "data" / "adventureworks"
PATH = "/v1/bills-of-material"
UNITS = {"EA": "C62", "OZ": "XOZ", "IN": "XIN"}
DAY = "2014-06-30"

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the bills of material are not here: set TANDEM_SHARED"
)


def rows(name):
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def component(row):
    return {
        "sku": f"AW-{row['ComponentID']}",
        "quantity": row["PerAssemblyQty"],
        "unit": UNITS[row["UnitMeasureCode"]],
        "effective_from": row["StartDate"],
        "effective_to": row["EndDate"] or None,
    }


async def bring_items(desk, found):
    """Every product that a row names, counted in the unit in which it is a component.

    The items of the data have their own numbers: another test may have brought all of them.
    """
    units = {row["ComponentID"]: UNITS[row["UnitMeasureCode"]] for row in found}
    for code in ("XOZ", "XIN"):
        reply = await desk.erp.post("/v1/units", {"code": code, "name": code, "decimals": 6})
        assert reply.status_code in {201, 409}
    names = {row["ProductID"]: row["Name"] for row in rows("Product.csv")}
    named = {row["ComponentID"] for row in found}
    named |= {row["ProductAssemblyID"] for row in found} - {""}
    items = [
        {
            "external_id": one,
            "source_version": 1,
            "sku": f"AW-{one}",
            "name": names[one],
            "unit": units.get(one, "C62"),
        }
        for one in sorted(named, key=int)
    ]
    done = await desk.send_many("/v1/items", items, system="adventureworks")
    assert {one["status"] for one in done} in ({"created"}, {"unchanged"})


async def bring_bills(desk, found):
    """A bill for each assembly; a row without assembly says since when the product is made."""
    lines, since = defaultdict(list), dict[str, str]()
    for row in found:
        if row["ProductAssemblyID"]:
            lines[row["ProductAssemblyID"]].append(component(row))
        else:
            begin = since.get(row["ComponentID"], row["StartDate"])
            since[row["ComponentID"]] = min(begin, row["StartDate"])
    bills = [
        {
            "external_id": one,
            "source_version": 1,
            "sku": f"AW-{one}",
            "label": "1",
            "status": "active",
            "effective_from": since.get(one),
            "lines": own,
        }
        for one, own in lines.items()
    ]
    done = await desk.send_many(PATH, bills, system="adventureworks")
    assert {one["status"] for one in done} in ({"created"}, {"unchanged"}), [
        one for one in done if one["status"] not in {"created", "unchanged"}
    ][:3]
    return sum(map(len, lines.values())), sum(not row["ProductAssemblyID"] for row in found)


async def test_real_bills_come_in_and_are_exploded(desk, planning):
    """E51, E60: all rows with their days; explosions equal what the data are known to say."""
    found = rows("BillOfMaterials.csv")
    assert len(found) == 2679
    await bring_items(desk, found)
    assert await bring_bills(desk, found) == (2576, 103)
    kept = "bill_of_material_id in (select entity_id from external_reference where system = $1)"
    assert await desk.count("bill_of_material_line", kept, "adventureworks") == 2576

    road_bike = await planning.explodes("AW-749", on=DAY)
    bought = {
        one["sku"]: Decimal(one["quantity"]) for one in road_bike if one["source"] == "bought"
    }
    assert (len(road_bike), len(bought), sum(bought.values())) == (74, 48, 421)
    assert [bought[f"AW-{one}"] for one in (2, 491, 527, 358)] == [100, 72, 72, 40]

    frame = await planning.explodes("AW-680", on=DAY)
    parts = [Decimal(one["quantity"]) for one in frame if one["source"] == "bought"]
    assert (len(frame), len(parts), sum(parts)) == (21, 10, 27)
    assert max(one["level"] for one in frame) == 3

    seat = await planning.needs("AW-516", on=DAY)
    assert {sku: quantity for sku, (quantity, _) in seat.items()} == {
        "AW-497": "4",
        "AW-528": "1",
        "AW-530": "1",
        "AW-910": "1",
    }
    deepest = await planning.explodes("AW-749", on=DAY, layout="indented")
    assert max(one["level"] for one in deepest) <= 4
    above = await planning.uses("AW-2", on=DAY)
    assert above["AW-749"][1] == "100"
