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


def of(item):
    """One of the item, at 1.00."""
    return {"item_id": item["id"], "quantity": "1", "unit_price": cny("1.00")}


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
    assert (changed["charges"], changed["requested_on"]) == ("4.00", "2099-03-01")
    emptied = await put(
        sales, ordered, {"id": line, "quantity": "8"}, charges=[], requested_on=None
    )
    assert (emptied.json()["charges"], emptied.json()["requested_on"]) == ("0.00", None)


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
async def test_a_refusal_is_explained_in_words(sales, ordered, problem, language, said):
    await sales.act(ordered, "shipments")
    line = ordered["lines"][0]["id"]
    reply = await put(sales, ordered, {"id": line, "quantity": "1"}, language=language)
    refused = problem(reply, 409, "change_refused")
    assert refused["detail"].endswith(said)
    assert refused["facts"] == {"number": ordered["number"], "reason": "already_shipped: 1"}


async def test_an_archived_customer_asks_for_no_more(sales, ordered, problem):
    """f08: new business in no act; what was ordered may be fewer."""
    line = ordered["lines"][0]["id"]
    await sales.erp.post(f"/v1/customers/{ordered['customer_id']}/archive", {})
    other = await sales.item("5")
    more = ([{"id": line, "quantity": "10"}], [{"id": line, "quantity": "9"}, of(other)])
    for lines in more:
        refused = problem(await put(sales, ordered, *lines), 409, "change_refused")
        assert refused["facts"]["reason"] == "customer_archived"
    assert (await put(sales, ordered, {"id": line, "quantity": "8"})).status_code == 200
    draft = {"customer_id": ordered["customer_id"], "lines": [of(other)], "draft": True}
    problem(await sales.erp.post("/v1/sales-orders", draft), 409, "party_archived")


async def test_of_an_archived_item_no_more_is_ordered(sales, ordered, problem):
    line = ordered["lines"][0]
    await sales.erp.post(f"/v1/items/{line['item_id']}/archive", {})
    refused = problem(
        await put(sales, ordered, {"id": line["id"], "quantity": "10"}), 409, "change_refused"
    )
    assert refused["facts"]["reason"].startswith("not_sold: ")
    fewer = await put(sales, ordered, {"id": line["id"], "quantity": "8"})
    assert fewer.status_code == 200, fewer.text


async def test_a_line_without_an_id_of_ours_keeps_its_price_too(sales, ordered):
    """Told apart by item and the sender's id: another quantity is no other price."""
    line = ordered["lines"][0]
    named = {"external_line_id": line["external_line_id"]}
    same = {"sku": line["sku"], "quantity": "7"} | named
    changed = await put(sales, ordered, same)
    assert changed.status_code == 200, changed.text
    [now] = changed.json()["lines"]
    assert (now["id"], now["quantity"], now["unit_price"]) == (line["id"], "7", "10.00")


async def test_a_line_without_an_id_of_ours_keeps_its_discount_at_another_price(sales, ordered):
    """As in the CRM: what is left out stays, each of the two for itself."""
    line = ordered["lines"][0]
    named = {"id": line["id"], "quantity": "9", "discount": "0.5"}
    assert (await put(sales, ordered, named)).status_code == 200
    same = {"sku": line["sku"], "external_line_id": line["external_line_id"], "quantity": "9"}
    changed = await put(sales, ordered, same | {"unit_price": cny("8.00")})
    assert changed.status_code == 200, changed.text
    [now] = changed.json()["lines"]
    assert (now["id"], now["unit_price"], now["discount"]) == (line["id"], "8.00", "0.5")


async def test_two_lines_have_not_one_sender_s_id(sales, desk, problem):
    item, customer = await sales.item("9"), await desk.customer()
    lines = [of(item) | {"external_line_id": "a"}, of(item) | {"external_line_id": "a"}]
    body = {"customer_id": customer["id"], "lines": lines}
    for reply in (
        await sales.erp.post("/v1/sales-orders", body),
        await sales.erp.client.put(
            f"/v1/sales-orders/by-external/shop/{desk.word()}", json=body | {"source_version": 1}
        ),
    ):
        refused = problem(reply, 422, "invalid_input")
        assert [(one["pointer"], one["code"]) for one in refused["errors"]] == [
            ("/lines/1/external_line_id", "duplicate_line")
        ]
