"""Promises in numbers, some of them soft: a random walk through the days of one item (E37)."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from erp.stock.rules.allocation import Backorder, allocate
from erp.stock.rules.promising import (
    AvailabilityProjection,
    discrete_atp,
    promise_date,
    promised_day,
)

FIRST = date(2026, 3, 2)
DAYS = 9
ACT = st.tuples(
    st.integers(0, DAYS - 1),
    st.integers(1, 9),
    st.integers(0, 6),
    st.sampled_from(("order", "soft", "use", "end")),
)


class Item:
    """What is free and comes of an item, and who waits for it, some of them softly."""

    def __init__(self, free, receipts):
        self.free, self.today, self.place = Decimal(free), FIRST, 0
        self.receipts = {
            FIRST + timedelta(day): Decimal(many) for day, many in receipts.items() if many
        }
        self.orders, self.soft = {}, {}

    @property
    def to_come(self):
        return [(day, many) for day, many in self.receipts.items() if day > self.today]

    def promised(self, quantity, wanted_on):
        waiting = [(by, many) for by, many in (*self.orders.values(), *self.soft.values())]
        atp = discrete_atp(self.free, self.to_come, waiting, today=self.today)
        return promise_date(atp, quantity, wanted_on=wanted_on)

    def keep(self, among, quantity, day):
        self.place += 1
        among[UUID(int=self.place)] = (day, quantity)

    def reserve(self):
        """As every act ends: who is an order gets what nobody before it needs."""
        queue = [
            (by, one.int, Backorder(one, many, by, many if firm else Decimal(0)))
            for among, firm in ((self.orders, True), (self.soft, False))
            for one, (by, many) in among.items()
        ]
        for one, got in allocate(
            self.free, [line for *_, line in sorted(queue)], self.to_come, today=self.today
        ):
            by, many = self.orders.pop(one)
            self.free -= got
            if got < many:
                self.orders[one] = (by, many - got)


@given(
    st.integers(0, 20),
    st.dictionaries(st.integers(1, DAYS), st.integers(0, 9), max_size=4),
    st.lists(ACT, min_size=1, max_size=14),
)
def test_no_promise_is_broken_while_others_are_held_used_and_let_go(free, receipts, acts):
    """E37: an order has its goods on its day; a soft reservation is used for its day or sooner."""
    item = Item(free, receipts)
    for day in range(DAYS + 8):
        item.today = FIRST + timedelta(day)
        item.free += item.receipts.get(item.today, Decimal(0))
        for _, many, after, act in [one for one in acts if one[0] == day]:
            first = next(iter(item.soft), None)
            if act in {"order", "soft"}:
                found = item.promised(Decimal(many), item.today + timedelta(after))
                if found is not None:
                    item.keep(item.orders if act == "order" else item.soft, Decimal(many), found)
            elif first is not None:
                by, held = item.soft.pop(first)
                if act == "use":
                    anew = item.promised(held, item.today)
                    assert anew is not None
                    assert anew <= max(by, item.today)
                    item.keep(item.orders, held, anew)
            item.reserve()
        item.reserve()
        assert all(by > item.today for by, _ in item.orders.values())


WAITING = st.lists(st.tuples(st.integers(0, DAYS), st.integers(1, 9)), max_size=5)


@given(
    st.integers(0, 20),
    st.dictionaries(st.integers(1, DAYS), st.integers(1, 9), max_size=4),
    WAITING,
    st.integers(1, 9),
    WAITING,
)
def test_what_is_used_keeps_its_day_whoever_waits_without_one(free, receipts, orders, held, later):
    """E37: orders that can be promised no day came later; what is held is not for them."""
    item = Item(free, receipts)
    for after, many in orders:
        wanted_on = FIRST + timedelta(after)
        if (day := item.promised(Decimal(many), wanted_on)) is not None:
            item.keep(item.orders, Decimal(many), day)
    kept_on = item.promised(Decimal(held), FIRST)
    if kept_on is None:
        return
    unpromised = [(FIRST + timedelta(after), Decimal(many)) for after, many in later]
    among = [
        {0: AvailabilityProjection(item.free, item.to_come, [*item.orders.values(), *more])}
        for more in (unpromised, [])
    ]
    day = promised_day(
        among[0],
        [],
        wanted_on=FIRST,
        today=FIRST,
        kept=[(0, (kept_on, Decimal(held)))],
        promised=among[1],
    )
    assert day is not None
    assert day <= kept_on
