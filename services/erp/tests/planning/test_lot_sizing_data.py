"""Textbook problems of inventory with their solutions.

They lie outside the repository; without them the test is skipped, and says so.
"""

import csv
import json
import os
from pathlib import Path

import pytest

from erp.planning.rules import economics
from erp.planning.rules.economics import PriceBreak
from erp.planning.rules.lots import Need, wagner_whitin

SHARED = Path(os.environ.get("TANDEM_SHARED") or Path(__file__).parents[5] / "shared")
DATA = SHARED / "data" / "inventory_lotsizing" / "instances.csv"


def close(*numbers):
    return pytest.approx(numbers if len(numbers) > 1 else numbers[0], abs=2e-4)


def quantity(given):
    return economics.economic_quantity(
        given["demand_rate"], setup=given["fixed_cost"], holding=given["holding_cost"]
    )


def backorders(given):
    found, part = economics.economic_quantity_with_backorders(
        given["demand_rate"],
        setup=given["fixed_cost"],
        holding=given["holding_cost"],
        shortage=given["stockout_cost"],
    )
    return *found, part


def breaks(given):
    found, place = economics.cheapest_with_breaks(
        given["demand_rate"],
        setup=given["fixed_cost"],
        holding_rate=given["holding_cost_rate"],
        breaks=[
            PriceBreak(*of) for of in zip(given["breakpoints"], given["unit_costs"], strict=True)
        ],
    )
    return found.quantity, place, found.cost


def periods(given):
    """Orders and cost by Wagner and Whitin, costs in tenths."""
    needs = [Need(at, each) for at, each in enumerate(given["demand"])]
    prices = [10 * one for one in given["purchase_cost"]] if "purchase_cost" in given else None
    cost, begins = wagner_whitin(
        needs,
        setup_cost=round(10 * given["fixed_cost"]),
        holding_cost=round(10 * given["holding_cost"]),
        purchase_costs=prices,
    )
    ends = [*begins[1:], len(needs)]
    orders = [0.0] * len(needs)
    for begin, end in zip(begins, ends, strict=True):
        orders[begin] = float(sum(one.quantity for one in needs[begin:end]))
    return orders, cost / 10


def newsvendor(given):
    return economics.newsvendor(
        given["demand_mean"],
        given["demand_sd"],
        overage=given["holding_cost"],
        underage=given["stockout_cost"],
    )


def base_stock(given):
    return economics.base_stock(
        given["demand_mean"],
        given["demand_sd"],
        lead=given["lead_time"],
        holding=given["holding_cost"],
        shortage=given["stockout_cost"],
    )


def policy(given):
    point, found = economics.reorder_policy(
        given["demand_mean"],
        given["demand_sd"],
        lead=given["lead_time"],
        setup=given["fixed_cost"],
        holding=given["holding_cost"],
        shortage=given["stockout_cost"],
    )
    return point, *found


RULES = {
    "example_3_1": (quantity, ("order_quantity", "cost")),
    "example_3_8": (backorders, ("order_quantity", "cost", "stockout_fraction")),
    "example_3_5": (breaks, ("order_quantity", "region", "cost")),
    "example_3_9": (periods, ("order_quantities", "cost")),
    "scmo_ww_hw_c": (periods, ("order_quantities", "cost")),
    "example_4_1": (newsvendor, ("base_stock_level", "cost")),
    "example_4_3": (newsvendor, ("base_stock_level", "cost")),
    "example_4_4": (base_stock, ("base_stock_level", "cost")),
    "example_5_1": (policy, ("reorder_point", "order_quantity", "cost")),
}
OTHER_RULES = {
    *("scmo_jrp_ex", "spp_jrp", "silver_jrp"),  # items that share one set-up
    "example_4_2",  # by revenue and salvage value
    *("example_4_7", "example_4_8"),  # levels s and S
    "example_5_8",  # demand by Poisson's distribution
}
"""Problems of rules that planning does not have."""


@pytest.mark.skipif(not DATA.exists(), reason="the problems are not here: set TANDEM_SHARED")
def test_solutions_of_the_textbook_problems():
    """V3: quantities, levels and costs; every problem is judged, or its rule is not ours."""
    with DATA.open(encoding="utf-8", newline="") as file:
        rows = {row["instance"]: row for row in csv.DictReader(file)}
    assert rows.keys() == RULES.keys() | OTHER_RULES
    for name, (rule, shown) in RULES.items():
        expected = json.loads(rows[name]["expected_json"])
        found = dict(zip(shown, rule(json.loads(rows[name]["parameters_json"])), strict=True))
        assert found == {
            one: close(expected[one]) if not isinstance(expected[one], list) else expected[one]
            for one in shown
        }, name


def test_reorder_point_of_the_textbook():
    """V3: 50 a day, deviation 5, four days, z 1.645; EOQ and newsvendor as there."""
    assert economics.safety_stock(5, lead=4, z=1.645) == close(16.45)
    assert economics.reorder_point(50, 5, lead=4, z=1.645) == close(216.45)
    assert economics.economic_quantity(1300, setup=8, holding=0.225) == close(304.0468, 68.4105)
    assert economics.newsvendor(50, 8, overage=0.18, underage=0.7) == close(56.604, 1.9976)
