"""Capable to promise, in numbers: of goods to come, made or bought anew (E37, V8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.planning.rules.levels import CircularBill
from erp.planning.rules.lots import lots
from erp.planning.rules.promising import (
    PROMISE_ORDERS_MAX,
    PROMISE_PARTS_MAX,
    Derived,
    promise,
    promise_in_parts,
)
from erp.planning.rules.snapshot import Bill, Component, LotSizing, PlannedItem
from erp.planning.states import PromiseOrigin, Source

V8 = {"lamp": [(1, 40), (8, 10), (22, 50)]}


def bought(key, days, **more):
    return PlannedItem(key, Source.BUY, lead_days=days, **more)


def made(key, days, *components, **more):
    parts = tuple(Component(one, each) for one, each in components)
    return PlannedItem(key, lead_days=days, bills=(Bill(parts),), **more)


def asked(items, free, wanted, calendars=None):
    by_key = {one.key: one for one in items}
    return promise(by_key, free, wanted, today=1, calendars=calendars or {})


def shown(found):
    return [(one.item, one.quantity, one.origin.value, one.day) for one in found.parts]


@pytest.mark.parametrize(("by", "in_all"), [(1, 40), (8, 50), (15, 50), (22, 100)])
def test_v8_cumulative_through_the_promise(by, in_all):
    """E37 with V8: 40, 50, 50 and 100 can be promised by the weeks, one more only later."""
    assert asked([], V8, ("lamp", in_all, by)).day == by
    more = asked([], V8, ("lamp", in_all + 1, by))
    assert more.day is None if by == 22 else more.day == {1: 8}.get(by, 22)


def test_v8_promise_of_45_takes_the_nearest_goods_first():
    """E37 with V8: 10 of week 2 and 35 of week 1."""
    found = asked([], V8, ("lamp", 45, 8))
    assert shown(found) == [("lamp", 35, "stock", 1), ("lamp", 10, "receipt", 8)]


def test_what_lacks_is_bought_or_waited_for_whichever_is_sooner():
    """E37: a far receipt does not hinder a sooner one; of equal days the receipt."""
    found = asked([bought("lamp", 9)], V8, ("lamp", 60, 1))
    assert (found.day, shown(found)[-1]) == (10, ("lamp", 20, "buy", 10))
    found = asked([bought("lamp", 21)], V8, ("lamp", 60, 1))
    assert (found.day, found.parts[-1].origin) == (22, PromiseOrigin.RECEIPT)
    soon = {"lamp": [(1, 0), (5, 9), (9, 9)]}
    assert asked([bought("lamp", 9)], soon, ("lamp", 9, 1)).day == 5


def test_made_when_its_parts_are_there_with_the_reasons_beneath():
    """E54: lead times add up through the bill; shared goods are promised once."""
    top = bought("top", 5, lot=LotSizing(multiple=10))
    items = [made("table", 3, ("top", 1), ("leg", 4)), top, made("leg", 2, ("top", 1))]
    found = asked(items, {"top": [(1, 2)], "leg": [(1, 7)]}, ("table", 2, 1))
    [table] = found.parts
    assert (table.origin, table.begins, table.day) == (PromiseOrigin.MAKE, 8, 11)
    assert table.parts == (
        Derived("top", 2, PromiseOrigin.STOCK, 1, 1),
        Derived("leg", 7, PromiseOrigin.STOCK, 1, 1),
        Derived("leg", 1, PromiseOrigin.MAKE, 6, 8, (Derived("top", 1, PromiseOrigin.BUY, 1, 6),)),
    )


def test_what_was_taken_for_making_is_free_again_where_a_receipt_is_sooner():
    """E37: no leg is used for a stool that waits for its receipt."""
    stool = made("stool", 9, ("leg", 1))
    items = [made("set", 1, ("stool", 1), ("leg", 1)), stool]
    found = asked(items, {"stool": [(1, 0), (4, 1)], "leg": [(1, 1)]}, ("set", 1, 1))
    assert [(one.item, one.origin.value, one.day) for one in found.parts[0].parts] == [
        ("stool", "receipt", 4),
        ("leg", "stock", 1),
    ]
    assert (found.day, found.lacking) == (5, 0)


def test_working_days_of_the_plant_count():
    items = [made("table", 2, ("top", 1), calendar="plant")]
    found = asked(items, {"top": [(1, 9)]}, ("table", 1, 1), {"plant": (1, 4, 7, 8)})
    assert found.day == 7


def test_what_nothing_brings_has_no_day_and_a_circle_is_refused():
    found = asked([made("table", 3, ("top", 1))], {"table": [(1, 1)]}, ("table", 3, 1))
    assert (found.day, found.lacking, shown(found)) == (None, 2, [("table", 1, "stock", 1)])
    found = asked([], V8, ("lamp", 103, 8))
    assert (found.day, found.lacking) == (None, 3)
    assert shown(found)[-1] == ("lamp", 50, "receipt", 22)
    with pytest.raises(CircularBill):
        asked([made("a", 1, ("b", 1)), made("b", 1, ("a", 1))], {}, ("a", 1, 1))


@given(
    st.dictionaries(st.integers(1, 9), st.integers(0, 20), min_size=1),
    st.lists(st.tuples(st.integers(1, 15), st.integers(1, 9)), min_size=1, max_size=6),
)
def test_no_promise_breaks_an_older_one_and_none_is_later_than_need_be(free, asks):
    """E37: each takes only what is free by its day, on the first day on which enough is."""
    for quantity, wanted in asks:
        found = asked([], {"lamp": sorted(free.items())}, ("lamp", quantity, wanted))
        days = range(wanted, 10)
        enough = [day for day in days if sum(free[on] for on in free if on <= day) >= quantity]
        assert found.day == (enough[0] if enough else None)
        if found.day is None:
            continue
        assert sum(one.quantity for one in found.parts) == quantity
        for one in found.parts:
            assert one.day <= found.day
            free[one.day] -= one.quantity
        assert min(free.values()) >= 0


def by_day(items, free, wanted):
    """How many come when, and how many never."""
    by_key = {one.key: one for one in items}
    found = promise_in_parts(by_key, free, wanted, today=1, calendars={})
    assert found.day == (None if found.lacking else max(wanted[2], *(p.day for p in found.parts)))
    shown: dict[int, int] = {}
    for one in found.parts:
        day = max(one.day, wanted[2])
        shown[day] = shown.get(day, 0) + one.quantity
    return shown, found.lacking


def test_in_parts_each_comes_as_early_as_it_can():
    """E37: what lies there, what is made of parts there, a receipt, what is bought for."""
    items = [made("table", 2, ("top", 1)), bought("top", 9)]
    free = {"table": [(1, 3), (6, 2)], "top": [(1, 4), (5, 1)]}
    assert by_day(items, free, ("table", 20, 1)) == ({1: 3, 3: 4, 6: 2, 7: 1, 12: 10}, 0)
    assert by_day(items, free, ("table", 20, 8)) == ({8: 10, 12: 10}, 0)
    assert by_day([], V8, ("lamp", 110, 1)) == ({1: 40, 8: 10, 22: 50}, 10)
    none = [made("table", 2, ("top", 1)), bought("top", 0)]
    assert by_day(none, {"top": [(1, 4)]}, ("table", 6, 1)) == ({3: 4}, 2)
    longer = [bought("top", 9, lot=LotSizing(minimum=50))]
    assert by_day(longer, {}, ("top", 6, 1)) == ({10: 6}, 0)


@pytest.mark.parametrize("lot", [LotSizing(maximum=1), LotSizing()])
@pytest.mark.parametrize("quantity", [600, 9_000])
def test_in_parts_does_bounded_work_whether_or_not_all_can_be_had(lot, quantity, monkeypatch):
    """E37: 60 receipts of a part bring 600; what lacks beyond them takes no longer to find."""
    looked_at = []

    def counted(*given):
        looked_at.append(len(found := lots(*given)))
        return found

    monkeypatch.setattr("erp.planning.rules.promising.lots", counted)
    items = {one.key: one for one in (made("table", 2, ("top", 1), lot=lot), bought("top", 0))}
    free = {"top": [(day, 10) for day in range(2, 62)], "table": [(1, 0), (90, 5)]}
    found = promise_in_parts(items, free, ("table", quantity, 1), today=1, calendars={})
    anew = [one for one in found.parts if one.origin is PromiseOrigin.MAKE]
    assert len(anew) <= PROMISE_PARTS_MAX
    assert sum(one.quantity for one in found.parts) == min(quantity, 605)
    assert found.lacking == quantity - min(quantity, 605)
    assert (anew[0].quantity, anew[0].day) == (10, 4)
    assert sum(looked_at) <= 10 * PROMISE_ORDERS_MAX


@given(
    st.lists(st.tuples(st.integers(2, 60), st.integers(1, 5)), max_size=40),
    st.lists(st.tuples(st.integers(2, 60), st.integers(1, 5)), max_size=8),
    st.integers(1, 120),
)
def test_in_parts_is_never_later_than_at_once_and_takes_what_is_free_once(tops, tables, quantity):
    """E37: the parts add up; the last one is there when all could be, or sooner."""
    items = [made("table", 3, ("top", 1)), bought("top", 70)]
    free = {"top": sorted(dict(tops).items()), "table": sorted(dict(tables).items())}
    shown, lacking = by_day(items, free, ("table", quantity, 1))
    assert sum(shown.values()) == quantity
    assert (lacking, max(shown) <= asked(items, free, ("table", quantity, 1)).day) == (0, True)
    for day, many in free["table"]:
        assert shown.get(day, 0) >= min(
            many, quantity - sum(m for d, m in shown.items() if d < day)
        )
    assert len([one for one in shown if one not in dict(tables)]) <= PROMISE_PARTS_MAX
