"""The arithmetic of planning against figures from textbooks."""

from dataclasses import replace
from decimal import Decimal

import pytest

from erp.planning.rules.exploding import components_on
from erp.planning.rules.levels import CircularBill, low_level_codes
from erp.planning.rules.lots import Need, cost_of, lots, wagner_whitin
from erp.planning.rules.planning import make_plan
from erp.planning.rules.possible import Part, delays_of
from erp.planning.rules.snapshot import (
    Bill,
    Component,
    Demand,
    LotSizing,
    PlannedItem,
    Receipt,
    Snapshot,
)
from erp.planning.states import LotRule, MessageKind, Source

MADE = {"A": {"B": 2, "C": 3}, "B": {"D": 2, "E": 2}, "C": {"E": 2, "F": 2}, "F": {"D": 2, "G": 1}}
LEAD = {"A": 1, "B": 2, "C": 1, "D": 1, "E": 2, "F": 3, "G": 2}
ON_HAND = {"A": 10, "B": 15, "C": 20, "D": 10, "E": 10, "F": 5, "G": 0}


def textbook(on_hand=ON_HAND, **more):
    """The product of V2; periods are weeks."""
    items = tuple(
        PlannedItem(
            key,
            Source.MAKE if key in MADE else Source.BUY,
            on_hand=on_hand.get(key, 0),
            lead_days=lead,
            bills=(Bill(tuple(Component(one, n) for one, n in MADE[key].items())),)
            if key in MADE
            else (),
        )
        for key, lead in LEAD.items()
    )
    return Snapshot(1, items, (Demand("order", "A", 8, 50),), **more)


def test_gross_to_net_of_the_textbook_product():
    """V2, E52, E53: D and E are used at several levels and are netted once."""
    plan = make_plan(textbook())
    planned = {
        key: [(one.release, one.start) for one in of.orders] for key, of in plan.items.items()
    }
    assert planned == {
        "A": [(7, 40)],
        "B": [(5, 65)],
        "C": [(6, 100)],
        "E": [(3, 120), (4, 200)],
        "F": [(3, 195)],
        "D": [(2, 380), (4, 130)],
        "G": [(1, 195)],
    }
    levels = {key: of.level for key, of in plan.items.items()}
    assert levels == {"A": 0, "B": 1, "C": 1, "E": 2, "F": 2, "D": 3, "G": 3}
    gross = {
        key: [(one.quantity, one.day) for one in of.requirements] for key, of in plan.items.items()
    }
    assert gross["E"] == [(130, 5), (200, 6)]
    assert gross["D"] == [(390, 3), (130, 5)]
    without = make_plan(textbook(on_hand={}))
    totals = {
        key: sum(one.quantity for one in of.requirements) for key, of in without.items.items()
    }
    assert totals == {"A": 50, "B": 100, "C": 150, "D": 800, "E": 500, "F": 300, "G": 300}


V3 = [Need(week, quantity) for week, quantity in enumerate((50, 60, 70, 60, 95, 75, 60, 55), 1)]


