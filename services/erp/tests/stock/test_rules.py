"""Pure rules of stock: what goods cost, who gets them, and what can be promised."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.stock.errors import AlreadyShipped, NotReserved, NotShipped, TooLittleOnHand
from erp.stock.models.demand import Demand
from erp.stock.models.goods import ItemValuation, Level
from erp.stock.rules.allocation import Backorder, allocate
from erp.stock.rules.promising import deduct, discrete_atp, promise_date
from erp.stock.rules.serials import Piece, pieces_of
from erp.stock.rules.valuation import DayEnd, cost_as_of, value_of_receipt

TODAY = date(2026, 1, 5)


def week(number):
    """The Monday of week 1, 2, ..."""
    return TODAY + timedelta(days=7 * (number - 1))


def dated(**weeks):
    return [(week(int(name[1:])), Decimal(quantity)) for name, quantity in weeks.items()]


def quantities(atp):
    return [int(free) for _, free in atp]


@pytest.fixture
def v8():
    receipts, orders = dated(w2=80, w4=80), dated(w1=60, w2=50, w3=20, w4=30)
    return discrete_atp(Decimal(100), receipts, orders, today=week(1))


def test_v8_available_to_promise(v8):
    """E37 with V8: 40, 10, 50 by receipt; 40, 50, 50, 100 in all."""
    assert v8 == dated(w1=40, w2=10, w4=50)


def test_v8_promise_45_in_week_2(v8):
    """E37 with V8: 10 from week 2 and 35 from week 1, leaving 5, 0 and 50."""
    left = deduct(v8, Decimal(45), on=week(2))
    assert left == dated(w1=5, w2=0, w4=50)
    assert deduct(left, Decimal(6), on=week(3)) is None
    assert promise_date(left, Decimal(6), wanted_on=week(2)) == week(4)


@pytest.mark.parametrize(
    ("quantity", "wanted", "promised"),
    [(40, 1, 1), (41, 1, 2), (50, 3, 3), (51, 1, 4), (100, 1, 4), (101, 1, None), (100, 9, 9)],
)
def test_the_first_day_on_which_all_can_be_promised(v8, quantity, wanted, promised):
    found = promise_date(v8, Decimal(quantity), wanted_on=week(wanted))
    assert found == (week(promised) if promised else None)


def test_a_far_receipt_covers_no_near_need():
    """E37: what comes in week 9 is promised for week 9."""
    atp = discrete_atp(Decimal(0), dated(w9=500), [], today=week(1))
    assert promise_date(atp, Decimal(1), wanted_on=week(2)) == week(9)


def test_a_later_order_keeps_earlier_goods_from_being_promised_away():
    """E37: looking ahead, week 3 needs more than it gets, so week 1 has less to promise."""
    atp = discrete_atp(Decimal(10), dated(w3=5), dated(w3=12), today=week(1))
    assert quantities(atp) == [3, 0]


def test_what_is_late_gets_the_first_goods():
    """Orders that nothing covers in time come before a new promise, wherever goods are free."""
    atp = discrete_atp(Decimal(0), dated(w2=10, w4=20), dated(w1=12), today=week(1))
    assert quantities(atp) == [0, 0, 18]
    assert promise_date(atp, Decimal(18), wanted_on=week(1)) == week(4)
    short = discrete_atp(Decimal(0), dated(w2=10), dated(w1=12), today=week(1))
    assert quantities(short) == [-2, 0]
    assert promise_date(short, Decimal(1), wanted_on=week(1)) is None


def test_overdue_needs_and_goods_due_today_count_as_of_today():
    atp = discrete_atp(Decimal(5), dated(w1=5), [(week(0), Decimal(7))], today=week(1))
    assert atp == dated(w1=3)


_dates = st.integers(1, 6).map(week)
_dated = st.lists(st.tuples(_dates, st.integers(1, 60).map(Decimal)), max_size=6)


def _kept(on_hand, receipts, orders):
    """Whether every order gets its goods by its day: on no day are more needed than are there."""
    days = {day for day, _ in orders}
    return all(
        sum(q for at, q in orders if at <= day)
        <= on_hand + sum(q for at, q in receipts if at <= day)
        for day in days
    )


@given(st.integers(0, 100).map(Decimal), _dated, _dated, _dates, st.integers(1, 80).map(Decimal))
def test_a_new_promise_never_breaks_an_older_one(on_hand, receipts, orders, wanted, quantity):
    """E37: while all older promises hold, the promised day is the first that keeps them all."""
    if not _kept(on_hand, receipts, orders):
        return
    atp = discrete_atp(on_hand, receipts, orders, today=week(1))
    promised = promise_date(atp, quantity, wanted_on=wanted)
    candidates = [wanted, *(week(n) for n in range(1, 7) if week(n) > wanted)]
    first = next(
        (d for d in candidates if _kept(on_hand, receipts, [*orders, (d, quantity)])), None
    )
    assert promised == first


@given(st.integers(0, 100).map(Decimal), _dated, _dated)
def test_promisable_is_all_there_is_less_all_that_is_needed(on_hand, receipts, orders):
    atp = discrete_atp(on_hand, receipts, orders, today=week(1))
    whole = on_hand + sum(q for _, q in receipts) - sum(q for _, q in orders)
    assert sum(free for _, free in atp) == whole
    assert all(free >= 0 for _, free in atp[1:])


def worth(quantity=0, value="0"):
    return ItemValuation(quantity=Decimal(quantity), value=Decimal(value))


def lost(stock, quantity):
    """What goods cost that leave after all that happened before."""
    now = [DayEnd(TODAY, stock.quantity, stock.value)]
    return stock.issue(Decimal(quantity), now, sku="A", decimals=2, value=None)


def test_v1_moving_average():
    """E31 with V1: 120 issued cost 1,320.00; 80 that stay are worth 1,030.00."""
    stock = worth()
    stock.receive(Decimal(100), Decimal("1000.00"))
    stock.receive(Decimal(50), Decimal("650.00"))
    assert lost(stock, 120) == Decimal("1320.00")
    stock.receive(Decimal(50), Decimal("700.00"))
    assert (stock.quantity, stock.value) == (80, Decimal("1030.00"))


def test_v1_the_last_piece_takes_the_rest():
    """E30 with V1: three pieces for 10.00 leave at 3.33, 3.33 and 3.34."""
    stock = worth(3, "10.00")
    costs = [str(lost(stock, 1)) for _ in range(3)]
    assert costs == ["3.33", "3.33", "3.34"]
    assert stock.value == 0


@given(st.decimals("0", "99999", places=2), st.integers(1, 40))
def test_the_values_of_pieces_add_up(value, count):
    """E28, E30: one piece a move, no cent lost, and no two pieces a cent apart or more."""
    serials = [str(at) for at in range(count)]
    pieces = pieces_of(Decimal(count), value, serials, decimals=2)
    assert [piece.serial for piece in pieces] == serials
    assert {piece.quantity for piece in pieces} == {1}
    worths = [piece.value for piece in pieces]
    assert sum(worths) == value
    assert max(worths) - min(worths) <= Decimal("0.01")


def test_goods_without_serials_move_at_once():
    assert pieces_of(Decimal("2.5"), Decimal(7), (), decimals=2) == [
        Piece(Decimal("2.5"), Decimal(7))
    ]


@given(
    st.lists(
        st.tuples(st.decimals("0.000001", "5000", places=6), st.decimals("0", "99999", places=2)),
        min_size=1,
        max_size=8,
    ),
    st.lists(st.integers(1, 100), max_size=12),
)
def test_value_in_is_cost_out_plus_what_stays(receipts, shares):
    """E30, E31: whatever comes and goes, no cent is lost, and nothing is worth nothing."""
    stock, cost = worth(), Decimal(0)
    for at, (quantity, value) in enumerate(receipts):
        stock.receive(quantity, value)
        for share in shares[at::3]:
            part = (stock.quantity * share / 100).quantize(Decimal("0.000001"))
            if 0 < part <= stock.quantity:
                cost += lost(stock, part)
                assert stock.value >= 0
    assert cost + stock.value == sum(value for _, value in receipts)
    cost += lost(stock, stock.quantity)
    assert (stock.quantity, stock.value) == (0, 0)


def test_the_value_of_a_surplus():
    lay, lay_not = (DayEnd(TODAY, Decimal(q), Decimal(10)) for q in (3, 0))
    assert value_of_receipt(Decimal(2), lay, decimals=2) == Decimal("6.67")
    assert value_of_receipt(Decimal(2), lay_not, decimals=2) is None


def test_goods_go_down_the_queue_until_they_are_gone():
    queue = [waiting(quantity, 1) for quantity in (3, 4, 5)]
    got = allocate(Decimal(6), queue, today=TODAY)
    assert got == [(one.order_line_id, Decimal(3)) for one in queue[:2]]
    assert allocate(Decimal(0), queue, today=TODAY) == []
    assert len(allocate(Decimal(99), queue, today=TODAY)) == 3


def waiting(quantity, by, now=None):
    """So many by a week; all of them may be reserved today, or so many."""
    wanted = Decimal(quantity)
    return Backorder(uuid4(), wanted, week(by), wanted if now is None else Decimal(now))


def test_what_an_older_promise_needs_from_here_is_kept_for_it():
    """E37: whoever comes after it gets what receipts until its day will make good."""
    far, near = waiting(8, 4, now=0), waiting(9, 9)
    queue = [far, near]
    assert allocate(Decimal(10), queue, today=TODAY) == [(near.order_line_id, Decimal(2))]
    coming = dated(w3=5, w5=99)
    assert allocate(Decimal(10), queue, coming, today=TODAY) == [(near.order_line_id, Decimal(7))]
    assert allocate(Decimal(7), queue, dated(w5=99), today=TODAY) == []
    assert len(allocate(Decimal(99), [far, near, waiting(5, 9)], today=TODAY)) == 2


def test_a_line_that_goes_before_its_day_may_go_in_part():
    early, near = waiting(8, 4, now=3), waiting(9, 9)
    got = allocate(Decimal(10), [early, near], today=TODAY)
    assert got == [(early.order_line_id, Decimal(3)), (near.order_line_id, Decimal(2))]


@given(st.integers(0, 100).map(Decimal), _dated, st.lists(st.tuples(_dates, _dates), max_size=6))
def test_to_reserve_never_breaks_a_promise(free, receipts, orders):
    """E37: while all promises hold, what lines reserve by their turn leaves all of them whole."""
    queue = [
        waiting(10 + 7 * at, 1 + (promised - week(1)).days // 7, now=None if near < week(4) else 0)
        for at, (promised, near) in enumerate(sorted(orders))
    ]
    if not _kept(free, receipts, [(one.by, one.quantity) for one in queue]):
        return
    got = dict(allocate(free, queue, receipts, today=week(1)))
    left = [(one.by, one.quantity - got.get(one.order_line_id, 0)) for one in queue]
    assert sum(got.values()) <= free
    assert _kept(free - sum(got.values()), receipts, [(week(1), Decimal(0)), *left])


def level(on_hand, reserved=0):
    return Level(on_hand=Decimal(on_hand), reserved=Decimal(reserved), restricted=Decimal(0))


def test_a_level_holds_what_is_free():
    one = level(10, 7)
    assert (one.reserve(Decimal(5)), one.reserved, one.free) == (3, 10, 0)
    assert one.reserve(Decimal(1)) == 0
    one.release(Decimal(4))
    assert one.free == 4


def test_only_what_is_free_can_be_missing():
    one = level(10, 7)
    with pytest.raises(TooLittleOnHand) as refused:
        one.issue_free(Decimal(4), sku="A")
    assert refused.value.facts == {"sku": "A", "wanted": "4", "free": "3"}
    one.issue_free(Decimal(3), sku="A")
    assert (one.on_hand, one.free) == (7, 0)


def demand(wanted, reserved=0, shipped=0):
    facts = {"wanted": wanted, "reserved": reserved, "shipped": shipped}
    return Demand(**{name: Decimal(value) for name, value in facts.items()})


def test_wanting_less_gives_up_what_waits_first():
    line = demand(10, reserved=4, shipped=3)
    assert (line.change_quantity(Decimal(8), sku="A"), line.waiting) == (0, 1)
    assert (line.change_quantity(Decimal(5), sku="A"), line.reserved, line.waiting) == (2, 2, 0)
    assert (line.change_quantity(Decimal(9), sku="A"), line.waiting) == (0, 4)
    with pytest.raises(AlreadyShipped):
        line.change_quantity(Decimal(2), sku="A")


def test_no_more_leaves_than_is_reserved_and_no_more_returns_than_left():
    line = demand(10, reserved=4)
    with pytest.raises(NotReserved):
        line.ship(Decimal(5), sku="A")
    line.ship(Decimal(4), sku="A")
    with pytest.raises(NotShipped):
        line.receive_return(Decimal(5), sku="A")
    line.receive_return(Decimal(1), sku="A")
    assert (line.wanted, line.shipped, line.waiting) == (9, 3, 6)


@pytest.mark.parametrize(
    ("quantity", "value", "cost"),
    [
        ("2", "7", "7"),
        ("2", "20", "20"),
        ("2", "20.01", "8"),
        ("5", "7", "20"),
        ("2", "0", "0"),
    ],
)
def test_what_goes_back_costs_what_it_came_at_where_stock_bears_that(quantity, value, cost):
    """E30, E33, E36: of five pieces worth 20; else the average, or all the rest."""
    ends = [DayEnd(date(2026, 1, 5), Decimal(5), Decimal(20))]
    found = cost_as_of(Decimal(quantity), ends, decimals=2, value=Decimal(value))
    assert found == Decimal(cost)
