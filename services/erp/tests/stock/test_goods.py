"""Goods that move, and what they are worth."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.problems.problem import Problem
from erp.ledger.errors import NoPeriod
from erp.stock.errors import CostNeeded, NotReserved, NotShipped, TooLittleOnHand
from erp.stock.lines import ReceiptLine, ShipLine
from erp.stock.service.goods import receive_goods, receive_return, ship_goods


async def entries(store, item_id):
    """What was posted for the item, as an accountant reads it."""
    async with store.erp.database.driver() as sql:
        rows = await sql.fetch(
            """select e.source_type, a.role, l.debit, l.credit from journal_line l
                 join journal_entry e on e.id = l.entry_id join account a on a.id = l.account_id
                where l.item_id = $1 order by e.recorded_at, e.id, l.position""",
            item_id,
        )
    return [
        f"{kind}: {'Dr' if debit else 'Cr'} {role} {debit or credit:.2f}"
        for kind, role, debit, credit in rows
    ]


async def test_v1_in_the_books(store):
    """E29, E31 with V1: the books follow every receipt and issue."""
    bolts = await store.item()
    await store.receives(bolts, 100, "1000.00")
    await store.receives(bolts, 50, "650.00")
    line, _ = await store.orders(bolts, 120)
    assert await store.ships(line, 120) == Decimal("1320.00")
    await store.receives(bolts, 50, "700.00")
    assert await store.holds(bolts) == (80, 0, "1030.00")
    assert await entries(store, bolts) == [
        "purchase_receipt: Dr inventory 1000.00",
        "purchase_receipt: Cr grni 1000.00",
        "purchase_receipt: Dr inventory 650.00",
        "purchase_receipt: Cr grni 650.00",
        "shipment: Cr inventory 1320.00",
        "shipment: Dr cogs 1320.00",
        "purchase_receipt: Dr inventory 700.00",
        "purchase_receipt: Cr grni 700.00",
    ]


async def test_v4_nothing_is_shipped_at_an_unknown_cost(store):
    """E27, V4: what is not there waits; then the average is 3.30, the cost 6.60, 59.40 stay."""
    bolts = await store.item()
    line, _ = await store.orders(bolts, 2)
    with pytest.raises(NotReserved):
        await store.ships(line, 2)
    await store.receives(bolts, 20, "66.00")
    assert await store.ships(line, 2) == Decimal("6.60")
    assert await store.holds(bolts) == (18, 0, "59.40")


async def test_the_last_piece_takes_the_rest(store):
    """E30: three pieces for 10.00 leave at 3.33, 3.33 and 3.34."""
    bolts = await store.item()
    await store.receives(bolts, 3, "10.00")
    line, _ = await store.orders(bolts, 3)
    assert [str(await store.ships(line, 1)) for _ in range(3)] == ["3.33", "3.33", "3.3400"]
    assert await store.holds(bolts) == (0, 0, "0.00")


async def test_a_return_comes_in_at_the_cost_it_left(store):
    """E36: not at today's average; the last of a line brings the rest back."""
    bolts = await store.item()
    await store.receives(bolts, 3, "10.00")
    line, _ = await store.orders(bolts, 3)
    await store.ships(line, 3)
    await store.receives(bolts, 3, "60.00")
    assert await store.takes_back(line, 1) == Decimal("3.33")
    assert await store.holds(bolts) == (4, 0, "63.33")
    assert await store.takes_back(line, 2) == Decimal("6.67")
    assert await store.line(line) == (0, 0, 0, 0)
    with pytest.raises(NotShipped):
        await store.takes_back(line, 1)
    assert await store.holds(bolts) == (6, 0, "70.00")


async def test_returned_goods_go_to_whoever_waits(store):
    bolts = await store.item()
    await store.receives(bolts, 2, "2.00")
    line, _ = await store.orders(bolts, 2)
    await store.ships(line, 2)
    waiting, _ = await store.orders(bolts, 1)
    await store.takes_back(line, 2)
    assert await store.line(waiting) == (1, 1, 0, 0)
    assert await store.holds(bolts) == (2, 1, "2.00")


