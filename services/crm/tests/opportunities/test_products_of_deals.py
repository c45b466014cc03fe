"""Products of a deal: they make its amount."""

import asyncpg
import pytest
from services.crm.tests.opportunities.conftest import cny


async def product(desk, price="10.00"):
    return await desk.product(list_price=cny(price))


def line(code, quantity="1", **more):
    return {"product": code, "quantity": quantity} | more


async def test_the_amount_is_the_sum_of_rounded_lines(deals, desk):
    """C26: each line is rounded once, half-up, and then they are added."""
    lamp = await product(desk)
    lines = [
        line(lamp["code"], "3", unit_price=cny("0.335"), discount="0"),
        line(lamp["id"], "3", unit_price=cny("0.335"), discount="0.1"),
    ]
    deal = await deals.open(lines=lines)
    assert [one["net"] for one in deal["lines"]] == ["1.01", "0.90"]
    assert deal["amount"] == cny("1.91")
    found = await deals.list(product_id=lamp["id"])
    assert [one["id"] for one in found] == [deal["id"]]


async def test_without_a_price_that_of_the_day_holds(deals, desk, problem):
    account = await desk.account()
    lamp, unpriced = await product(desk, "12.50"), await desk.product()
    deal = await deals.open(account_id=account["id"], lines=[line(lamp["code"], "2")])
    assert (deal["lines"][0]["unit_price"], deal["amount"]) == ("12.50", cny("25.00"))
    reply = await deals.crm.post(deals.path, {"name": "D", "lines": [line(unpriced["code"])]})
    refused = problem(reply, 422, "invalid_input")
    assert [one["pointer"] for one in refused["errors"]] == ["/lines/0/unit_price"]


async def test_other_products_make_another_amount(deals, desk, problem):
    lamp = await product(desk)
    deal = await deals.open(lines=[line(lamp["code"], "2")])
    problem(await deals.change(deal, amount=cny("5.00")), 409, "amount_from_products")
    same = (await deals.change(deal, amount=cny("20.00"))).json()
    assert same["version"] == 1
    more = (await deals.change(deal, lines=[line(lamp["code"], "5")])).json()
    assert (more["amount"], more["version"]) == (cny("50.00"), 2)
    none = (await deals.change(more, lines=[])).json()
    assert (none["lines"], none["amount"]) == ([], cny("50.00"))
    by_hand = (await deals.change(none, amount=cny("7.00"))).json()
    assert by_hand["amount"] == cny("7.00")


async def test_winning_needs_no_products(deals):
    deal = await deals.open(amount=cny("7.00"))
    won = (await deals.act(deal, "win")).json()
    assert (won["state"], won["lines"]) == ("won", [])


async def test_the_database_keeps_the_amount_of_products(deals, desk):
    lamp = await product(desk)
    deal = await deals.open(lines=[line(lamp["code"], "2")])
    for statement in (
        "update opportunity set amount = 5 where id = $1",
        """insert into opportunity_line (opportunity_id, position, product_id, quantity,
            unit_price, discount, net)
          select opportunity_id, 9, product_id, 1, 1, 0, 1 from opportunity_line
          where opportunity_id = $1""",
    ):
        async with deals.crm.database.driver() as sql:
            with pytest.raises(asyncpg.CheckViolationError, match="sum of its products"):
                await sql.execute(statement, deal["id"])