@pytest.mark.parametrize(
    ("sizing", "expected", "cost"),
    [
        (LotSizing(), list(V3), "376.00"),
        (LotSizing(LotRule.FIXED, quantity=351), [(1, 351), (6, 351)], "171.05"),
        (LotSizing(LotRule.LEAST_UNIT_COST), [(1, 410), (7, 115)], "153.50"),
        (LotSizing(LotRule.LEAST_TOTAL_COST), [(1, 335), (6, 190)], "140.50"),
        (LotSizing(LotRule.WAGNER_WHITIN), [(1, 240), (5, 285)], "131.00"),
        (LotSizing(LotRule.PERIOD, days=4), [(1, 240), (5, 285)], "131.00"),
        (LotSizing(LotRule.MULTIPLE, multiple=100), None, None),
        (LotSizing(LotRule.MIN_MAX, minimum=80, maximum=90, multiple=10), None, None),
    ],
    ids=lambda one: one.rule.value if isinstance(one, LotSizing) else "",
)
def test_lot_sizing_of_the_textbook_data(sizing, expected, cost):
    """V3, E55: orders and their costs, set-up 47.00 and 0.05 for a unit and week."""
    setup, holding = 4700, 5
    sizing = replace(sizing, setup_cost=setup, holding_cost=holding)
    found = lots(V3, sizing)
    if expected is not None:
        assert [(one.day, one.good) for one in found] == expected
        cents = cost_of(V3, found, setup=setup, holding=holding)
        if sizing.rule == LotRule.FIXED:  # the textbook counts what is left at the end too
            cents += (sum(one.good for one in found) - sum(one.quantity for one in V3)) * holding
        assert Decimal(cents) / 100 == Decimal(cost)
    if sizing.rule == LotRule.MULTIPLE:
        assert [(one.day, one.good) for one in found] == [
            (1, 100), (2, 100), (4, 100), (5, 100), (6, 100), (8, 100),
        ]  # fmt: skip
    if sizing.rule == LotRule.MIN_MAX:
        assert all(80 <= one.good <= 90 and one.good % 10 == 0 for one in found)


def test_the_other_optimum_and_changing_prices():
    """V3: 210 and 150 for 1,380; with prices that change the cheap period buys ahead."""
    needs = [Need(at, quantity) for at, quantity in enumerate((90, 120, 80, 70))]
    found = lots(needs, LotSizing(LotRule.WAGNER_WHITIN, setup_cost=500, holding_cost=2))
    assert [(one.day, one.good) for one in found] == [(0, 210), (2, 150)]
    assert wagner_whitin(needs, setup_cost=500, holding_cost=2)[0] == 1380
    needs = [Need(at, quantity) for at, quantity in enumerate((400, 500, 500, 1100, 900))]
    prices = [30, 10, 40, 60, 60]
    least = wagner_whitin(needs, setup_cost=1000, holding_cost=1, purchase_costs=prices)
    assert least == (49400, [0, 1])


def test_fences_and_reasons():
    """V12, as far as it is material and fences: 28 December is day -4, 1 December day -31."""
    fence = PlannedItem(
        "end", lead_days=7, fence_days=-4, bills=(Bill((Component("sub", 1),)),), on_hand=0
    )
    sub = PlannedItem("sub", on_hand=15, lead_days=5, fence_days=4)
    demands = (
        Demand("order 1", "end", -31, 10, priority=1),
        Demand("order 2", "end", -31, 10, priority=2),
    )
    plan = make_plan(Snapshot(0, (fence, sub), demands))
    delays = delays_of(plan)
    first, second = (delays["end", at] for at in range(2))
    assert first.parts == (Part(3, 10, ("end",)),)  # 4 January
    assert second.parts == (Part(3, 5, ("end",)), Part(16, 5, ("end", "sub")))  # 4 and 17 January
    [order] = plan.items["end"].orders
    assert (order.due, order.release, order.past_due) == (-31, -38, 34)


def test_a_past_release_is_said_and_not_moved():
    """E54: working days count; a longer lead time never begins later."""
    week = tuple(day for day in range(-60, 60) if day % 7 < 5)
    item = PlannedItem("A", Source.BUY, lead_days=6, calendar="plant")
    found = {}
    for lead in (0, 3, 6):
        item = PlannedItem("A", Source.BUY, lead_days=lead, calendar="plant")
        snapshot = Snapshot(2, (item,), (Demand("o", "A", 5, 7),), calendars={"plant": week})
        [found[lead]] = make_plan(snapshot).items["A"].orders
    assert [(one.due, one.release, one.past_due) for one in found.values()] == [
        (4, 4, 0),  # day 5 is a Saturday: it is here on Friday
        (4, 1, 1),
        (4, -4, 4),  # days -2 and -1 are a weekend
    ]
    [told] = make_plan(snapshot).items["A"].messages
    assert (told.kind, told.day, told.wanted, told.by_days) == (MessageKind.EXPEDITE, -4, 2, 4)


