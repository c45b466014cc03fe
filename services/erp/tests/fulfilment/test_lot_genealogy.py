"""Lots split, merged, traced and recalled; goods of others, which have no value."""

from uuid import UUID

import pytest

from chassis.clock import business_day

from .test_lots import Keeper


@pytest.fixture
async def keeper(sales):
    sales.desk.today = business_day(sales.desk.erp.settings.time_zone)
    return Keeper(sales)


async def act(keeper, found, name, **facts):
    return await keeper.erp.post(f"/v1/lots/{found['id']}/{name}", facts)


async def test_a_recall_finds_all_that_came_of_a_lot_and_holds_it(keeper, sales, desk, problem):
    """E65: receipt, split, merge, shipment and return, both ways; one act blocks all of them."""
    milk = await keeper.item()
    await keeper.receives(milk, keeper.lot("RAW", "10", 9), keeper.lot("OTHER", "3", 9))
    raw = await keeper.lot_of(milk, "RAW")
    parts = [{"number": "PACK-1", "quantity": "4"}, {"number": "PACK-2", "quantity": "2"}]
    split = await act(keeper, raw, "split", parts=parts)
    assert split.status_code == 200, split.text
    pack = await keeper.lot_of(milk, "PACK-1")
    assert pack["expires_on"] == raw["expires_on"]
    too_much = await act(keeper, raw, "split", parts=[{"number": "X", "quantity": "5"}])
    problem(too_much, 409, "too_little_in_lot")
    other = await keeper.lot_of(milk, "OTHER")
    merged = await act(keeper, other, "merge", lot_ids=[pack["id"]])
    assert merged.status_code == 200, merged.text
    assert await keeper.lots(milk) == {"RAW": ("4", "0"), "PACK-2": ("2", "0"), "OTHER": ("7", "0")}
    order = await keeper.confirmed(milk, "6")
    line = {"order_line_id": order["lines"][0]["id"], "quantity": "5"}
    named = line | {"lots": [keeper.lot("OTHER", "5")]}
    assert (await sales.act(order, "shipments", lines=[named])).status_code == 201
    back = line | {"quantity": "2", "lots": [keeper.lot("OTHER", "2")]}
    assert (await sales.act(order, "returns", lines=[back])).status_code == 201
    waiting = await keeper.confirmed(milk, "7")
    traced = await desk.see(f"/v1/lots/{raw['id']}/trace")
    assert {one["number"] for one in traced["lots"]} == {"RAW", "PACK-1", "PACK-2", "OTHER"}
    assert [one["kind"] for one in traced["documents"] if one["lot_id"] == other["id"]] == [
        "stock_receipt",
        "lot_merge",
        "shipment",
        "return",
    ]
    came_of = await desk.see(f"/v1/lots/{other['id']}/trace?direction=backward")
    assert {one["number"] for one in came_of["lots"]} == {"RAW", "PACK-1", "OTHER"}
    recalled = await desk.see(f"/v1/lots/{raw['id']}/recall")
    [customer] = recalled["customers"]
    assert (customer["quantity"], customer["customer_id"]) == ("3", order["customer_id"])
    assert (recalled["on_hand"], recalled["holdable"]) == ("10", "10")
    for _ in range(2):
        held = await act(keeper, raw, "hold", reason="glass found")
        assert held.status_code == 200, held.text
        assert held.json()["holdable"] == "0"
    assert all(reserved == "0" for _, reserved in (await keeper.lots(milk)).values())
    lines = [(await sales.seen(one))["lines"][0] for one in (order, waiting)]
    assert [(one["reserved"], one["waiting"]) for one in lines] == [("0", "1"), ("0", "7")]


async def test_lots_that_differ_are_not_merged(keeper, problem):
    """A lot keeps no longer than what goes into it; state and item are the same."""
    milk = await keeper.item()
    await keeper.receives(
        milk, keeper.lot("A", "1", 2), keeper.lot("B", "1", 9), keeper.lot("C", "1", 9)
    )
    ids = {name: (await keeper.lot_of(milk, name)) for name in "ABC"}
    problem(await act(keeper, ids["B"], "merge", lot_ids=[ids["A"]["id"]]), 409, "lots_not_alike")
    await keeper.decides(milk, "C", "block")
    problem(await act(keeper, ids["B"], "merge", lot_ids=[ids["C"]["id"]]), 409, "lots_not_alike")


async def test_goods_of_others_have_a_quantity_and_no_value(keeper, desk, problem):
    """E66 in part: no level, no worth, no posting, and nobody gets them; proofs go on holding."""
    milk = await keeper.item()
    customer = await desk.customer()
    lot = await desk.add(
        "/v1/lots",
        sku=milk["sku"],
        number="THEIRS",
        owner="customer",
        owner_id=customer["id"],
        quality="released",
    )
    assert (await act(keeper, lot, "receive", quantity="8")).json()["on_hand"] == "8"
    shown = await desk.see(f"/v1/availability?sku={milk['sku']}")
    assert (shown["on_hand"], shown["free"]) == ("0", "0")
    order = await keeper.confirmed(milk, "1")
    assert order["lines"][0]["reserved"] == "0"
    split = await act(keeper, lot, "split", parts=[{"number": "T-2", "quantity": "3"}])
    assert split.json()["on_hand"] == "5"
    problem(await act(keeper, lot, "issue", quantity="6"), 409, "too_little_in_lot")
    assert (await act(keeper, lot, "issue", quantity="5")).json()["on_hand"] == "0"
    await keeper.receives(milk, keeper.lot("OURS", "1"))
    ours = await keeper.lot_of(milk, "OURS")
    problem(await act(keeper, ours, "receive", quantity="1"), 409, "lot_not_foreign")
    await keeper.lots(milk)
    async with desk.erp.database.driver() as sql:
        worth = await sql.fetchval(
            """select sum(value) from stock_move m join lot l on l.id = m.lot_id
                where m.item_id = $1 and l.owner <> 'own'""",
            UUID(milk["id"]),
        )
    assert worth == 0
