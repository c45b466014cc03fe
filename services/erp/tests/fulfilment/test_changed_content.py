"""Changing what an order asks for: lines named by id, and what is left out stays."""

import pytest

from .conftest import cny


@pytest.fixture
async def ordered(sales, desk):
    """Nine pieces at 10.00, wished for a day, with freight of 4.00."""
    item = await sales.item("20")
    charges = [{"kind": "freight", "amount": cny("4.00")}]
    customer = await desk.customer()
    return await sales.order(
        customer, (item, "9", "10.00"), charges=charges, requested_on="2099-03-01"
    )


async def put(sales, order, *lines, language="en", **facts):
    seen = await sales.seen(order)
    return await sales.erp.client.put(
        f"/v1/sales-orders/{order['id']}/content",
        json={"lines": list(lines)} | facts,
        headers={"If-Match": f'"{seen["version"]}"', "Accept-Language": language},
    )


async def test_a_line_named_twice_is_refused(sales, ordered, problem):
    line = ordered["lines"][0]["id"]
    reply = await put(sales, ordered, {"id": line, "quantity": "9"}, {"id": line, "quantity": "1"})
    refused = problem(reply, 422, "invalid_input")
    assert {(one["pointer"], one["code"]) for one in refused["errors"]} == {
        ("/lines/0/id", "duplicate_line"),
        ("/lines/1/id", "duplicate_line"),
    }
    assert len((await sales.seen(ordered))["lines"]) == 1


async def test_a_named_line_needs_no_item_and_what_is_left_out_stays(sales, ordered):
    line = ordered["lines"][0]["id"]
    changed = (await put(sales, ordered, {"id": line, "quantity": "8"})).json()
    assert [(one["id"], one["quantity"]) for one in changed["lines"]] == [(line, "8")]
    assert (changed["charges"], changed["requested_on"]) == ("4", "2099-03-01")
    emptied = await put(
        sales, ordered, {"id": line, "quantity": "8"}, charges=[], requested_on=None
    )
    assert (emptied.json()["charges"], emptied.json()["requested_on"]) == ("0", None)


async def test_a_line_is_not_of_another_item(sales, ordered, problem):
    other = await sales.item("5")
    wrong = {"id": ordered["lines"][0]["id"], "sku": other["sku"], "quantity": "9"}
    refused = problem(await put(sales, ordered, wrong), 422, "invalid_input")
    assert [one["code"] for one in refused["errors"]] == ["other_item"]
    nameless = problem(await put(sales, ordered, {"quantity": "9"}), 422, "invalid_input")
    assert [one["code"] for one in nameless["errors"]] == ["line_named"]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "stays as it is. Goods of these lines have gone out: 1."),
        ("zh-CN", "保持不变。这些行的货物已发出：1。"),
    ],
)
async def test_a_refusal_is_told_in_words(sales, ordered, problem, language, said):
    await sales.act(ordered, "shipments")
    line = ordered["lines"][0]["id"]
    reply = await put(sales, ordered, {"id": line, "quantity": "1"}, language=language)
    refused = problem(reply, 409, "change_refused")
    assert refused["detail"].endswith(said)
    assert refused["facts"] == {"number": ordered["number"], "reason": "already_shipped: 1"}
