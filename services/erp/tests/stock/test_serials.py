"""Pieces with serials by the API: received, lost, found, told where they are; and refused."""

import asyncio
from uuid import uuid4

import pytest

from erp.catalog.errors import FractionOfUnit
from importer.mapping import Mapping
from importer.running import run_import

RECEIPTS, ADJUSTMENTS = "/v1/stock-receipts", "/v1/stock-adjustments"


def money(amount):
    return {"amount": amount, "currency": "CNY"}


class Keeper:
    """A storekeeper of one item whose pieces have serials."""

    def __init__(self, desk, item):
        self.desk, self.erp, self.item = desk, desk.erp, item

    async def receives(self, *serials, quantity=None, value="10", sku=None):
        line = {"sku": sku or self.item["sku"], "quantity": quantity or str(len(serials))}
        line |= {"value": money(value), "serials": serials}
        return await self.erp.post(RECEIPTS, {"lines": [line]})

    async def adjusts(self, quantity, *serials, **facts):
        line = {"sku": self.item["sku"], "quantity": quantity, "serials": serials} | facts
        return await self.erp.post(ADJUSTMENTS, {"reason": "count", "lines": [line]})

    async def allocates(self):
        """Where each serial of the item is."""
        found = (await self.desk.see(f"/v1/serials?sku={self.item['sku']}"))["items"]
        return {one["number"]: one["place"] for one in found}

    async def history(self, number):
        [one] = (await self.desk.see(f"/v1/serials?sku={self.item['sku']}&number={number}"))[
            "items"
        ]
        return await self.desk.see(f"/v1/serials/{one['id']}")


@pytest.fixture
async def keeper(desk, store):
    return Keeper(desk, await desk.item(tracking="serial"))


async def test_each_piece_comes_in_by_its_serial(keeper, store):
    """E28: one move of one piece for each; their worth adds up to the cent (E29)."""
    assert (await keeper.receives("A", "B", "C")).status_code == 201
    assert await keeper.allocates() == dict.fromkeys("ABC", "MAIN-STOCK")
    assert await store.holds(keeper.item["id"]) == (3, 0, "10.00")
    moves = (await keeper.desk.see(f"/v1/stock-moves?sku={keeper.item['sku']}"))["items"]
    shown = sorted((one["serial"], one["quantity"], one["value"]) for one in moves)
    assert shown == [("A", "1", "3.33"), ("B", "1", "3.33"), ("C", "1", "3.34")]


async def test_a_serial_shows_where_it_was(keeper, problem):
    """E65 in part: every move of the piece, the first one first."""
    await keeper.receives("A", "B")
    await keeper.adjusts("-1", "A")
    await keeper.adjusts("1", "A", unit_cost=money("4"))
    shown = await keeper.history("A")
    assert (shown["sku"], shown["place"], shown["in_stock"]) == (
        keeper.item["sku"],
        "MAIN-STOCK",
        True,
    )
    assert shown["order_line_id"] is None
    steps = [(one["source"], one["target"], one["value"]) for one in shown["moves"]]
    assert steps == [
        ("OPENING", "MAIN-STOCK", "5.00"),
        ("MAIN-STOCK", "LOSS", "5.00"),
        ("LOSS", "MAIN-STOCK", "4.00"),
    ]
    problem(await keeper.desk.client.get(f"/v1/serials/{uuid4()}"), 404, "not_found")


async def test_serials_are_listed(keeper, desk):
    await keeper.receives("B", "A")
    await keeper.adjusts("-1", "A")
    path = f"/v1/serials?sku={keeper.item['sku']}"
    [first] = (page := await desk.see(f"{path}&limit=1"))["items"]
    [second] = (await desk.see(f"{path}&limit=1&cursor={page['next_cursor']}"))["items"]
    assert [(one["number"], one["place"]) for one in (first, second)] == [
        ("A", "LOSS"),
        ("B", "MAIN-STOCK"),
    ]
    here = (await desk.see(f"{path}&in_stock=true"))["items"]
    assert [one["number"] for one in here] == ["B"]


