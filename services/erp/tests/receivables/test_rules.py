"""Amounts of documents: rounded once, and no digit is lost in parts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.receivables.errors import OverCredited
from erp.receivables.models import InvoiceLine, InvoiceTax
from erp.receivables.rules.amounts import line_net, proportional_part, tax_by_code

AMOUNTS = st.decimals("0", "9999", places=2)


@pytest.mark.parametrize(
    ("price", "quantity", "discount", "net"),
    [
        ("2.345", "1", "0", "2.35"),
        ("0.335", "3", "0.1", "0.90"),
        ("14", "12", "0.15", "142.80"),
        ("0.005", "1", "0", "0.01"),
        ("10", "1", "1", "0.00"),
    ],
)
def test_a_net_is_rounded_half_up_once(price, quantity, discount, net):
    found = line_net(Decimal(price), Decimal(quantity), Decimal(discount), decimals=2)
    assert str(found) == net


def test_tax_of_a_document_is_rounded_once_for_each_code():
    """E19, V6: 1,091.50 at 15 % is 163.73; three bases of 0.50 at 13 % are taxed 0.20."""
    rates = {"A": Decimal("0.15"), "B": Decimal("0.13")}
    bases = [("B", Decimal("0.50")), ("A", Decimal("1091.50")), *[("B", Decimal("0.50"))] * 2]
    found = tax_by_code(bases, rates, decimals=2)
    assert found == {
        "B": (Decimal("1.50"), Decimal("0.20")),
        "A": (Decimal("1091.50"), Decimal("163.73")),
    }


@given(amount=AMOUNTS, parts=st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_parts_of_an_amount_come_to_the_amount(amount, parts):
    """Whatever the parts, none is negative and the last takes what is left."""
    whole = Decimal(sum(parts))
    taken, left = Decimal(0), whole
    for part in map(Decimal, parts):
        got = proportional_part(amount, taken, share=part, whole=whole, left=left, decimals=2)
        assert got >= 0
        taken, left = taken + got, left - part
    assert taken == amount


def line(**facts):
    return InvoiceLine(
        position=1,
        quantity=Decimal(3),
        net=Decimal("10.00"),
        credited_quantity=Decimal(0),
        credited_net=Decimal(0),
        **facts,
    )


def test_a_line_is_credited_up_to_its_quantity():
    one = line()
    nets = [one.credit(Decimal(1), decimals=2) for _ in range(3)]
    assert nets == [Decimal("3.33"), Decimal("3.33"), Decimal("3.34")]
    assert one.left == 0
    with pytest.raises(OverCredited):
        one.credit(Decimal("0.000001"), decimals=2)


def test_the_tax_on_nothing_is_nothing():
    tax = InvoiceTax(
        base=Decimal(0), tax=Decimal(0), credited_base=Decimal(0), credited_tax=Decimal(0)
    )
    assert tax.credit(Decimal(0), decimals=2) == 0
