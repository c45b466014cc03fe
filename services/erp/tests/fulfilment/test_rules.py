"""Pure rules of orders."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.fulfilment.errors import OrderClosed, OrderNotConfirmed
from erp.fulfilment.models import Order, OrderLine
from erp.fulfilment.rules.deciding import (
    CreditExposure,
    Decision,
    LineChange,
    SalesItem,
    decide,
    refusal_of_change,
)
from values.prices import line_net

D, DAY = Decimal, date(2026, 5, 5)
BOLT = SalesItem("B", sold=True, active=True, discontinued_on=None)


def _decided(*items, credit=None, active=True, granted=False):
    return decide(
        [(item, D(2)) for item in items or [BOLT]],
        credit or CreditExposure(None, D(0), D(0)),
        total=D(10),
        ordered_on=DAY,
        customer_active=active,
        credit_granted=granted,
    )


def test_an_order_is_confirmed_held_or_rejected():
    """E49."""
    full = CreditExposure(D(10), D(0), D("0.01"))
    assert _decided() == Decision("confirmed")
    assert _decided(active=False).reason == "customer_archived"
    assert _decided(credit=full) == Decision("on_hold", "credit")
    assert _decided(credit=full, granted=True) == Decision("confirmed")
    assert _decided(credit=CreditExposure(D(10), D(0), D(0))) == Decision("confirmed")


@pytest.mark.parametrize(("gone", "sold"), [(DAY, False), (date(2026, 5, 6), True), (None, True)])
def test_an_item_is_sold_until_its_last_day(gone, sold):
    item = SalesItem("B", sold=True, active=True, discontinued_on=gone)
    assert (_decided(item).state == "confirmed") is sold
    assert not SalesItem("B", sold=False, active=True, discontinued_on=None).may_be_sold(DAY)
    assert not SalesItem("B", sold=True, active=False, discontinued_on=None).may_be_sold(DAY)


def test_a_change_is_refused_by_what_has_gone_out():
    assert not refusal_of_change([LineChange("1", D(5), D(5))], state="confirmed")
    assert (
        refusal_of_change([LineChange("1", D(4), D(5))], state="confirmed") == "already_shipped: 1"
    )
    dearer = LineChange("2", D(5), D(1), repriced=True)
    assert refusal_of_change([dearer], state="confirmed") == "already_shipped: 2"
    assert not refusal_of_change([LineChange("2", D(5), D(0), repriced=True)], state="confirmed")
    ahead = LineChange("2", D(5), D(0), repriced=True, minimum_quantity=D(4))
    assert refusal_of_change([ahead], state="confirmed") == "already_invoiced: 2"
    fewer = LineChange("3", D(3), D(2), minimum_quantity=D(4))
    assert refusal_of_change([fewer], state="confirmed") == "already_invoiced: 3"
    assert not refusal_of_change(
        [LineChange("3", D(4), D(2), minimum_quantity=D(4))], state="confirmed"
    )
    assert refusal_of_change([], state="cancelled") == "order_cancelled"


def test_a_line_is_rounded_half_up_once():
    """C26, E19: 2 x 8.245 at 5 % off is 15.6655."""
    assert line_net(D("8.245"), D(2), D("0.05"), decimals=2) == D("15.67")
    assert line_net(D("0.005"), D(1), D(0), decimals=2) == D("0.01")


@given(st.lists(st.tuples(st.sampled_from("sircw"), st.integers(1, 5)), max_size=25))
def test_the_customer_is_billed_for_what_he_keeps(acts):
    """E45, E47: what is billed, or given for nothing, never exceeds what he keeps."""
    line = OrderLine(shipped=D(0), returned=D(0), invoiced=D(0), credited=D(0), waived=D(0))
    for act, count in acts:
        if act == "s":
            line.shipped += count
        elif act == "i":
            line.invoiced += line.to_invoice
        elif act == "r":
            billed, quantity = line.net_invoiced, min(D(count), line.shipped - line.returned)
            assert (
                line.receive_return(quantity, credit=True) == billed - line.net_invoiced <= quantity
            )
        else:
            line.credit(min(D(count), line.net_invoiced), again=act == "c")
        kept = line.shipped - line.returned
        assert min(line.net_invoiced, line.waived) >= 0
        assert line.to_invoice == kept - line.net_invoiced - line.waived >= 0


@given(st.integers(0, 6), st.integers(1, 6), st.integers(1, 4))
def test_what_came_back_without_credit_is_credited_by_hand_only(before, back, later):
    """E45: a later return credits what comes back then, and no more."""
    line = OrderLine(shipped=D(20), returned=D(0), invoiced=D(20), credited=D(0), waived=D(0))
    line.credit(D(before), again=True)
    assert line.receive_return(D(back), credit=False) == 0
    assert line.net_invoiced == 20 - before
    assert line.receive_return(D(later), credit=True) == min(max(back + later - before, 0), later)


def test_an_order_refuses_wrong_steps():
    order = Order(number="SO-1", state="cancelled")
    with pytest.raises(OrderClosed):
        order.cancel()
    with pytest.raises(OrderNotConfirmed):
        order.require_confirmed()
    held = Order(number="SO-2", state="confirmed")
    held.require_confirmed()
    nothing = dict.fromkeys(("shipped", "returned", "invoiced", "credited", "waived"), D(0))
    line = OrderLine(quantity=D(1), **nothing)
    held.update_state([line], [])
    assert held.state == "confirmed"
    line.shipped = line.invoiced = D(1)
    held.update_state([line], [])
    assert held.state == "completed"
