"""Plans explode, begin and end as production does: phantoms by line, yields by step, lead times."""

from dataclasses import replace
from decimal import Decimal

from erp.planning.rules.lots import Need, lots
from erp.planning.rules.planning import make_plan
from erp.planning.rules.routes import begun_for, good_of, lead_days_of
from erp.planning.rules.snapshot import (
    Bill,
    Component,
    Demand,
    LotSizing,
    Operation,
    PlannedItem,
    Receipt,
    Snapshot,
)
from erp.planning.states import Source
from erp.production_orders.rules.quantities import begun_at

MINUTE = 1_000_000
DAY = 480 * MINUTE


def needs(plan, key):
    return [(one.day, one.quantity, one.ref) for one in plan.items[key].requirements]


def test_a_line_says_whether_it_is_passed_through():
    """E51: BIKE makes a FRAME of its own, TRIKE passes through it; what both need adds up."""
    items = (
        PlannedItem("BIKE", bills=(Bill((Component("FRAME", 1), Component("TUBE", 1))),)),
        PlannedItem(
            "TRIKE", bills=(Bill((Component("FRAME", 2, phantom=True), Component("TUBE", 1))),)
        ),
        PlannedItem("FRAME", lead_days=3, bills=(Bill((Component("TUBE", 3, 2),)),)),
        PlannedItem("TUBE", Source.BUY),
    )
    demands = (Demand("a", "BIKE", 100, 5), Demand("b", "TRIKE", 200, 5))
    plan = make_plan(Snapshot(1, items, demands))
    assert needs(plan, "FRAME") == [(100, 5, "BIKE")]
    assert [(one.release, one.start) for one in plan.items["FRAME"].orders] == [(97, 5)]
    # 3 for a frame pair and 1 beside: once an order, rounded up once.
    assert needs(plan, "TUBE") == [(97, 8, "FRAME"), (100, 5, "BIKE"), (200, 20, "TRIKE")]
    assert plan.items["TUBE"].level == 2


def test_phantoms_in_phantoms_multiply_and_count_once():
    items = (
        PlannedItem("A", bills=(Bill((Component("B", 2, phantom=True), Component("D", 1, 3))),)),
        PlannedItem("B", bills=(Bill((Component("C", 3, phantom=True),)),)),
        PlannedItem("C", bills=(Bill((Component("D", 1, 3),)),)),
        PlannedItem("D", Source.BUY),
    )
    plan = make_plan(Snapshot(1, items, (Demand("a", "A", 9, 1),)))
    assert needs(plan, "D") == [(9, 3, "A")]  # 2 x 3 / 3 + 1 / 3, rounded up once
    assert (needs(plan, "B"), needs(plan, "C")) == ([], [])


def test_so_many_begin_as_in_the_production_order():
    """E59: 0.9, then 0.8: each step is rounded up by itself."""
    yields = ((9, 10), (4, 5))
    for quantity in (1, 7, 10, 97):
        steps = begun_at(Decimal(quantity), [Decimal("0.9"), Decimal("0.8")], decimals=0)
        assert begun_for(quantity, yields) == steps[0]
        assert good_of(begun_for(quantity, yields), yields) >= quantity
    [lot] = lots([Need(5, 10)], LotSizing(), yields=yields)
    assert (lot.start, lot.good) == (15, 10)
    item = PlannedItem("A", yields=yields, bills=(Bill((Component("B", 2),)),))
    plan = make_plan(Snapshot(1, (item, PlannedItem("B", Source.BUY)), (Demand("a", "A", 9, 10),)))
    assert needs(plan, "B") == [(9, 30, "A")]


def test_the_lead_time_follows_from_the_routing_and_the_quantity():
    """E54: 60 queue, 30 set-up and 3 a piece, then 40 a batch of 20: in days of eight hours."""
    route = (
        Operation(60 * MINUTE, 30 * MINUTE, 3 * MINUTE, 1, by_batch=False, day=DAY),
        Operation(0, 0, 40 * MINUTE, 20, by_batch=True, day=DAY),
    )
    item = PlannedItem("A", route=route, lead_days=99)
    assert lead_days_of(item, 10) == 1  # 120 + 40 minutes
    assert lead_days_of(item, 100) == 2  # 390 + 200 minutes
    assert lead_days_of(item, 101) == 2
    assert lead_days_of(replace(item, route=()), 100) == 99
    plan = make_plan(Snapshot(1, (item,), (Demand("a", "A", 50, 100), Demand("b", "A", 60, 10))))
    assert [(one.release, one.due) for one in plan.items["A"].orders] == [(48, 50), (59, 60)]


def test_what_is_made_to_order_takes_receipts_in_turn():
    """E53: two receipts of no order serve two orders; one of an order serves it alone."""
    item = PlannedItem("A", to_order=True, lead_days=1)
    demands = tuple(Demand(name, "A", 10, 4, batch=name) for name in ("x", "y", "z"))
    receipts = (
        Receipt("r1", "A", 5, 5),
        Receipt("r2", "A", 8, 1),
        Receipt("r3", "A", 9, 2, batch="z"),
        Receipt("r4", "A", 11, 50),
    )
    plan = make_plan(Snapshot(1, (item,), demands, receipts))
    assert [(one.batch, one.quantity) for one in plan.items["A"].orders] == [("y", 2), ("z", 2)]


def test_many_orders_of_one_item_made_to_order_take_linear_time():
    """20,000 orders and 2,000 receipts: each receipt is looked at about once."""
    item = PlannedItem("A", to_order=True)
    demands = tuple(Demand(str(at), "A", 10 + at, 2, batch=str(at)) for at in range(20_000))
    receipts = tuple(Receipt(f"r{at}", "A", 5 + at, 2) for at in range(2_000))
    plan = make_plan(Snapshot(1, (item,), demands, receipts))
    assert len(plan.items["A"].orders) == 18_000