async def test_adjustments(store):
    """E27: only what is free can be missing; a surplus costs what the rest costs."""
    bolts = await store.item()
    with pytest.raises(CostNeeded):
        await store.finds(bolts, 1)
    await store.finds(bolts, 3, "10.00")
    await store.finds(bolts, 1)
    await store.orders(bolts, 3)
    with pytest.raises(TooLittleOnHand):
        await store.finds(bolts, -2)
    await store.finds(bolts, -1)
    assert await store.holds(bolts) == (3, 3, "10.00")
    assert "stock_adjustment: Dr inventory_adjustment 3.33" in await entries(store, bolts)


async def test_several_receipts_in_one_call_have_an_entry_each(store):
    bolts, first, second = await store.item(), uuid4(), uuid4()
    async with store.erp.database.transaction() as work:
        await receive_goods(
            work,
            [
                ReceiptLine(bolts, Decimal(1), Decimal("1.10"), None, first),
                ReceiptLine(bolts, Decimal(2), Decimal("2.20"), None, second),
            ],
            source_type="purchase_receipt",
            source_id=uuid4(),
            effective_on=store.today,
            counterpart="grni",
        )
    async with store.erp.database.driver() as sql:
        rows = await sql.fetch(
            "select source_id from journal_entry where source_id = any($1)", [first, second]
        )
    assert len(rows) == 2
    assert await store.holds(bolts) == (3, 0, "3.30")


async def test_goods_worth_nothing_come_and_go_without_an_entry(store):
    samples = await store.item()
    await store.receives(samples, 5, "0.00")
    line, _ = await store.orders(samples, 5)
    assert await store.ships(line, 5) == 0
    assert await entries(store, samples) == []
    assert await store.holds(samples) == (0, 0, "0.00")


async def test_a_refused_posting_moves_nothing(store):
    """E6, E27: stock and books change together or not at all."""
    bolts = await store.item()
    with pytest.raises(NoPeriod):
        async with store.erp.database.transaction() as work:
            await receive_goods(
                work,
                [ReceiptLine(bolts, Decimal(1), Decimal(1))],
                source_type="stock_receipt",
                source_id=uuid4(),
                effective_on=date(1900, 1, 1),
                counterpart="grni",
            )
    assert await store.holds(bolts) == (0, 0, "0.00")


@pytest.mark.parametrize(
    "statement", ["update stock_move set quantity = 9", "delete from stock_move"]
)
@pytest.mark.parametrize("role", ["runtime_url", "owner_url"])
async def test_a_move_is_never_changed(store, statement, role):
    """E24: not by SQL of the application's role, nor by the owner of the tables."""
    await store.receives(await store.item(), 1, "1.00")
    sql = await asyncpg.connect(getattr(store.erp, role))
    try:
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
            await sql.execute(statement)
    finally:
        await sql.close()


async def test_every_move_has_two_ends_and_nothing_is_lost_between_them(store):
    """E25: over all places, outside ones included, the sum of every item is 0."""
    bolts = await store.item()
    await store.receives(bolts, 7, "7.00")
    line, _ = await store.orders(bolts, 4)
    await store.ships(line, 4)
    await store.takes_back(line, 1)
    await store.finds(bolts, -2)
    async with store.erp.database.driver() as sql:
        places = await sql.fetch(
            """select l.kind, sum(case when l.id = m.to_location_id then m.quantity
                   else -m.quantity end)::int as balance
                 from stock_move m join location l on l.id in (m.from_location_id, m.to_location_id)
                where m.item_id = $1 group by l.kind""",
            bolts,
        )
    assert dict(map(tuple, places)) == {"supplier": -7, "customer": 3, "loss": 2, "internal": 2}


