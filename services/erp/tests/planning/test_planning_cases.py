"""Nine small cases, each with the plan that another planning engine makes.

They lie outside the repository; without them the tests are skipped, and say so. That engine plans
finite capacity and moves what is late; here needs are planned as they are, and what is late is
said. Times are whole seconds. What differs is listed with the rule that makes it.
"""

import csv
import os
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from erp.planning.rules.planning import make_plan
from erp.planning.rules.possible import delays_of
from erp.planning.rules.snapshot import (
    Bill,
    Component,
    Demand,
    LotSizing,
    PlannedItem,
    Snapshot,
)
from erp.planning.states import Source, SupplyKind

SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[5] / "shared")
DATA = SHARED / "data" / "planning_cases"
SCALE = 10
"""Steps of a unit: one forecast is of tenths."""

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the planning cases are not here: set TANDEM_SHARED"
)


def at(text):
    return round((datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001


def seconds(text, *, days):
    """HH:MM:SS, or a number of seconds, or of days where the case says so."""
    if not text:
        return 0
    if ":" in text:
        hours, minutes, rest = (int(one) for one in text.split(":"))
        return hours * 3600 + minutes * 60 + rest
    return round(Decimal(text) * (86400 if days else 1))


class Case:
    """The tables of a case: names of columns in small letters without spaces."""

    def __init__(self, name):
        self.name = name
        parameters = {one["name"]: one["value"] for one in self.rows("parameter")}
        self.now = at(parameters["currentdate"])
        self.in_days = parameters.get("excel_duration_in_days") == "true"
        materials = self.rows("operation_material", "operationmaterial")
        operations = {one["name"]: one for one in self.rows("operation")}
        self.needed = defaultdict(list)
        self.produced = defaultdict(set)
        for one in materials:
            owner = operations[one["operation"]].get("owner") or one["operation"]
            if float(one["quantity"]) < 0:
                self.needed[owner].append(one)
            else:
                self.produced[one["item"]].add(owner)
        for operation, one in operations.items():
            if one.get("item") and not one.get("owner"):
                self.produced[one["item"]].add(operation)
        self.operations = operations
        self.suppliers = {one["item"]: one for one in self.rows("item_supplier")}
        # Two orders of one case have one name: the last of them counts, as it does there.
        orders = self.rows("sales_order", "demand")
        self.demands = list({one["name"]: one for one in orders}.values())

    def rows(self, *names):
        for name in names:
            path = DATA / self.name / f"{name}.csv"
            if path.exists():
                with path.open(encoding="utf-8-sig", newline="") as file:
                    found = list(csv.reader(file))
                head = [one.lower().replace(" ", "_") for one in found[0]]
                return [dict(zip(head, row, strict=True)) for row in found[1:]]
        return []

    def expected(self):
        """Operation, start, end, quantity, as the other engine plans them."""
        text = (DATA / self.name / "expected_plan.txt").read_text(encoding="utf-8")
        found = []
        for line in text.splitlines():
            operation, start, end, quantity, *_ = line.split(",")
            found.append((operation, at(start), at(end), Decimal(quantity)))
        return found

    def totals(self, *beginnings):
        """Quantities of operations whose names begin so, by the item or operation named."""
        totals: Any = defaultdict(Decimal)
        for operation, _, _, quantity in self.expected():
            for beginning in beginnings:
                if operation.startswith(beginning):
                    totals[operation.split(" @ ")[0].removeprefix(beginning)] += quantity
        return dict(totals)

    def snapshot(self, *, forecast=(), until=None):
        """Items with what they are made of; those of two operations by the first that counts."""
        keys = {one["name"] for one in self.rows("item")}
        items = tuple(self.item(key) for key in sorted(keys))
        demands = [
            Demand(f"{n:02} {one['name']}", one["item"], at(one["due"]), steps(one["quantity"]),
                   batch=one.get("batch", ""), priority=int(one.get("priority") or 10))
            for n, one in enumerate(self.demands)
            if one["status"] == "open" and (until is None or at(one["due"]) <= until)
        ]  # fmt: skip
        return Snapshot(self.now, items, (*demands, *forecast))

    def item(self, key):
        owners = sorted(
            self.produced.get(key, ()), key=lambda one: self.operations[one].get("priority") or ""
        )
        types = {one["name"]: one.get("type") for one in self.rows("item")}
        # What is made of components made to order is made order by order as well.
        below = {one["item"] for owner in owners for one in self.needed[owner]}
        to_order = "make to order" in {types[one] for one in (key, *below)}
        stock, batches = 0, {}
        for one in self.rows("buffer"):
            if one["item"] == key and one["onhand"]:
                if one.get("batch"):
                    batches[one["batch"]] = steps(one["onhand"])
                else:
                    stock += steps(one["onhand"])
        supplier = self.suppliers.get(key, {})
        lead = seconds(supplier.get("lead_time", ""), days=self.in_days)
        least = steps(supplier.get("size_minimum") or "0")
        bills = []
        for owner in owners:
            of = self.operations[owner]
            lead = seconds(of.get("duration", ""), days=self.in_days)
            least = steps(of.get("size_minimum") or "0") if self.name == "make_to_order" else 0
            components = tuple(
                Component(one["item"], -round(float(one["quantity"])), 1,
                          group=one.get("name", ""), priority=int(one.get("priority") or 1))
                for one in self.needed[owner]
            )  # fmt: skip
            begin, end = of.get("effective_start"), of.get("effective_end")
            bills.append(
                Bill(components, at(begin) if begin else None, at(end) - 1 if end else None)
            )
        # Of two that count on a day the one that begins later does, as revisions end each other.
        bills.sort(key=lambda one: one.from_day or 0, reverse=True)
        return PlannedItem(
            key,
            Source.MAKE if owners else Source.BUY,
            on_hand=stock,
            lead_days=lead,
            lot=LotSizing(minimum=least),
            to_order=to_order,
            batches=batches if to_order else {},
            bills=tuple(bills),
        )


def steps(quantity):
    return round(Decimal(quantity) * SCALE)


def judged(case, **how):
    """The plan of a case, when all that must hold of every one does."""
    snapshot = case.snapshot(**how)
    plan = make_plan(snapshot)
    for one in plan.items.values():
        used = sum(peg.quantity for peg in one.pegs if peg.supply == SupplyKind.ON_HAND)
        assert used <= one.item.on_hand + sum(one.item.batches.values())
        assert sum(peg.quantity for peg in one.pegs) == sum(of.quantity for of in one.requirements)
    shipped: Any = defaultdict(int)
    for one in snapshot.demands:
        shipped[one.item] += one.quantity
    ships = {
        key: steps(quantity)
        for key, quantity in case.totals("Ship ").items()
        if " from " not in key
    }
    assert shipped == ships  # all that is wanted is shipped, by both
    return plan


def bought(plan):
    totals = {
        key: sum((Decimal(of.start) / SCALE for of in one.orders), Decimal(0))
        for key, one in plan.items.items()
        if one.orders and one.item.source == Source.BUY
    }
    return {key: total for key, total in totals.items() if total}


def purchases(case):
    """What the other engine buys, by item."""
    totals: Any = defaultdict(Decimal)
    for operation, _, _, quantity in case.expected():
        if operation.startswith("Purchase "):
            totals[operation.removeprefix("Purchase ").split(" @ ")[0]] += quantity
    return dict(totals)


def made(plan, key):
    return [(of.release, of.due, Decimal(of.start) / SCALE) for of in plan.items[key].orders]


def test_make_to_order():
    """E58: batches stay apart; due days and totals as expected.

    Differs: both orders of an item due on one day are one lot, or begin together; the other
    engine puts them after each other because a work place makes one at a time (E67). So all but
    the last of them begin a day later here.
    """
    case = Case("make_to_order")
    plan = judged(case)
    assert bought(plan) == purchases(case)
    latest: Any = {}
    for operation, start, end, _ in case.expected():
        latest[operation] = max(latest.get(operation, (0, 0)), (start, end))
    for key, one in plan.items.items():
        if one.item.source == Source.MAKE and one.orders:
            assert {(of.release, of.due) for of in one.orders} == {latest[key]}, key
    batches = {of.batch: of.start for of in plan.items["B - component 1"].orders}
    assert batches == {"B - order 1": steps(10), "B - order 2": steps(10)}  # stock of X is not used
    assert [of.start for of in plan.items["E - end item"].orders] == [steps(40)]


def test_alternate_materials():
    """E60: by the revision of the day it begins; totals shipped as expected.

    Differs: the order of 2019-01-01 is late by its lead times, and is said to be so; the other
    engine moves it. Of alternates the first counts here whatever is in stock, so C-alt serves all
    where the other engine takes what is there in time (and leaves 33 of C in stock to it).
    """
    case = Case("alternate_materials")
    plan = judged(case)
    assert [(end, quantity) for _, end, quantity in made(plan, "X")] == [
        (at(f"2019-0{month}-01"), Decimal(100)) for month in (1, 2, 3, 4)
    ]
    assert {of.past_due > 0 for of in plan.items["X"].orders[:1]} == {True}
    assert purchases(case)["D"] == bought(plan)["D"] == Decimal(300)
    assert purchases(case)["E"] == bought(plan)["E"] == Decimal(300)
    assert purchases(case)["B"] == bought(plan)["B"] == Decimal(100)
    assert bought(plan)["C-alt"] == Decimal(400)
    assert purchases(case)["C-alt"] + purchases(case)["C"] + 33 == Decimal(400)


def test_operation_routing():
    """E54: what is late is said, with the day on which all can be there: paint needs 21 days.

    Differs: the steps of the routing are planned as one, without their hours (E68).
    """
    case = Case("operation_routing")
    plan = judged(case)
    assert bought(plan) == purchases(case)
    [paint] = plan.items["Paint pot"].orders
    assert (paint.due, paint.past_due) == (at("2018-01-16"), 15 * 86400 - 9 * 86400)
    delay = delays_of(plan)["Product", 0]
    assert (delay.day, delay.lead_times) == (at("2018-01-22"), ("Paint pot",))


def test_operation_type():
    """Due days and quantities of four kinds of operations.

    Differs: the transfer of a day from factory to store, and times that grow with the quantity,
    are not planned (E67).
    """
    case = Case("operation_type")
    plan = judged(case)
    for key, quantity in (("product A", 10), ("product B", 10), ("product C", 10)):
        [(_, due, start)] = made(plan, key)
        assert (due, start) == (at("2020-04-01"), Decimal(quantity))
    [(_, due, start)] = made(plan, "product D")
    assert (due, start) == (at("2020-04-01"), Decimal(12))
    totals: Any = defaultdict(Decimal)
    for operation, _, _, quantity in case.expected():
        if operation.startswith("make") and "option" not in operation:
            totals[operation.removeprefix("make ")[:9]] += quantity
    assert totals == {key: made(plan, key)[0][2] for key in totals}


@pytest.mark.parametrize("name", ["demand_priorities", "resource_type"])
def test_what_capacity_moves(name):
    """Days of need and totals as wanted; what is late there is past due here.

    Differs: both cases are about one work place that makes one thing at a time (E67).
    """
    case = Case(name)
    plan = judged(case)
    [top] = [key for key in plan.items if key == "product"]
    wanted = sorted((at(one["due"]), Decimal(one["quantity"])) for one in case.demands)
    totals: Any = defaultdict(Decimal)
    for due, quantity in wanted:
        totals[due] += quantity
    assert {due: quantity for _, due, quantity in made(plan, top)} == totals
    for operation in ("Make product", "Operation A", "Operation B", "Operation C"):
        expected = sum(one[3] for one in case.expected() if one[0] == operation)
        key = {"Operation A": "product_1", "Operation B": "product_2"}.get(operation, "product")
        if expected:
            assert sum(one[2] for one in made(plan, key)) == expected


def test_resource_alternate():
    """Totals of components, at their least quantities.

    Differs: the three orders begin together; the other engine puts them after each other (E67).
    """
    case = Case("resource_alternate")
    plan = judged(case)
    assert bought(plan) == purchases(case)
    assert [(due, start) for _, due, start in made(plan, "round table")] == [
        (at("2019-08-15"), Decimal(300))
    ]


def test_supplier_capacity():
    """Totals by item; days of need as wanted, with the supplier's lead time.

    Differs: the supplier's capacity of 100 a week and its closed month are not planned (E67).
    """
    case = Case("supplier_capacity")
    plan = judged(case)
    assert bought(plan) == purchases(case)
    for key, due, quantity in (
        ("product X", "2019-01-07", 370),
        ("product Y", "2019-01-08", 20),
        ("product Z", "2019-01-09", 140),
    ):
        release, day, start = made(plan, key)[0]
        assert (day, start, day - release) == (at(due), Decimal(quantity), 3 * 86400)


def test_forecast_with_missing_data():
    """The forecast as it is given by the other plan: each week is covered by its day.

    Differs: the other engine rounds each purchase up to whole pieces and buys two weeks at once
    before the end of a quarter; here each need is covered as it is, in tenths.
    """
    case = Case("forecast_with_missing_data")
    given = [
        Demand(f"{n:03}", operation.removeprefix("Ship ").split(" @ ")[0], end, steps(quantity))
        for n, (operation, _, end, quantity) in enumerate(case.expected())
        if operation.startswith("Ship ")
    ]
    plan = judged(case, forecast=given)
    for key in ("item A", "item B", "item C"):
        assert [(one.due, one.start) for one in plan.items[key].orders] == [
            (one.day, one.quantity) for one in given if one.item == key
        ]
        assert {one.due - one.release for one in plan.items[key].orders} == {2 * 86400}
    assert bought(plan) == {
        "item A": purchases(case)["item A"],
        "item B": purchases(case)["item B"],
        "item C": Decimal("20.8"),
    }
    assert purchases(case)["item C"] == Decimal(23)