def test_a_revision_counts_by_the_day_of_the_beginning():
    """E60: also of alternates; an item that is made of itself has no plan (E50)."""
    old = Bill((Component("B", 1), Component("C", 2, to_day=11), Component("D", 2, 11)), to_day=12)
    new = Bill((Component("B", 5, group="g", priority=2), Component("C", 7, group="g")), 13)
    assert [one.item for one in components_on((old, new), 5)] == ["B", "C", "D"]
    assert [one.item for one in components_on((old, new), 12)] == ["B", "D"]
    assert [(one.item, one.numerator) for one in components_on((old, new), 13)] == [("C", 7)]
    assert not components_on((old,), 13)
    with pytest.raises(CircularBill, match="B, C"):
        low_level_codes({"A": ["B"], "B": ["C"], "C": ["B"]})


def test_messages_of_what_is_ordered():
    """E58: in, out, cancelled, overdue; nothing that is ordered is changed by it."""
    receipts = tuple(Receipt(f"r{n}", "A", day, 10) for n, day in enumerate((8, 20, 25, 40, 60), 1))
    demands = (Demand("a", "A", 12, 15), Demand("b", "A", 18, 10), Demand("c", "A", 38, 15))
    plan = make_plan(Snapshot(10, (PlannedItem("A", Source.BUY),), demands, receipts)).items["A"]
    assert [(one.kind, one.ref, one.wanted, one.by_days) for one in plan.messages] == [
        (MessageKind.OVERDUE, "r1", 12, 2),
        (MessageKind.RESCHEDULE_IN, "r2", 12, 8),
        (MessageKind.RESCHEDULE_IN, "r3", 18, 7),
        (MessageKind.RESCHEDULE_IN, "r4", 38, 2),
        (MessageKind.CANCEL, "r5", None, 0),
    ]
    # What is needed before a receipt comes is planned (E37); what then is left covers the rest.
    assert [(one.due, one.quantity) for one in plan.orders] == [(12, 5), (18, 10)]
    assert plan.receipts == receipts
    early = Snapshot(10, (PlannedItem("A", Source.BUY),), demands[2:], receipts[1:2])
    [late] = make_plan(early).items["A"].messages
    assert (late.kind, late.day, late.wanted) == (MessageKind.RESCHEDULE_OUT, 20, 38)


def test_what_is_made_to_order_serves_its_order_only():
    """E53, E58: neither stock nor orders of one batch are offered to another one."""
    item = PlannedItem(
        "A", on_hand=3, to_order=True, lead_days=1, batches={"x": 4, "z": 50},
        bills=(Bill((Component("B", 1),)),),
    )  # fmt: skip
    below = PlannedItem("B", Source.BUY, to_order=True)
    demands = tuple(Demand(one, "A", 20, 10, batch=one) for one in ("x", "y"))
    plan = make_plan(Snapshot(1, (item, below), demands))
    orders = plan.items["A"].orders
    assert [(one.batch, one.quantity) for one in orders] == [("x", 3), ("y", 10)]
    assert [(one.batch, one.quantity) for one in plan.items["B"].orders] == [("x", 3), ("y", 10)]


def test_phantoms_and_yield():
    """E51, E59: phantom stock first, no order of a phantom; begun = needed / yield, rounded up."""
    top = PlannedItem("top", lead_days=2, good=(9, 10), bills=(Bill((Component("ph", 2),)),))
    phantom = PlannedItem("ph", Source.PHANTOM, on_hand=5, bills=(Bill((Component("x", 3, 2),)),))
    bought = PlannedItem("x", Source.BUY, lead_days=4)
    plan = make_plan(Snapshot(1, (top, phantom, bought), (Demand("d", "top", 30, 10),)))
    [order] = plan.items["top"].orders
    assert (order.start, order.quantity) == (12, 10)
    [through] = plan.items["ph"].orders
    assert (through.release, through.due, through.start) == (28, 28, 19)
    [component] = plan.items["x"].orders
    assert (component.release, component.start) == (24, 29)