async def test_a_serial_is_the_items_own(keeper, desk, store):
    """Two makers may use one number: it is unique within its item."""
    other = Keeper(desk, await desk.item(tracking="serial"))
    for one in (keeper, other):
        assert (await one.receives("1")).status_code == 201
        assert await one.allocates() == {"1": "MAIN-STOCK"}


@pytest.mark.parametrize(
    "wrong",
    [
        ((), "1", "serials_needed"),
        (("N1",), "2", "serials_needed"),
        (("N1", "N2"), "1", "serials_needed"),
        (("N1",), "1.5", "fraction_of_unit"),
        (("N1", "N1"), "2", "duplicate_serial"),
        (("N1", " N1 "), "2", "duplicate_serial"),
        (("N1", "OLD"), "2", "serial_exists"),
        (("N1", ""), "2", "invalid_input"),
        (("x" * 65,), "1", "invalid_input"),
        (("N\n1",), "1", "invalid_input"),
    ],
)
async def test_a_wrong_receipt_changes_nothing(keeper, store, problem, wrong):
    """E28: receiving an existing serial again is an error; each piece has one serial."""
    await keeper.receives("OLD")
    serials, quantity, code = wrong
    status = 409 if code == "serial_exists" else 422
    problem(await keeper.receives(*serials, quantity=quantity), status, code)
    assert await keeper.allocates() == {"OLD": "MAIN-STOCK"}
    assert await store.holds(keeper.item["id"]) == (1, 0, "10.00")


async def test_a_serial_is_named_once_in_all_lines(keeper, problem, store):
    lines = [
        {"sku": keeper.item["sku"], "quantity": "1", "value": money("1"), "serials": [one]}
        for one in ("A", "A")
    ]
    problem(await keeper.erp.post(RECEIPTS, {"lines": lines}), 422, "duplicate_serial")
    assert await keeper.allocates() == {}


async def test_an_item_without_serials_takes_none(keeper, desk, problem, store):
    """Never ignored: a serial that is named is kept, or refused."""
    plain = await desk.item()
    problem(await keeper.receives("A", sku=plain["sku"]), 422, "serials_not_kept")
    assert await store.holds(plain["id"]) == (0, 0, "0.00")


async def test_a_refusal_names_serial_and_place_in_both_languages(keeper, problem):
    await keeper.receives("A")
    body = {"quantity": "1", "value": money("1"), "sku": keeper.item["sku"], "serials": ["A"]}
    for language, words in (("en", "was received already"), ("zh-CN", "已收过货")):
        reply = await keeper.erp.post(
            RECEIPTS, {"lines": [body]}, headers={"Accept-Language": language}
        )
        shown = problem(reply, 409, "serial_exists")
        assert words in shown["detail"]
        assert shown["facts"] == {"serial": "A", "sku": keeper.item["sku"], "place": "MAIN-STOCK"}


async def test_a_loss_names_what_is_gone(keeper, store, problem):
    """E27: and only what is promised to nobody; nothing is guessed."""
    await keeper.receives("A", "B")
    problem(await keeper.adjusts("-1"), 422, "serials_needed")
    problem(await keeper.adjusts("-1", "X"), 422, "unknown_serial")
    problem(await keeper.adjusts("-0.5", "A"), 422, "fraction_of_unit")
    await store.orders(keeper.item["id"], 2)
    problem(await keeper.adjusts("-1", "A"), 409, "too_little_on_hand")
    assert await store.holds(keeper.item["id"]) == (2, 2, "10.00")


async def test_what_was_lost_is_found_again_and_nothing_else(keeper, store, problem):
    """E28: a gain may be the piece that was written off; what is here cannot turn up."""
    await keeper.receives("A", "B")
    assert (await keeper.adjusts("-1", "A")).status_code == 201
    problem(await keeper.adjusts("-1", "A"), 409, "serial_not_in_stock")
    problem(await keeper.receives("A"), 409, "serial_exists")
    problem(await keeper.adjusts("1", "B"), 409, "serial_exists")
    problem(await keeper.adjusts("1"), 422, "serials_needed")
    assert (await keeper.adjusts("2", "A", "NEW")).status_code == 201
    assert await keeper.allocates() == dict.fromkeys(("A", "B", "NEW"), "MAIN-STOCK")
    assert await store.holds(keeper.item["id"]) == (3, 0, "15.00")


