"""What holds of every plan, whatever is asked (E52 to E59)."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st

from erp.planning.rules.days import earlier, later, working_between
from erp.planning.rules.lots import Need, lots
from erp.planning.rules.planning import make_plan
from erp.planning.rules.possible import delays_of
from erp.planning.rules.snapshot import (
    Bill,
    Component,
    Demand,
    LotSizing,
    PlannedItem,
    Receipt,
    Snapshot,
)
from erp.planning.states import DemandKind, LotRule, Source, SupplyKind

TODAY = 100
WEEK = tuple(day for day in range(400) if day % 7 < 5)
sizings = st.builds(
    LotSizing,
    st.sampled_from(LotRule),
    quantity=st.integers(1, 40),
    minimum=st.integers(0, 30),
    maximum=st.sampled_from([0, 0, 30, 55]),
    multiple=st.sampled_from([0, 0, 5, 12]),
    days=st.integers(0, 9),
    setup_cost=st.integers(0, 300),
    holding_cost=st.integers(0, 4),
)
goods = st.sampled_from([(1, 1), (1, 1), (9, 10), (2, 3)])


@st.composite
def snapshots(draw):
    """Items 0 to n; each is made of later ones only."""
    count = draw(st.integers(2, 6))
    items = []
    for at in range(count):
        below = draw(st.lists(st.integers(at + 1, count - 1), max_size=3)) if at < count - 1 else []
        components = tuple(
            Component(f"i{one}", draw(st.integers(1, 7)), draw(st.integers(1, 3))) for one in below
        )
        phantom = bool(below) and draw(st.integers(0, 4)) == 0
        to_order = not phantom and draw(st.integers(0, 4)) == 0
        items.append(
            PlannedItem(
                f"i{at}",
                Source.PHANTOM if phantom else Source.MAKE if below else Source.BUY,
                on_hand=draw(st.integers(0, 60)),
                safety_stock=0 if phantom or to_order else draw(st.sampled_from([0, 0, 7, 25])),
                lead_days=0 if phantom else draw(st.integers(0, 12)),
                calendar=draw(st.sampled_from(["", "plant"])),
                lot=LotSizing() if phantom else draw(sizings),
                good=(1, 1) if phantom else draw(goods),
                fence_days=draw(st.integers(-2, 5)),
                to_order=to_order,
                bills=(Bill(components),) if components else (),
            )
        )
    keys = st.sampled_from([one.key for one in items])
    days, quantities = st.integers(TODAY - 5, TODAY + 40), st.integers(1, 60)
    demands = draw(
        st.lists(st.tuples(keys, days, quantities, st.sampled_from(["", "x", "y"])), max_size=8)
    )
    receipts = draw(st.lists(st.tuples(keys, days, quantities), max_size=5))
    return Snapshot(
        TODAY,
        tuple(items),
        tuple(
            Demand(f"d{n}", one[0], one[1], one[2], batch=one[3]) for n, one in enumerate(demands)
        ),
        tuple(Receipt(f"r{n}", *one) for n, one in enumerate(receipts)),
        {"plant": WEEK},
    )


def used_and_covered(one):
    """(Kind, place) -> what is used of a supply; place of a requirement -> what covers it."""
    covered: dict[int, int] = defaultdict(int)
    used: dict[tuple[str, int], int] = defaultdict(int)
    for peg in one.pegs:
        assert peg.quantity > 0
        covered[peg.requirement] += peg.quantity
        used[peg.supply, peg.place] += peg.quantity
    return used, covered


@settings(max_examples=150)
@given(snapshots())
def test_pegs_add_up_on_both_sides_and_nothing_is_used_twice(snapshot):
    """E53, E56: all that is needed is covered by no more than there is."""
    for one in make_plan(snapshot).items.values():
        used, covered = used_and_covered(one)
        assert [covered[at] for at in range(len(one.requirements))] == [
            needed.quantity for needed in one.requirements
        ]
        assert used[SupplyKind.ON_HAND, 0] <= one.item.on_hand
        for at, receipt in enumerate(one.receipts):
            assert used[SupplyKind.RECEIPT, at] <= receipt.quantity
        for order in one.orders:
            assert used[SupplyKind.PLANNED_ORDER, order.number] <= order.quantity
            assert 0 < order.quantity <= order.start
            assert order.quantity == order.start * one.item.good[0] // one.item.good[1]


@settings(max_examples=100)
@given(snapshots())
def test_everything_is_there_when_it_is_needed(snapshot):
    """E37, E53: what comes later covers nothing, unless it is overdue already."""
    for one in make_plan(snapshot).items.values():
        for peg in one.pegs:
            needed = one.requirements[peg.requirement].day
            if peg.supply == SupplyKind.PLANNED_ORDER:
                assert one.orders[peg.place].due <= needed
            if peg.supply == SupplyKind.RECEIPT:
                came = one.receipts[peg.place].day
                assert (came if came >= TODAY else TODAY + 1) <= needed


@settings(max_examples=100)
@given(snapshots())
def test_components_are_needed_for_what_their_parents_begin(snapshot):
    """E51, E52, E59: for nothing else, each once, on the day it begins, rounded up."""
    plan = make_plan(snapshot)
    asked = defaultdict(list)
    for key, one in plan.items.items():
        for needed in one.requirements:
            if needed.kind == DemandKind.PLANNED_ORDER:
                asked[needed.ref, needed.number].append((key, needed.day, needed.quantity))
                assert plan.items[needed.ref].level < one.level
    for key, one in plan.items.items():
        each: dict[str, Fraction] = defaultdict(Fraction)
        for of in (of for bill in one.item.bills for of in bill.components):
            each[of.item] += Fraction(of.numerator, of.denominator)
        for order in one.orders:
            assert sorted(asked[key, order.number]) == sorted(
                (item, order.release, ceil(order.start * of)) for item, of in each.items()
            )


@settings(max_examples=100)
@given(snapshots(), st.integers(0, 5), st.integers(1, 9))
def test_net_change_equals_a_plan_made_anew(snapshot, place, more):
    """E57, E58: the same input gives the same plan, in whatever order it is read."""
    before = make_plan(snapshot)
    mixed = replace(
        snapshot,
        items=snapshot.items[::-1],
        demands=snapshot.demands[::-1],
        receipts=snapshot.receipts[::-1],
    )
    assert make_plan(mixed) == before
    assert make_plan(mixed).digest() == before.digest()
    assert make_plan(snapshot, before).planned_anew == 0
    item = snapshot.items[place % len(snapshot.items)]
    changed = replace(
        snapshot,
        items=tuple(
            replace(one, on_hand=one.on_hand + more) if one is item else one
            for one in snapshot.items
        ),
        demands=(*snapshot.demands, Demand("new", item.key, TODAY + more, more)),
    )
    anew, net = make_plan(changed), make_plan(changed, before)
    assert net == anew
    assert net.digest() == anew.digest()
    for key, one in anew.items.items():  # what is ordered already stays as it was
        assert sorted(one.receipts, key=str) == sorted(
            (of for of in changed.receipts if of.item == key), key=str
        )


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 60)), min_size=1, max_size=15),
    sizings,
    goods,
)
def test_lots_cover_every_need_by_its_day(steps, sizing, good):
    """E55, E59: whatever the rule, the yield and the shape of orders."""
    day, needs = 0, []
    for gap, quantity in steps:
        day += gap + 1
        needs.append(Need(day, quantity))
    found = lots(needs, sizing, good)
    assert [one.day for one in found] == sorted(one.day for one in found)
    for need in needs:
        wanted = sum(one.quantity for one in needs if one.day <= need.day)
        assert sum(one.good for one in found if one.day <= need.day) >= wanted
    for one in found:
        assert one.good == one.start * good[0] // good[1]
        assert one.start >= sizing.minimum
        if sizing.multiple and not (sizing.rule == LotRule.FIXED and sizing.quantity):
            assert one.start % sizing.multiple == 0


@settings(max_examples=100)
@given(snapshots())
def test_delays_add_up_and_are_late(snapshot):
    """V12: parts of what is late add up to it, and each late part names a lead time."""
    plan = make_plan(snapshot)
    for (key, place), delay in delays_of(plan).items():
        needed = plan.items[key].requirements[place]
        assert sum(part.quantity for part in delay.parts) == needed.quantity
        assert delay.day > needed.day
        assert all(part.lead_times for part in delay.parts if part.day > needed.day)
        assert all(part.day >= TODAY - 2 for part in delay.parts if part.day > needed.day)


@given(st.integers(-50, 450), st.integers(0, 60))
def test_a_longer_lead_time_never_begins_later(day, lead):
    """E54: over weekends and beyond the calendar's ends."""
    assert earlier(WEEK, day, lead + 1) < earlier(WEEK, day, lead)
    assert later(WEEK, day, lead + 1) > later(WEEK, day, lead)
    assert day - earlier(WEEK, day, lead) >= lead
    assert working_between(WEEK, earlier(WEEK, day, lead), day) in {lead, lead + (day % 7 < 5) - 1}
