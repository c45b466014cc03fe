"""A discount of a quote as an amount: parts sum to the whole to the cent (C26)."""

from decimal import Decimal

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.crm.tests.quotes.conftest import cny

from crm.quotes.rules.totals import less_amount, line_sums, order_terms, sum_of
from values.money import Money
from values.prices import line_net

PARTS = st.decimals(0, 1, places=6)
PRICES = st.decimals(0, 100_000, places=6)
QUANTITIES = st.decimals("0.001", 10_000, places=3)
LINES = st.lists(st.tuples(PRICES, QUANTITIES, PARTS, st.none() | PARTS), min_size=1, max_size=6)


def lines_of(lines):
    return [
        line_sums(
            price, quantity, discount=own, document_discount=Decimal(0), tax_rate=tax, decimals=2
        )
        for price, quantity, own, tax in lines
    ]


@given(lines=LINES, part=PARTS)
def test_shares_sum_to_the_amount_to_the_cent(lines, part):
    """C26: the largest remainder; nothing is negative, and gross less both discounts is net."""
    before = lines_of(lines)
    amount = Money(sum_of(before).net * part, "CNY")
    if amount.amount > sum_of(before).net or not amount.amount:
        return
    after = less_amount(before, [one[3] for one in lines], amount, decimals=2)
    assert sum_of(after).document_discount == amount.amount
    assert sum_of(after).net == sum_of(before).net - amount.amount
    for one in after:
        assert one.gross - one.line_discount - one.document_discount == one.net
        assert min(one.line_discount, one.document_discount, one.net, one.tax) >= 0


@given(price=st.decimals(0, 10, places=6), quantity=QUANTITIES)
def test_a_line_that_bears_nothing_keeps_its_price(price, quantity):
    """C26: a net that was rounded up is what price and quantity come to, and no refusal."""
    net = line_net(price, quantity, Decimal(0), decimals=2)
    terms = order_terms(price, quantity, net, decimals=2)
    assert terms is not None
    assert line_net(terms[0], quantity, terms[1], decimals=2) == net
    if net >= price * quantity:
        assert terms == (price, Decimal(0))


@given(lines=LINES, part=PARTS)
def test_an_order_comes_to_the_same_as_the_quote(lines, part):
    """C26: at prices and discounts of 6 decimals, up to ten thousand pieces of a line."""
    before = lines_of(lines)
    amount = Money(sum_of(before).net * part, "CNY")
    if amount.amount > sum_of(before).net or not amount.amount:
        return
    after = less_amount(before, [None] * len(lines), amount, decimals=2)
    for (price, quantity, *_), one in zip(lines, after, strict=True):
        terms = order_terms(price, quantity, one.net, decimals=2)
        assert terms is not None
        assert line_net(terms[0], quantity, terms[1], decimals=2) == one.net


async def test_the_amount_is_shared_out_among_the_lines(quotes):
    lamp = await quotes.product("33.33")
    lines = [{"product": lamp["code"], "quantity": "1", "tax_rate": "0.13"}] * 3
    quote = await quotes.draft(*lines, discount_amount=cny("10.00"))
    assert quote["discount_amount"] == cny("10.00")
    assert [one["document_discount"] for one in quote["lines"]] == ["3.34", "3.33", "3.33"]
    assert [one["net"] for one in quote["lines"]] == ["29.99", "30.00", "30.00"]
    assert (quote["document_discount"], quote["net"]) == ("10.00", "89.99")
    changed = await quotes.change(quote, lines=lines[:1])
    assert (changed.json()["net"], changed.json()["document_discount"]) == ("23.33", "10.00")
    none = await quotes.change(changed.json(), discount_amount=None)
    assert (none.json()["net"], none.json()["discount_amount"]) == ("33.33", None)


async def test_a_quote_has_a_discount_by_part_or_by_amount(quotes, problem):
    quote = await quotes.draft(discount="0.1")
    both = await quotes.change(quote, discount_amount=cny("1.00"))
    told = problem(both, 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
        ("/discount_amount", "one_discount")
    ]
    instead = await quotes.change(quote, discount="0", discount_amount=cny("1.00"))
    assert instead.json()["net"] == "19.00"
    async with quotes.crm.database.driver() as sql:
        for change in ("discount = 0.1", "discount_amount = 2", "discount_amount = -1"):
            with pytest.raises(asyncpg.CheckViolationError):
                await sql.execute(f"update quote set {change} where id = $1", quote["id"])