async def test_expected_goods(store, desk):
    """E37 in the store: what is reserved stays so; promises are kept out of what is to come."""
    bolts = await store.item()
    week = [store.today + timedelta(days=7 * n) for n in range(5)]
    await store.receives(bolts, 100, "100.00")
    second = await store.expects(bolts, 80, week[1])
    fourth = await store.expects(bolts, 80, week[3])
    for at, quantity in enumerate((60, 50, 20, 30)):
        await store.orders(bolts, quantity, promised_on=week[at])
    assert await store.promises(bolts, 1, week[0]) == week[1]
    assert await store.promises(bolts, 45, week[1]) == week[1]
    await store.orders(bolts, 45, promised_on=week[1])
    assert await store.promises(bolts, 5, week[1]) == week[1]
    assert await store.promises(bolts, 6, week[1]) == week[3]
    assert await store.promises(bolts, 56, week[1]) is None
    await store.receives(bolts, 79, "79.00", expected_id=second)
    await store.receives(bolts, 99, "99.00", expected_id=fourth)
    async with store.erp.database.driver() as sql:
        left = await sql.fetch(
            "select source_line_id, quantity from incoming where item_id = $1", bolts
        )
    assert [tuple(row) for row in left] == [(second, 1)]
    await store.expects(bolts, 0, week[1], second)
    assert await desk.count("incoming", "item_id = $1", bolts) == 0
    assert await store.holds(bolts) == (278, 205, "278.00")


async def test_promises_of_one_call_are_taken_one_after_the_other(store):
    bolts = await store.item()
    await store.receives(bolts, 5, "5.00")
    await store.expects(bolts, 5, store.today - timedelta(days=3))
    days = await store.allocates([(bolts, 3)] * 4, store.today)
    # An overdue delivery is not here today.
    tomorrow = store.today + timedelta(days=1)
    assert days == [store.today, tomorrow, tomorrow, None]


_ACTS = st.one_of(
    st.tuples(
        st.just("receives"),
        st.integers(1, 60),
        st.decimals("0", "999.99", places=2).map(str),
    ),
    st.tuples(st.just("orders"), st.integers(1, 30)),
    st.tuples(st.just("ships"), st.integers(0, 9), st.integers(1, 10)),
    st.tuples(st.just("takes_back"), st.integers(0, 9), st.integers(1, 10)),
    st.tuples(st.just("amends"), st.integers(0, 9), st.integers(0, 40)),
    st.tuples(st.just("finds"), st.integers(-9, 9).filter(bool)),
)


async def _attempt(store, item_id, lines, act, facts):
    """Do it; a refusal must change nothing, which the proof afterwards shows."""
    if act in {"ships", "takes_back", "amends"}:
        if not lines:
            return
        facts = (lines[facts[0] % len(lines)], facts[1])
        await getattr(store, act)(*facts)
    elif act == "orders":
        lines.append((await store.orders(item_id, *facts))[0])
    else:
        await getattr(store, act)(item_id, *facts)


@settings(max_examples=30)
@given(acts=st.lists(_ACTS, min_size=3, max_size=14))
async def test_whatever_happens_the_books_follow(store, acts):
    """E24, E26, E29, E30: proven after every single act of any sequence, refused ones too."""
    lines: list[Any] = []
    refusals: list[Any] = []
    item_id = await store.item()
    for act, *facts in acts:
        try:
            await _attempt(store, item_id, lines, act, tuple(facts))
        except Problem as refused:
            refusals.append(refused.status)
        await store.proven(item_id)
    assert set(refusals) <= {409, 422}


async def test_shipping_and_receiving_side_by_side(store):
    """E29 under concurrency: twelve shipments, two receipts, one valuation."""
    bolts = await store.item()
    await store.receives(bolts, 12, "100.00")
    lines = [(await store.orders(bolts, 1))[0] for _ in range(12)]
    costs = await asyncio.gather(
        *(store.ships(line, 1) for line in lines),
        store.receives(bolts, 5, "1.01"),
        store.receives(bolts, 5, "77.77"),
    )
    shown = await store.proven(bolts)
    assert shown["on_hand"] == 10
    assert shown["value"] + sum(costs[:12]) == Decimal("178.78")


async def test_nothing_shipped_is_no_shipment(store):
    async with store.erp.database.transaction() as work:
        source = store.source("shipment")
        assert await ship_goods(work, [], **source) == {}
        assert await receive_return(work, [], **source) == {}
        await receive_goods(work, [], counterpart="grni", **source)
        assert work.events == []
    line, _ = await store.orders(await store.item(), 1)
    with pytest.raises(NotReserved) as refused:
        async with store.erp.database.transaction() as work:
            await ship_goods(work, [ShipLine(line, Decimal(1))], **source)
    assert refused.value.facts["reserved"] == "0"
