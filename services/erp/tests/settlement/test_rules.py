"""Which items a payment settles, and what items and payments refuse."""

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from erp.settlement.errors import OverAllocated
from erp.settlement.models import OpenItem, Payment
from erp.settlement.rules.allocating import allocate_oldest_first

AMOUNTS = st.decimals("0", "1000", places=2)


@given(amount=AMOUNTS, left=st.lists(AMOUNTS, max_size=8))
def test_shares_never_exceed_payment_or_item(amount, left):
    """E15: and nothing is left of the payment while an item before the last is open."""
    items = [(uuid4(), one) for one in left]
    shares = allocate_oldest_first(amount, items)
    by_item = {share.document_id: share.amount for share in shares}
    assert all(by_item.get(one, 1) > 0 for one, _ in items)
    assert all(by_item.get(one, Decimal(0)) <= most for one, most in items)
    assert sum(by_item.values()) == min(amount, sum(left))


def test_an_item_is_never_settled_beyond_what_is_open():
    item = OpenItem(document_number="X", open_amount=Decimal(10), credited=Decimal(0))
    item.settle(Decimal(4), kind="credit_note", currency="CNY")
    assert (item.open_amount, item.credited) == (Decimal(6), Decimal(4))
    with pytest.raises(OverAllocated):
        item.settle(Decimal("6.01"), kind="payment", currency="CNY")
    item.settle(Decimal(-4), kind="credit_note", currency="CNY")
    assert (item.open_amount, item.credited) == (Decimal(10), Decimal(0))


def test_a_payment_is_never_used_twice():
    payment = Payment(number="PY-1", direction="out", unallocated=Decimal(10))
    payment.allocate(Decimal(10), currency="CNY")
    with pytest.raises(OverAllocated):
        payment.allocate(Decimal("0.01"), currency="CNY")
    payment.allocate(Decimal(-10), currency="CNY")
    assert (payment.unallocated, payment.side) == (Decimal(10), "payable")
