"""A bicycle maker's open orders as of 2013-10-01, planned and computed once more another way.

The data lie outside the repository; without them the test is skipped, and says so.
"""

import csv
import os
from collections import defaultdict
from datetime import date
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

import pytest

from erp.planning.rules.planning import make_plan
from erp.planning.rules.snapshot import (
    Bill,
    Component,
    Demand,
    LotSizing,
    PlannedItem,
    Snapshot,
)
from erp.planning.states import Source

SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[5] / "shared")
DATA = SHARED / "data" / "adventureworks"
TODAY = date(2013, 10, 1)

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the bicycle maker's data are not here: set TANDEM_SHARED"
)


def rows(name):
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def ordinal(day):
    return date.fromisoformat(day[:10]).toordinal() if day else None


class Maker:
    """The files as they are: by product."""

    def __init__(self):
        self.products = {one["ProductID"]: one for one in rows("Product.csv")}
        self.lines = defaultdict(list)
        units = {}
        for one in rows("BillOfMaterials.csv"):
            units[one["ComponentID"]] = one["UnitMeasureCode"]
            if one["ProductAssemblyID"]:
                self.lines[one["ProductAssemblyID"]].append(one)
        self.scales = {key: 1 if units.get(key, "EA") == "EA" else 100 for key in self.products}
        self.stock: Any = defaultdict(int)
        for one in rows("ProductInventory.csv"):
            self.stock[one["ProductID"]] += int(one["Quantity"]) * self.scales[one["ProductID"]]
        self.vendors: Any = {}
        for one in rows("ProductVendor.csv"):
            key = one["ProductID"]
            if key not in self.vendors or int(one["AverageLeadTime"]) < self.vendors[key][0]:
                self.vendors[key] = (int(one["AverageLeadTime"]), int(one["MinOrderQty"]))
        due = {one["SalesOrderID"]: one["DueDate"][:10] for one in rows("SalesOrderHeader.csv")}
        self.wanted = [
            (one["ProductID"], ordinal(due[one["SalesOrderID"]]), int(one["OrderQty"]))
            for one in rows("SalesOrderDetail.csv")
            if due[one["SalesOrderID"]] >= TODAY.isoformat()
        ]

    def lead(self, key):
        if self.lines[key]:
            return int(self.products[key]["DaysToManufacture"])
        return self.vendors.get(key, (0, 0))[0]

    def least(self, key):
        return 0 if self.lines[key] else self.vendors.get(key, (0, 0))[1] * self.scales[key]

    def safety(self, key):
        return int(self.products[key]["SafetyStockLevel"]) * self.scales[key]


def snapshot_of(maker):
    """As the product would have it: whole steps, and ratios of them."""
    items = []
    for key in maker.products:
        components = tuple(
            Component(
                one["ComponentID"],
                int(Decimal(one["PerAssemblyQty"]) * 100) * maker.scales[one["ComponentID"]],
                100 * maker.scales[key],
                ordinal(one["StartDate"]),
                ordinal(one["EndDate"]),
            )
            for one in maker.lines[key]
        )
        items.append(
            PlannedItem(
                key,
                Source.MAKE if components else Source.BUY,
                on_hand=maker.stock[key],
                safety_stock=maker.safety(key),
                lead_days=maker.lead(key),
                lot=LotSizing(minimum=maker.least(key)),
                bills=(Bill(components),) if components else (),
            )
        )
    demands = tuple(
        Demand(f"{number:06}", key, day, quantity * maker.scales[key])
        for number, (key, day, quantity) in enumerate(maker.wanted)
    )
    return Snapshot(TODAY.toordinal(), tuple(items), demands)


def depths_of(maker):
    """Product -> how deep it stands at the deepest, by search."""
    depth: dict[str, int] = {}

    def sink(key, level):
        if depth.get(key, -1) < level:
            depth[key] = level
            for one in maker.lines[key]:
                sink(one["ComponentID"], level + 1)

    for key in maker.products:
        sink(key, 0)
    return depth


def simulated(maker, key, days):
    """(Release, due, quantity) of orders of a product, by its stock from day to day."""
    scale, lead = Decimal(maker.scales[key]), maker.lead(key)
    stock, safety = maker.stock[key] / scale, maker.safety(key) / scale
    days.setdefault(TODAY.toordinal() + lead, Decimal(0))  # safety stock is restored then
    orders = []
    for day in sorted(days):
        stock -= days[day]
        if stock < safety:
            quantity = max(safety - stock, maker.least(key) / scale)
            orders.append((day - lead, day, quantity))
            stock += quantity
    return orders


def used_of(maker, key, day):
    """(Component, quantity each, its step) of the lines that count on the day."""
    on = date.fromordinal(day).isoformat()
    for one in maker.lines[key]:
        if one["StartDate"][:10] <= on and (not one["EndDate"] or on <= one["EndDate"][:10]):
            step = Decimal(1) / maker.scales[one["ComponentID"]]
            yield one["ComponentID"], Decimal(one["PerAssemblyQty"]), step


def computed_once_more(maker):
    """Product -> its orders."""
    needs: Any = defaultdict(lambda: defaultdict(Decimal))
    for key, day, quantity in maker.wanted:
        needs[key][day] += quantity
    planned, depth = {}, depths_of(maker)
    for key in sorted(depth, key=lambda one: depth[one]):
        planned[key] = simulated(maker, key, needs[key])
        for release, _, quantity in planned[key]:
            for component, each, step in used_of(maker, key, release):
                whole = (quantity * each / step).to_integral_value(ROUND_CEILING) * step
                needs[component][release] += whole
    return planned


def test_a_plan_of_all_open_orders_equals_an_independent_one():
    """E52, E53, E54, E60: every order of every product, its days and its quantity."""
    maker = Maker()
    plan = make_plan(snapshot_of(maker))
    expected = computed_once_more(maker)
    assert plan.items.keys() == expected.keys()
    for key, one in plan.items.items():
        found = [
            (order.release, order.due, Decimal(order.start) / maker.scales[key])
            for order in one.orders
        ]
        assert found == expected[key], key
    lines, units = len(maker.wanted), sum(one[2] for one in maker.wanted)
    orders = sum(len(one) for one in expected.values())
    print(f"{lines} lines, {units} units; {orders} planned orders of {len(expected)} products")  # noqa: T201
    assert lines > 10_000
    assert orders > 1_000
