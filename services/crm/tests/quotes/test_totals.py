"""What quotes come to: one rounding rule (C26)."""

from decimal import Decimal

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.crm.tests.quotes.conftest import cny

from crm.quotes.rules.totals import agreed_discount, line_sums, sum_of
from values.prices import line_net

PARTS = st.decimals(0, 1, places=6)
PRICES = st.decimals(0, 100_000, places=6)
QUANTITIES = st.decimals("0.001", 10_000, places=3)
LINES = st.lists(st.tuples(PRICES, QUANTITIES, PARTS, st.none() | PARTS), max_size=6)


@given(lines=LINES, document=PARTS)
def test_parts_sum_to_the_whole_whatever_the_figures(lines, document):
    """C26: gross less both discounts is net, by line and in the sum; nothing is negative."""
    found = [
        line_sums(
            price, quantity, discount=own, document_discount=document, tax_rate=tax, decimals=2
        )
        for price, quantity, own, tax in lines
    ]
    for one in (*found, sum_of(found)):
        assert one.gross - one.line_discount - one.document_discount == one.net
        assert min(one.line_discount, one.document_discount, one.net, one.tax) >= 0
    assert sum_of(found).total == sum((one.total for one in found), Decimal(0))


@given(line=st.tuples(PRICES, QUANTITIES, PARTS), document=PARTS)
def test_an_order_with_the_agreed_discount_comes_to_the_same(line, document):
    """C26: both discounts are one part of the price, so the order's net is the quote's."""
    price, quantity, own = line
    agreed = agreed_discount(own, document)
    ordered = line_net(price, quantity, agreed, decimals=2)
    offered = line_sums(
        price, quantity, discount=own, document_discount=document, tax_rate=None, decimals=2
    )
    assert ordered == offered.net


async def test_lines_and_the_quote_are_rounded_once(quotes):
    """C26: each line half-up to the cent, then they are added; tax by line."""
    lamp = await quotes.product()
    quote = await quotes.draft(
        {
            "product": lamp["code"],
            "quantity": "3",
            "unit_price": cny("0.335"),
            "tax_rate": "0.13",
        },
        {
            "product": lamp["id"],
            "quantity": "3",
            "unit_price": cny("33.33"),
            "discount": "0.1",
            "tax_rate": "0.06",
        },
        discount="0.05",
    )
    figures = ("gross", "line_discount", "document_discount", "net", "tax")
    assert [[one[name] for name in figures] for one in quote["lines"]] == [
        ["1.01", "0.00", "0.06", "0.95", "0.12"],
        ["99.99", "10.00", "4.50", "85.49", "5.13"],
    ]
    assert [quote[name] for name in figures] == ["101.00", "10.00", "4.56", "86.44", "5.25"]
    assert quote["total"] == "91.69"


async def test_another_discount_prices_all_lines_anew(quotes):
    quote = await quotes.draft()
    assert (quote["net"], quote["total"]) == ("20.00", "20.00")
    less = (await quotes.change(quote, discount="0.25")).json()
    assert (less["document_discount"], less["net"], less["version"]) == ("5.00", "15.00", 2)
    assert less["lines"][0]["net"] == "15.00"
    same = (await quotes.change(less, discount="0.250")).json()
    assert same["version"] == 2


async def test_quantity_breaks_and_list_prices_stand_on_the_lines(quotes, desk):
    lamp = await quotes.product("10.00")
    await desk.add(
        "/v1/product-prices", product=lamp["code"], price=cny("8.50"), min_quantity="100"
    )
    few, many = ({"product": lamp["code"], "quantity": one} for one in ("99", "100"))
    quote = await quotes.draft(few, many)
    figures = ("list_price", "min_quantity", "unit_price", "net")
    assert [[one[name] for name in figures] for one in quote["lines"]] == [
        ["10.00", None, "10.00", "990.00"],
        ["10.00", "100", "8.50", "850.00"],
    ]
    assert quote["lines"][0]["description"] == "Lamp"


async def test_what_the_erp_has_stands_on_the_lines_with_its_age(quotes, crm):
    lamp = await quotes.product()
    quote = await quotes.draft({"product": lamp["code"], "quantity": "1"})
    assert quote["lines"][0]["availability"] is None
    async with crm.database.driver() as sql:
        await sql.execute(
            """insert into product_availability (product_id, source_version, source_history,
              free, incoming, updated_at) values ($1, 1, 1, 7, 2, '2026-01-02T03:04:05Z')""",
            lamp["id"],
        )
    found = (await quotes.get(quote))["lines"][0]
    told = {"free": "7", "incoming": "2", "told_at": "2026-01-02T03:04:05Z"}
    assert (found["availability"], found["promised_on"]) == (told, None)


async def test_what_has_no_price_or_is_not_sold_is_refused(quotes, desk, problem):
    unpriced = await desk.product()
    gone = await quotes.product(active=False)
    whole = await quotes.product(unit_decimals=0)
    for product, quantity, status, code in (
        (unpriced["code"], "1", 422, "invalid_input"),
        (gone["code"], "1", 409, "product_not_sold"),
        (whole["code"], "1.5", 422, "fraction_of_unit"),
        ("no-such", "1", 422, "missing_reference"),
    ):
        line = {"product": product, "quantity": quantity}
        reply = await desk.crm.post(quotes.path, {"name": "Q", "lines": [line]})
        problem(reply, status, code)


async def test_the_database_keeps_the_sums_of_lines(quotes):
    """C26: whoever writes."""
    quote = await quotes.draft()
    for statement in (
        "update quote set net = 5, gross = 5, total = 5 where id = $1",
        "update quote set line_discount = 1, net = net - 1, total = total - 1 where id = $1",
        "delete from quote_line where quote_id = $1",
    ):
        async with quotes.crm.database.driver() as sql:
            with pytest.raises(asyncpg.CheckViolationError, match="sum of its lines"):
                await sql.execute(statement, quote["id"])
