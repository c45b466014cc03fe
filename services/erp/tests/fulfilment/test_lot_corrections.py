"""What is said of lots is neither lost nor undone by the way, and a recall forgets nobody."""

from datetime import timedelta

from erp.stock.service import tracing

from .test_lots import Keeper, keeper  # noqa: F401 - a fixture


async def test_the_state_of_a_lot_is_changed_by_decisions_only(keeper, desk, problem):  # noqa: F811
    """E64: neither an upsert nor a receipt lets goods be used, or takes its word back."""
    milk = await keeper.item()
    sent = ("/v1/lots", desk.word())
    first = {"sku": milk["sku"], "number": "A", "quality": "quarantine"}
    assert (await desk.send(*sent, 1, "wms", **first)).status_code == 201
    problem(await desk.send(*sent, 2, "wms", quality="released"), 409, "lot_not_decided")
    same = await desk.send(*sent, 3, "wms", quality="quarantine", note="Seen")
    assert same.json()["note"] == "Seen"
    wrong = await keeper.receives(milk, keeper.lot("A", "5", quality="released"))
    assert problem(wrong, 409, "lot_differs")["facts"]["field"] == "quality"
    assert (await keeper.receives(milk, keeper.lot("A", "5"))).status_code == 201
    assert (await keeper.decides(milk, "A", "release")).json()["quality"] == "released"


async def test_lines_of_a_receipt_do_not_contradict_each_other(keeper, problem):  # noqa: F811
    """E40: a lot that comes by two lines with two last days is refused; what one says counts."""
    milk = await keeper.item()

    async def receives(*lots):
        cost = {"amount": "2", "currency": "CNY"}
        lines = [
            {"sku": milk["sku"], "quantity": "5", "unit_cost": cost, "lots": [lot]} for lot in lots
        ]
        return await keeper.erp.post("/v1/stock-receipts", {"lines": lines})

    wrong = await receives(keeper.lot("A", "5", 9), keeper.lot("A", "5", 90))
    assert problem(wrong, 409, "lot_differs")["facts"]["field"] == "expires_on"
    right = await receives(keeper.lot("A", "5"), keeper.lot("A", "5", 9, supplier_lot="S"))
    assert right.status_code == 201, right.text
    lot = await keeper.lot_of(milk, "A")
    until = (keeper.desk.today + timedelta(days=9)).isoformat()
    assert (lot["on_hand"], lot["expires_on"], lot["supplier_lot"]) == ("10", until, "S")


async def test_shelf_life_counts_from_the_day_on_which_goods_came(keeper):  # noqa: F811
    """E40: received as of three days ago, they keep three days less."""
    milk = await keeper.item(shelf_life_days=30)
    came = keeper.desk.today - timedelta(days=3)
    line = {"sku": milk["sku"], "quantity": "5", "unit_cost": {"amount": "2", "currency": "CNY"}}
    body = {"effective_on": came.isoformat(), "lines": [line | {"lots": [keeper.lot("A", "5")]}]}
    reply = await keeper.erp.post("/v1/stock-receipts", body)
    assert reply.status_code == 201, reply.text
    lot = await keeper.lot_of(milk, "A")
    assert lot["expires_on"] == (came + timedelta(days=30)).isoformat()


async def test_a_recall_has_every_customer_however_many_documents(keeper, sales, desk, monkeypatch):  # noqa: F811
    """E65: documents that are shown are limited, and say so; customers are not."""
    milk = await keeper.item()
    await keeper.receives(milk, keeper.lot("A", "9", 9))
    orders = [await keeper.confirmed(milk, "2") for _ in range(2)]
    for order in orders:
        assert (await sales.act(order, "shipments")).status_code == 201
    monkeypatch.setattr(tracing, "MOST_DOCUMENTS", 2)
    lot = await keeper.lot_of(milk, "A")
    traced = await desk.see(f"/v1/lots/{lot['id']}/trace")
    assert (len(traced["documents"]), traced["complete"]) == (2, False)
    recalled = (await desk.see(f"/v1/lots/{lot['id']}/recall"))["customers"]
    assert {one["customer_id"] for one in recalled} == {one["customer_id"] for one in orders}
    monkeypatch.undo()
    assert (await desk.see(f"/v1/lots/{lot['id']}/trace"))["complete"]


async def test_a_shipment_of_a_past_day_takes_lots_that_lay_here_then(keeper, sales, problem):  # noqa: F811
    """E40: the lot that expires first came only today, so the one before it leaves."""
    milk = await keeper.item()
    days = [(keeper.desk.today - timedelta(days=ago)).isoformat() for ago in (3, 0, 1)]
    for number, until, day in (("A", 90, days[0]), ("B", 30, days[1])):
        line = {"sku": milk["sku"], "quantity": "5", "lots": [keeper.lot(number, "5", until)]}
        line["unit_cost"] = {"amount": "2", "currency": "CNY"}
        body = {"effective_on": day, "lines": [line]}
        reply = await keeper.erp.post("/v1/stock-receipts", body)
        assert reply.status_code == 201, reply.text
    order = await keeper.confirmed(milk, "5")
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "5"}
    named = line | {"lots": [keeper.lot("B", "5")]}
    wrong = await sales.act(order, "shipments", lines=[named], effective_on=days[2])
    problem(wrong, 409, "lot_short_on_day")
    sent = await sales.act(order, "shipments", effective_on=days[2])
    assert sent.status_code == 201, sent.text
    assert [(one["lot"], one["quantity"]) for one in sent.json()["lots"]] == [("A", "5")]
