"""One order goes first: its day, what it takes, and whom it delays."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from erp.stock.rules.rescheduling import Supply
from erp.stock.rules.rushing import WaitingLine, go_first

TODAY = date(2026, 1, 5)
ITEM = UUID(int=1)


def day(later):
    return TODAY + timedelta(days=later)


def line(order, waiting, reserved=0, by=0, *, stays=False):
    """A line of the order, which came in the turn of its number."""
    key = UUID(int=order)
    quantities = Decimal(waiting), Decimal(reserved)
    return WaitingLine(key, key, ITEM, *quantities, day(by), day(by), order, stays)


def first(order, lines, free, receipts, wanted=0):
    supply = {ITEM: Supply(Decimal(free), [(day(on), Decimal(many)) for on, many in receipts])}
    return go_first(UUID(int=order), lines, supply, wanted_on=day(wanted), today=TODAY)


def delays_of(found):
    return {one.order_id.int: (one.before, one.after) for one in found.delays}


def test_reserved_goods_of_whoever_was_promised_last_give_way():
    """Of 4 and 6 reserved the rush takes 5: those promised for day 2 wait for the receipt."""
    lines = [line(1, 0, 4), line(2, 0, 6, by=2), line(3, 5, by=9)]
    found = first(3, lines, 0, [(9, 5)])
    assert (found.day, found.before, found.gains) == (TODAY, day(9), True)
    assert found.taken == {UUID(int=2): 5}
    assert delays_of(found) == {2: (day(2), day(9))}


def test_what_another_order_does_not_need_yet_delays_nobody():
    lines = [line(1, 0, 5, by=9), line(2, 5, by=9)]
    found = first(2, lines, 0, [(9, 5)])
    assert (found.day, found.taken, found.delays) == (TODAY, {UUID(int=1): 5}, [])


def test_material_of_production_stays():
    lines = [line(1, 0, 5, stays=True), line(2, 5, by=9), line(3, 4, by=4, stays=True)]
    found = first(2, lines, 0, [(4, 4), (9, 5)])
    assert (found.day, found.gains, found.taken, found.delays) == (day(9), False, {}, [])


def test_an_order_that_comes_too_late_anyway_is_not_delayed_by_the_rush():
    lines = [line(1, 5, by=1), line(2, 5, by=8), line(3, 2, by=12)]
    found = first(3, lines, 0, [(6, 5), (8, 5), (12, 2)])
    assert (found.day, delays_of(found)) == (day(6), {1: (day(6), day(8)), 2: (day(8), day(12))})


def test_an_earlier_rush_is_delayed_by_name():
    """The first rush has the receipt of day 5; the order that lost it comes behind both."""
    undated = Decimal(5), Decimal(0), TODAY, None
    lines = [
        WaitingLine(UUID(int=1), UUID(int=1), ITEM, *undated, 1, stays=False),
        line(2, 5, by=5),
        WaitingLine(UUID(int=3), UUID(int=3), ITEM, *undated, 3, stays=False),
    ]
    found = first(3, lines, 0, [(5, 5)])
    assert (found.day, found.before, delays_of(found)) == (day(5), None, {2: (day(5), None)})


def test_an_order_of_services_alone_gains_nothing():
    found = first(1, [line(2, 5, by=5)], 0, [(5, 5)], wanted=30)
    assert (found.waits, found.gains) == (False, False)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 9)), min_size=2, max_size=6
    ),
    st.integers(0, 5),
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 8)), max_size=4),
    st.integers(0, 9),
)
def test_what_is_promised_afterwards_can_be_kept(orders, free, receipts, wanted):
    """E37: by no day more is promised to the rush and whom it delays than there is."""
    lines = [line(at, waiting, got, by) for at, (waiting, got, by) in enumerate(orders, 1)]
    rush = len(lines)
    found = first(rush, lines, free, receipts, wanted)
    if found.day is None:
        assert (
            free + sum(got for _, got, _ in orders[:-1]) + sum(q for _, q in receipts)
            < (orders[-1][0])
        )
        return
    assert found.day >= day(wanted)
    assert all(0 < taken <= orders[key.int - 1][1] for key, taken in found.taken.items())
    moved = {key: after for key, (_, after) in delays_of(found).items()} | {rush: found.day}
    for on in range(10):
        there = free + sum(got for _, got, _ in orders) + sum(q for at, q in receipts if at <= on)
        kept = [orders[key - 1] for key, after in moved.items() if after and after <= day(on)]
        assert sum(waiting + got for waiting, got, _ in kept) <= there
    for before, after in delays_of(found).values():
        assert before is not None
        assert after is None or after > before