async def test_a_serial_moves_once_in_one_adjustment(keeper, problem):
    await keeper.receives("A")
    lines = [{"sku": keeper.item["sku"], "quantity": one, "serials": ["A"]} for one in ("-1", "1")]
    body = {"reason": "count", "lines": lines}
    problem(await keeper.erp.post(ADJUSTMENTS, body), 422, "duplicate_serial")


async def test_the_same_serial_received_at_once_comes_in_once(keeper, store):
    """E28 with twenty clients: one receipt, nineteen refusals."""
    replies = await asyncio.gather(*(keeper.receives("SAME") for _ in range(20)))
    assert sorted(one.status_code for one in replies) == [201] + [409] * 19
    codes = {one.json()["code"] for one in replies if one.status_code == 409}
    assert codes == {"serial_exists"}
    assert await store.holds(keeper.item["id"]) == (1, 0, "10.00")


async def test_pieces_are_wanted_whole(keeper, store, problem, desk):
    """A part of a piece cannot be ordered; an order of it changes nothing."""
    await keeper.receives("A")
    customer = await desk.customer()
    line = {"item_id": keeper.item["id"], "quantity": "0.5", "unit_price": money("1")}
    body = {"customer_id": customer["id"], "lines": [line]}
    problem(await keeper.erp.post("/v1/sales-orders", body), 422, "fraction_of_unit")
    line_id, _ = await store.orders(keeper.item["id"], 1)
    with pytest.raises(FractionOfUnit):
        await store.changes_quantity(line_id, "0.5")
    assert await store.line(line_id) == (1, 1, 0, 0)


async def test_tracking_is_final_with_the_first_move(keeper, desk, store, problem):
    """E28: an item has serials from its first piece on, or never."""
    path, plain = f"/v1/items/{keeper.item['id']}", await desk.item()
    changed = await desk.change(path, {"tracking": "none"}, revision=1)
    assert (changed.status_code, changed.json()["tracking"]) == (200, "none")
    await desk.change(path, {"tracking": "serial"}, revision=2)
    assert (await keeper.receives("A")).status_code == 201
    problem(await desk.change(path, {"tracking": "none"}, revision=3), 409, "tracking_fixed")
    await desk.add(RECEIPTS, lines=[{"sku": plain["sku"], "quantity": "1", "value": money("1")}])
    path = f"/v1/items/{plain['id']}"
    problem(await desk.change(path, {"tracking": "serial"}, revision=1), 409, "tracking_fixed")
    assert (await desk.see(path))["tracking"] == "none"
    assert (await desk.events_of(keeper.item["id"]))[0]["payload"]["tracking"] == "serial"


async def test_the_first_receipt_and_another_tracking_at_once(desk, store):
    """E28: one of both wins, whichever; stock and serials agree then."""
    for _ in range(8):
        keeper = Keeper(desk, await desk.item(tracking="serial"))
        change = desk.change(f"/v1/items/{keeper.item['id']}", {"tracking": "none"}, revision=1)
        changed, came = await asyncio.gather(change, keeper.receives("A"))
        shown = (changed.status_code, came.status_code)
        assert shown in {(200, 422), (409, 201)}, (changed.text, came.text)
        on_hand = (1, 0, "10.00") if shown == (409, 201) else (0, 0, "0.00")
        assert await store.holds(keeper.item["id"]) == on_hand


async def test_tracking_does_not_wait_for_an_order_that_waits_for_it(desk, problem):
    """No deadlock: the change is told to come again, and the order goes on."""
    item = await desk.item()
    path = f"/v1/items/{item['id']}"
    async with desk.erp.database.driver() as sql, sql.transaction():
        await sql.execute("select from item where id = $1 for key share", item["id"])
        problem(await desk.change(path, {"tracking": "serial"}, revision=1), 409, "busy")
    assert (await desk.change(path, {"tracking": "serial"}, revision=1)).status_code == 200