@pytest.mark.parametrize(
    ("amount", "code"),
    [(cny("20.01"), "more_than_lines"), (cny("1.001"), None), (cny("-1.00"), None)],
)
async def test_an_amount_that_cannot_be_taken_off_is_refused(quotes, problem, amount, code):
    quote = await quotes.draft()
    told = problem(await quotes.change(quote, discount_amount=amount), 422, "invalid_input")
    assert told["errors"][0]["pointer"].startswith("/discount_amount")
    assert code in {None, told["errors"][0]["code"]}
    assert await quotes.get(quote) == quote
    other = {"amount": "1.00", "currency": "EUR"}
    problem(await quotes.change(quote, discount_amount=other), 422, "currency_not_supported")


async def test_the_customer_reads_the_amount_and_the_order_comes_to_the_same(quotes):
    """C25, C26: a single line whose discount has no 6 decimals gets another price."""
    machine = await quotes.product("1000000.00")
    deal = await quotes.deal(amount=cny("998765.44"))
    line = {"product": machine["code"], "quantity": "1"}
    quote, _ = await quotes.sent(
        line, opportunity_id=deal["id"], discount_amount=cny("1234.56"), language="en"
    )
    assert "Discount on the whole: 1234.56 CNY" in quote["text"]
    accepted = await quotes.act(quote, "accept", person="Lin")
    assert accepted.status_code == 200, accepted.text
    won = await quotes.crm.post(f"/v1/opportunities/{deal['id']}/win", {})
    assert won.is_success, won.text
    order = await quotes.desk.see(f"/v1/orders/{won.json()['order_id']}")
    assert order["net"] == quote["net"] == "998765.44"


@pytest.mark.parametrize(
    ("big", "quantity", "small", "amount"),
    [("1000.00", "1", "0.125", "1.00"), ("5000.00", "5", "0.0375", "10.00")],
)
async def test_a_small_line_rounded_up_refuses_no_discount(quotes, big, quantity, small, amount):
    """C26: rounded is compared with rounded; the line of screws bears nothing."""
    machine, screw = await quotes.product(big), await quotes.product("1.00")
    quote = await quotes.draft(
        {"product": machine["code"], "quantity": "1"},
        {"product": screw["code"], "quantity": quantity, "unit_price": cny(small)},
        discount_amount=cny(amount),
    )
    shares = [one["document_discount"] for one in quote["lines"]]
    assert shares == [amount, "0.00"]


async def test_a_quote_that_was_sent_takes_the_same_amount_again(quotes, crm, problem):
    """C27: the same again is no change, whoever sends it; another amount is refused."""
    made, _ = await quotes.sent(discount_amount=cny("3.00"))
    quote = await quotes.get(made)
    key = quotes.desk.word()
    ref = {"system": "shop", "external_id": key}
    await crm.post(f"{quotes.path}/{quote['id']}/external-refs", ref)
    path = f"{quotes.path}/by-external/shop/{key}"

    async def upsert(version, amount):
        values = {"name": quote["name"], "discount_amount": amount, "source_version": version}
        return await crm.client.put(path, json=values)

    same = await upsert(1, cny("3.00"))
    assert same.status_code == 200, same.text
    assert (same.json()["state"], same.json()["version"]) == ("sent", quote["version"])
    problem(await upsert(2, cny("3.01")), 409, "quote_fixed")
    problem(await upsert(3, None), 409, "quote_fixed")
    plain, _ = await quotes.sent()
    nothing = await quotes.change(await quotes.get(plain), discount_amount=cny("0.00"))
    assert nothing.status_code == 200, nothing.text


async def test_the_next_version_has_the_same_discount(quotes):
    quote, _ = await quotes.sent(discount_amount=cny("3.00"))
    second = await quotes.revised(quote)
    assert (second["discount_amount"], second["net"]) == (cny("3.00"), "17.00")
