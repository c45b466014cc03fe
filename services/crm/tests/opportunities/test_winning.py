"""Winning places the order: in the same transaction, once, at the prices agreed."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest
from services.crm.tests.opportunities.conftest import cny


async def ready(deals, desk, **facts):
    """A deal of an account with two products; one is agreed cheaper."""
    account = await desk.account()
    lamps = [await desk.product(list_price=cny(price)) for price in ("10.00", "0.335")]
    lines = [
        {"product": lamps[0]["code"], "quantity": "2", "unit_price": cny("9.50")},
        {"product": lamps[1]["code"], "quantity": "3", "discount": "0.1"},
    ]
    return await deals.open(account_id=account["id"], lines=lines, **facts)


async def orders_of(deals, deal):
    reply = await deals.crm.client.get("/v1/orders", params={"account_id": deal["account_id"]})
    return reply.json()["items"]


async def accepted(desk, deal, *lines, **facts):
    """A quote of the deal that the customer accepted."""
    values = {"name": desk.word("Q"), "opportunity_id": deal["id"], "lines": list(lines)}
    quote = await desk.add("/v1/quotes", **values | facts)
    for act, body in (("send", {"channel": "email"}), ("accept", {"person": "Lin"})):
        reply = await desk.crm.post(f"/v1/quotes/{quote['id']}/{act}", body)
        assert reply.status_code == 200, reply.text
    return reply.json()


async def test_winning_places_the_order_of_the_products(deals, desk):
    deal = await ready(deals, desk)
    won = (await deals.act(deal, "win")).json()
    [order] = await orders_of(deals, deal)
    assert won["order"] == {"id": order["id"], "number": order["number"], "state": "placed"}
    assert (won["order_id"], won["no_order_reason"]) == (order["id"], None)
    prices = [(one["unit_price"], one["discount"], one["net"]) for one in order["lines"]]
    assert prices == [("9.50", "0", "19.00"), ("0.335", "0.1", "0.90")]
    assert cny(order["net"]) == won["amount"]
    assert (await desk.events_of(deal["id"]))[-1]["payload"]["order_id"] == order["id"]
    account = await desk.see(f"/v1/accounts/{deal['account_id']}")
    assert account["stage"] == "customer"


async def test_the_deal_shows_the_state_of_its_order_afterwards(deals, desk):
    deal = await ready(deals, desk)
    won = (await deals.act(deal, "win")).json()
    await deals.crm.post(f"/v1/orders/{won['order_id']}/cancel", {})
    shown = (await deals.get(deal))["order"]
    assert shown["state"] == "cancelled"
    path, wanted = f"{deals.path}/{deal['id']}", {"include": "order"}
    reply = await deals.crm.client.get(path, params=wanted)
    assert reply.json()["included"]["order"]["id"] == won["order_id"]


async def test_the_order_has_the_lines_of_the_accepted_quote(deals, desk):
    """C26, C27: with both discounts the order comes to what the quote did, to the cent."""
    deal = await ready(deals, desk)
    lamp = await desk.product(list_price=cny("33.33"))
    line = {"product": lamp["code"], "quantity": "3", "discount": "0.1"}
    quote = await accepted(desk, deal, line, discount="0.05")
    await deals.act(deal, "win")
    [order] = await orders_of(deals, deal)
    assert [one["product_id"] for one in order["lines"]] == [lamp["id"]]
    assert (order["net"], order["lines"][0]["discount"]) == (quote["net"], "0.145")
    assert order["net"] == "85.49"
    assert order["note"] == quote["number"]


async def test_winning_without_products_is_possible_and_says_so(deals):
    deal = await deals.open(amount=cny("7.00"))
    won = (await deals.act(deal, "win")).json()
    assert (won["order"], won["no_order_reason"]) == (None, "no_products")


async def test_a_deal_of_the_past_places_no_order(deals, desk):
    deal = await ready(deals, desk, history=True, stage="won", closes_on="2020-01-31")
    assert (deal["order"], deal["no_order_reason"]) == (None, "history")
    assert await orders_of(deals, deal) == []


@pytest.mark.parametrize("way", ["move", "create"])
async def test_every_way_of_winning_places_it(deals, desk, way):
    if way == "create":
        won = await ready(deals, desk, stage="won")
    else:
        deal = await ready(deals, desk)
        won = (await deals.move(deal, "won")).json()["opportunity"]
    assert [one["id"] for one in await orders_of(deals, won)] == [won["order"]["id"]]


async def test_twenty_who_win_at_once_place_one_order(deals, desk):
    deal = await ready(deals, desk)
    replies = await asyncio.gather(*(deals.act(deal, "win") for _ in range(20)))
    assert sorted(one.status_code for one in replies) == [200] + [409] * 19
    assert len(await orders_of(deals, deal)) == 1


async def test_a_deal_reopened_and_won_again_keeps_its_order(deals, desk):
    deal = await ready(deals, desk)
    first = (await deals.act(deal, "win")).json()
    await deals.act(deal, "reopen")
    again = (await deals.act(deal, "win")).json()
    assert again["order"] == first["order"]
    assert len(await orders_of(deals, deal)) == 1


async def test_without_an_account_or_what_is_sold_nothing_is_won(deals, desk, problem):
    lamp = await desk.product(list_price=cny("10.00"))
    line = {"product": lamp["code"], "quantity": "1"}
    nobody = await deals.open(lines=[line])
    refused = problem(await deals.act(nobody, "win"), 409, "fields_required")
    assert "account_id" in refused["detail"]
    account = await desk.account()
    gone = await deals.open(account_id=account["id"], lines=[line])
    path = f"/v1/products/{lamp['id']}"
    await desk.change(path, {"active": False}, revision=lamp["version"])
    problem(await deals.act(gone, "win"), 409, "product_not_sold")
    for deal in (nobody, gone):
        assert (await deals.get(deal))["state"] == "open"
    assert await orders_of(deals, gone) == []


async def test_who_may_not_order_does_not_win_what_has_products(deals, desk, problem):
    deal = await ready(deals, desk)
    seller = await deals.crm.as_("opportunities.read", "opportunities.write")
    path, headers = f"{deals.path}/{deal['id']}/win", {"Idempotency-Key": str(uuid4())}
    refused = problem(await seller.post(path, json={}, headers=headers), 403, "forbidden")
    assert refused["facts"]["scope"] == "orders.write"
    assert (await deals.get(deal))["state"] == "open"


async def test_the_database_keeps_the_order_of_a_deal(deals, desk):
    deals_won = [await ready(deals, desk) for _ in range(2)]
    first, second = [(await deals.act(one, "win")).json() for one in deals_won]
    bare = await deals.open(amount=cny("1.00"))
    for statement, values, error in (
        (
            "update opportunity set order_id = null where id = $1",
            (first["id"],),
            asyncpg.CheckViolationError,
        ),
        (
            "update opportunity set order_id = $2 where id = $1",
            (bare["id"], second["order_id"]),
            asyncpg.UniqueViolationError,
        ),
    ):
        async with deals.crm.database.driver() as sql:
            with pytest.raises(error):
                await sql.execute(statement, *values)