async def test_who_may_not_see_stock_sees_no_serials(keeper, desk, problem):
    await keeper.receives("A")
    path = f"/v1/serials/{(await keeper.history('A'))['id']}"
    outsider, reader = await desk.erp.as_("catalog.read"), await desk.erp.as_("stock.read")
    for one in ("/v1/serials", path):
        problem(await outsider.get(one), 403, "forbidden")
        problem(await desk.erp.with_key("td_wrong_key").get(one), 401, "unauthorized")
        assert (await reader.get(one)).status_code == 200


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"tracking": "batch"}, "invalid_input"),
        ({"tracking": "serial", "unit": "KGM"}, "not_trackable"),
        ({"tracking": "serial", "kind": "service"}, "not_trackable"),
    ],
)
async def test_what_cannot_have_serials(desk, problem, facts, code):
    """What no item is tracked by is refused, never ignored."""
    body = {"sku": desk.word("SKU"), "name": "Bolt"} | facts
    problem(await desk.erp.post("/v1/items", body), 422, code)
    plain = await desk.item()
    reply = await desk.change(f"/v1/items/{plain['id']}", facts, revision=1)
    problem(reply, 422, code)


async def test_a_tracked_item_stays_countable(keeper, desk, problem):
    path = f"/v1/items/{keeper.item['id']}"
    for facts in ({"unit": "KGM"}, {"kind": "service"}):
        problem(await desk.change(path, facts, revision=1), 422, "not_trackable")


async def test_opening_stock_with_serials_is_taken_over_once(desk, store):
    """E13: sent again with the same serials it is the same stock; with others it is refused."""
    item, ours = await desk.item(tracking="serial"), desk.word("stock")
    sent = {"external_id": ours, "source_version": 1, "sku": item["sku"], "quantity": "2"}
    sent |= {"value": money("8"), "serials": ["A", "B"]}

    async def opened(*items):
        path = "/v1/opening-stock/by-external/shop/batch"
        reply = await desk.erp.post(path, {"items": items})
        return [
            (one["status"], (one["problem"] or {}).get("code")) for one in reply.json()["items"]
        ]

    again = sent | {"source_version": 2, "serials": ["B", "A"]}
    other = sent | {"source_version": 3, "serials": ["A", "C"]}
    unnamed = sent | {"external_id": desk.word("stock"), "serials": []}
    assert await opened(sent, again, other, unnamed) == [
        ("created", None),
        ("unchanged", None),
        ("failed", "opening_stock_posted"),
        ("failed", "serials_needed"),
    ]
    assert await store.holds(item["id"]) == (2, 0, "8.00")


async def test_items_and_their_serials_are_imported_from_csv(desk, store, tmp_path):
    """C67 for serials: `tracking` of items, and the serials of their opening stock in one cell."""
    sku, system = desk.word("SKU"), "csv"
    (tmp_path / "Tools.csv").write_text(f"ID,Sku,Count,Serials\n{sku},{sku},2,T-1; T-2\n")
    resources = [
        {
            "name": "items",
            "file": "Tools.csv",
            "target": f"/v1/items/by-external/{system}/batch",
            "external_id": "ID",
            "fields": {"sku": "Sku", "name": "Sku", "tracking": {"const": "serial"}},
        },
        {
            "name": "opening-stock",
            "file": "Tools.csv",
            "target": f"/v1/opening-stock/by-external/{system}/batch",
            "external_id": "ID",
            "source_version": 1,
            "fields": {
                "sku": "Sku",
                "quantity": {"column": "Count", "type": "decimal"},
                "serials": {"column": "Serials", "split": ";"},
                "value.amount": {"const": "7.50"},
                "value.currency": {"const": "CNY"},
            },
        },
    ]
    mapping = Mapping.model_validate({"resources": resources})
    for outcome in ("created", "unchanged"):
        report = await run_import(
            mapping, desk.client, source=tmp_path, errors_to=tmp_path / "errors"
        )
        assert [dict(one.counts) for one in report.resources] == [{outcome: 1}] * 2, report
    item = (await desk.see(f"/v1/items?sku={sku}"))["items"][0]
    assert item["tracking"] == "serial"
    found = (await desk.see(f"/v1/serials?sku={sku}"))["items"]
    assert [one["number"] for one in found] == ["T-1", "T-2"]
    assert await store.holds(item["id"]) == (2, 0, "7.50")
