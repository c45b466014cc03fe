"""Goods are looked at as they come, as they are made and before they leave (E64)."""

import asyncio

import asyncpg
import pytest

from erp.planning.service.running import make_next_plan

from .conftest import CLEAN, MONEY

pytestmark = pytest.mark.business_day


async def test_what_comes_is_not_available_until_it_is_accepted(desk, inspector, problem):
    """E64: accepted + rejected + pending = received; pending is reserved for nobody."""
    item = await desk.item()
    waiting = await inspector.confirmed(item, "4")
    await inspector.plan(item)
    receipt = await inspector.receives(item, "10")
    inspection = await inspector.opened(receipt)
    assert (inspection["quantity"], inspection["pending"]) == ("10", "10")
    assert await inspector.level(item) == ("10", "10")
    [level] = (await desk.see(f"/v1/stock-levels?sku={item['sku']}"))["items"]
    assert (level["on_hand"], level["restricted"], level["free"]) == ("10", "10", "0")
    problem(await inspector.ships(waiting), 409, "nothing_to_ship")
    problem(await inspector.decides(inspection, "10"), 409, "results_missing")
    seen = await inspector.looks(inspection, 3, 7)
    assert seen["failed"] == 2
    problem(await inspector.decides(inspection, "11"), 409, "more_than_pending")
    problem(await inspector.decides(inspection, "5", pending="9"), 409, "pending_changed")
    problem(await inspector.decides(inspection), 422, "invalid_input")
    first = await inspector.decides(inspection, "5", pending="10")
    assert first.status_code == 201, first.text
    assert (first.json()["accepted"], first.json()["pending"]) == ("5", "5")
    assert await inspector.level(item) == ("10", "5")
    assert (await inspector.ships(waiting)).status_code == 201
    assert await inspector.level(item) == ("6", "5")
    second = (await inspector.decides(inspection, "3", "2")).json()
    assert second["state"] == "decided"
    assert [second[name] for name in ("accepted", "rejected", "pending")] == ["8", "2", "0"]
    assert await inspector.level(item) == ("6", "2")
    problem(await inspector.decides(inspection, "1"), 409, "more_than_pending")
    async with desk.erp.database.driver() as sql:
        for statement in (
            "update inspection set accepted = accepted + 1 where id = $1",
            "update inspection set accepted = 9, rejected = 1 where id = $1",
            "update stock_level set restricted = 0 where item_id = $1",
            "delete from stock_hold where item_id = $1",
            "update inspection_verdict set accepted = 1 where inspection_id = $1",
        ):
            one = item if "item_id" in statement else inspection
            refused = (asyncpg.CheckViolationError, asyncpg.RestrictViolationError)
            with pytest.raises((*refused, asyncpg.InsufficientPrivilegeError)):
                await sql.execute(statement, one["id"])


@pytest.mark.parametrize("tracking", ["none", "lot"])
async def test_what_waits_for_its_verdict_is_not_bought_again(desk, inspector, tracking):
    """E41, E64: ten are waited for and came; what is rejected of them is bought, by plan too."""
    item = await desk.item(tracking=tracking)
    await inspector.confirmed(item, "10")
    await inspector.plan(item)
    lots = {"lots": [{"number": "A", "quantity": "10"}]} if tracking == "lot" else {}
    inspection = await inspector.opened(await inspector.receives(item, "10", **lots))

    async def suggested():
        page = await desk.see(f"/v1/supply-suggestions?sku={item['sku']}")
        return [(one["origin"], one["quantity"]) for one in page["suggestions"]]

    path = f"/v1/purchase-suggestions?sku={item['sku']}&state=open"
    assert (await suggested(), (await desk.see(path))["items"]) == ([], [])
    assert (await inspector.erp.post("/v1/material-plans", None)).is_success
    assert await make_next_plan(inspector.erp.database)
    assert await suggested() == []
    reply = await inspector.decides(inspection, "0", "4")
    assert reply.is_success, reply.text
    assert await suggested() == [("shortage", "4")]
    assert [one["quantity"] for one in (await desk.see(path))["items"]] == ["4"]


async def test_two_inspectors_at_once_decide_about_what_is_there_once(desk, inspector):
    """E64: the second verdict sees what the first one left; nothing is accepted twice."""
    item = await desk.item()
    await inspector.plan(item, sampling="fixed", sampling_value="2")
    inspection = await inspector.opened(await inspector.receives(item, "10"))
    await inspector.looks(inspection)
    replies = await asyncio.gather(*(inspector.decides(inspection, "6") for _ in range(4)))
    assert sorted(one.status_code for one in replies) == [201, 409, 409, 409]
    assert await inspector.level(item) == ("10", "4")
    replies = await asyncio.gather(
        *(inspector.decides(inspection, "4", pending="4") for _ in range(2)),
        inspector.decides(inspection, "0", "4", pending="4"),
    )
    assert sorted(one.status_code for one in replies) == [201, 409, 409]
    seen = await desk.see(f"/v1/inspections/{inspection['id']}")
    assert seen["pending"] == "0"
    expected = "4" if seen["rejected"] == "4" else "0"
    assert await inspector.level(item) == ("10", expected)


async def test_a_sample_that_failed_is_accepted_by_a_concession_only(desk, inspector, problem):
    """E64: the acceptance number of the AQL decides; limits are good, beyond them is not."""
    item = await desk.item()
    width = {"number": 10, "name": "Width", "lower_limit": "7.9", "upper_limit": "8.1"}
    plan = {"sampling": "aql", "sampling_value": "4.0", "characteristics": [width]}
    await inspector.plan(item, **plan)
    inspection = await inspector.opened(await inspector.receives(item, "60"))
    assert (inspection["sample_size"], inspection["acceptance_number"]) == (13, 1)
    path = f"/v1/inspections/{inspection['id']}/results"
    values = ["7.9", "8.1", "8.100001", "7.8", *["8"] * 9]
    results = [{"sample": at, "number": 10, "value": one} for at, one in enumerate(values, 1)]
    for wrong in (
        {"sample": 14, "number": 10, "value": "8"},
        {"sample": 1, "number": 20, "value": "8"},
        {"sample": 1, "number": 10, "answer": True},
    ):
        problem(await desk.erp.post(path, {"results": [wrong]}), 422, "no_such_sample")
    seen = (await desk.erp.post(path, {"results": results})).json()
    assert [one["good"] for one in seen["results"]][:5] == [True, True, False, False, True]
    problem(await inspector.decides(inspection, "60"), 409, "sample_failed")
    again = await desk.erp.post(path, {"results": [results[2] | {"value": "8.05"}]})
    assert again.json()["failed"] == 1
    await desk.erp.post(path, {"results": [results[2]]})
    accepted = await inspector.decides(inspection, "60", concession="For trials only")
    assert accepted.status_code == 201, accepted.text
    problem(await desk.erp.post(path, {"results": results[:1]}), 409, "nothing_pending")


async def test_a_lot_is_released_once_all_of_it_is_decided(desk, inspector, problem):
    """E64, E40: it comes in inspection; what is rejected becomes a lot in quarantine."""
    item = await desk.item(tracking="lot")
    await inspector.plan(item)
    lots = [{"number": "A", "quantity": "6"}, {"number": "B", "quantity": "4"}]
    receipt = await inspector.receives(item, "10", lots=lots)
    first, second = sorted(
        await inspector.inspections(source_id=receipt["id"]), key=lambda one: one["lot"]
    )
    assert [(one["lot"], one["pending"]) for one in (first, second)] == [("A", "6"), ("B", "4")]
    lot = f"/v1/lots/{first['lot_id']}"
    assert (await desk.see(lot))["quality"] == "inspection"
    problem(await desk.erp.post(f"{lot}/release", {"reason": "No"}), 409, "inspection_pending")
    parts = {"parts": [{"number": "A1", "quantity": "1"}]}
    problem(await desk.erp.post(f"{lot}/split", parts), 409, "inspection_pending")
    back = {"reason": "Wrong", "expect_again": False}
    path = f"/v1/purchase-receipts/{receipt['id']}"
    problem(await desk.erp.post(f"{path}/returns", back), 409, "inspection_pending")
    problem(await desk.erp.post(f"{path}/reverse", {"reason": "No"}), 409, "inspection_pending")
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute("update lot set quality = 'released' where id = $1", first["lot_id"])
    await inspector.looks(first, 1)
    assert (await inspector.decides(first, "0", "1")).status_code == 201
    assert (await desk.see(lot))["quality"] == "inspection"
    decided = await inspector.decides(first, "5")
    assert decided.status_code == 201, decided.text
    assert (await desk.see(lot))["quality"] == "released"
    assert (await inspector.decides(second, "0", "4")).status_code == 201
    found = (await desk.see(f"/v1/lots?sku={item['sku']}"))["items"]
    states = {one["number"]: (one["quality"], one["on_hand"]) for one in found}
    rejected = next(name for name in states if name.startswith("A-R"))
    assert states == {
        "A": ("released", "5"),
        rejected: ("quarantine", "1"),
        "B": ("quarantine", "4"),
    }
    more = await inspector.receives(item, "2", lots=[{"number": "A", "quantity": "2"}])
    assert (await desk.see(lot))["quality"] == "inspection"
    assert (await inspector.opened(more))["pending"] == "2"


async def test_pieces_with_serials_are_decided_one_by_one(desk, inspector, problem):
    """E64: a pending or rejected piece is not shipped; the database promises it too."""
    item = await desk.item(tracking="serial")
    await inspector.plan(item)
    receipt = await inspector.receives(item, "3", serials=["S1", "S2", "S3"])
    inspection = await inspector.opened(receipt)
    await inspector.looks(inspection, 2)
    wrong = await inspector.decides(inspection, "0", "1", rejected_serials=["S9"])
    problem(wrong, 409, "serial_not_pending")
    problem(await inspector.decides(inspection, "1", "1"), 422, "invalid_input")
    done = await inspector.decides(inspection, "1", accepted_serials=["S3"])
    assert done.status_code == 201, done.text
    order = await inspector.confirmed(item, "1")
    problem(await inspector.ships(order, "1", serials=["S1"]), 409, "serial_withheld")
    sent = await inspector.ships(order)
    assert sent.json()["serials"][0]["serial"] == "S3", sent.text
    last = await inspector.decides(inspection, "1", "1", rejected_serials=["S2"])
    assert last.json()["verdicts"][-1]["accepted_serials"] == ["S1"], last.text
    assert await inspector.level(item) == ("2", "1")


async def test_of_several_plans_the_most_particular_one_counts(desk, inspector):
    """E64: item before category, then supplier, on their days only."""
    category = await desk.add("/v1/item-categories", code=desk.word("C"), name="Lamps")
    item, other = await desk.item(category=category["code"]), await desk.item()
    supplier = await desk.add("/v1/suppliers", name="Mill")
    by_category = {"sku": None, "category": category["code"]}
    await inspector.plan(item, **by_category)
    wide = await inspector.plan(item)
    named = await inspector.plan(item, supplier_number=supplier["number"])
    await inspector.plan(other, effective_to="2020-01-01")
    first = await inspector.opened(await inspector.receives(item, "1", supplier=supplier))
    second = await inspector.opened(await inspector.receives(item, "1"))
    assert (first["plan_id"], second["plan_id"]) == (named["id"], wide["id"])
    receipt = await inspector.receives(other, "1")
    assert await inspector.inspections(source_id=receipt["id"]) == []


async def test_goods_leave_once_they_were_accepted_for_their_line(desk, inspector, problem):
    """E64: a shipment without it is refused and says what to do; what was accepted is used once."""
    item = await desk.item()
    await inspector.receives(item, "9")
    customer = await desk.customer()
    await inspector.plan(item, stage="shipment", customer_number=customer["number"])
    free = await inspector.confirmed(item, "1")
    assert (await inspector.ships(free)).status_code == 201
    order = await inspector.confirmed(item, "5", customer)
    told = problem(await inspector.ships(order), 409, "inspection_needed")
    line = order["lines"][0]["id"]
    assert line in told["detail"]
    body = {"order_line_id": line, "quantity": "3"}
    opened = await desk.erp.post("/v1/inspections", body)
    assert opened.status_code == 201, opened.text
    problem(await inspector.ships(order, "3"), 409, "inspection_needed")
    await inspector.looks(opened.json(), 2)
    assert (await inspector.decides(opened.json(), "2", "1")).status_code == 201
    assert await inspector.level(item) == ("8", "1")
    sent = await asyncio.gather(*(inspector.ships(order, "2") for _ in range(2)))
    assert sorted(one.status_code for one in sent) == [201, 409]
    problem(
        await desk.erp.post("/v1/inspections", body | {"quantity": "1.5"}), 422, "fraction_of_unit"
    )
    unplanned = {"order_line_id": free["lines"][0]["id"], "quantity": "1"}
    problem(await desk.erp.post("/v1/inspections", unplanned), 422, "no_inspection_plan")


async def test_what_is_made_is_inspected(desk, inspector):
    """E64: by the item and the last operation; what was made is withheld."""
    item, part = await desk.item(), await desk.item()
    lines = [{"sku": part["sku"], "quantity": "1"}]
    bom = await desk.add("/v1/bills-of-material", sku=item["sku"], label="A", lines=lines)
    assert (await desk.erp.post(f"/v1/bills-of-material/{bom['id']}/activate", None)).is_success
    await inspector.plan(item, stage="production")
    stock = {"lines": [{"sku": part["sku"], "quantity": "5", "unit_cost": MONEY}]}
    assert (await desk.erp.post("/v1/stock-receipts", stock)).is_success
    days = {"start_on": "2026-12-01", "due_on": "2026-12-04"}
    order = await desk.add("/v1/production-orders", sku=item["sku"], quantity="3", **days)
    path = f"/v1/production-orders/{order['id']}"
    assert (await desk.erp.post(f"{path}/release", {})).is_success
    assert (await desk.erp.post(f"{path}/report", {"good": "3"})).is_success
    assert await inspector.level(item) == ("3", "3")
    [inspection] = await inspector.inspections(sku=item["sku"], stage="production", state="open")
    await inspector.looks(inspection)
    assert (await inspector.decides(inspection, "3")).status_code == 201
    assert await inspector.level(item) == ("3", "0")
    assert CLEAN["name"] == inspection["characteristics"][0]["name"]


async def inspected(inspector, order, quantity, **facts):
    """An inspection of the order's line before goods leave, with good results."""
    body = {"order_line_id": order["lines"][0]["id"], "quantity": quantity} | facts
    reply = await inspector.erp.post("/v1/inspections", body)
    assert reply.status_code == 201, reply.text
    await inspector.looks(reply.json())
    return reply.json()


async def test_the_piece_that_was_accepted_leaves_and_no_other(desk, inspector, problem):
    """E64: per serial and lot; without one named those that were accepted are taken."""
    customer = await desk.customer()
    item = await desk.item(tracking="serial")
    await inspector.receives(item, "4", serials=["S1", "S2", "S3", "S4"])
    await inspector.plan(item, stage="shipment", customer_number=customer["number"])
    order = await inspector.confirmed(item, "3", customer)
    found = await inspected(inspector, order, "2", serials=["S2", "S3"])
    assert (await inspector.decides(found, "1", "1", rejected_serials=["S2"])).status_code == 201
    for serial in ("S1", "S2"):
        reply = await inspector.ships(order, "1", serials=[serial])
        problem(reply, 409, "piece_not_accepted")
    sent = await inspector.ships(order, "1")
    assert [one["serial"] for one in sent.json()["serials"]] == ["S3"], sent.text
    problem(await inspector.ships(order, "1", serials=["S4"]), 409, "piece_not_accepted")
    item = await desk.item(tracking="lot")
    lots = [{"number": "A", "quantity": "3"}, {"number": "B", "quantity": "3"}]
    await inspector.receives(item, "6", lots=lots)
    await inspector.plan(item, stage="shipment", customer_number=customer["number"])
    order = await inspector.confirmed(item, "4", customer)
    assert (
        await inspector.decides(await inspected(inspector, order, "2", lot="B"), "2")
    ).status_code == 201
    named = {"lots": [{"number": "A", "quantity": "1"}]}
    problem(await inspector.ships(order, "1", **named), 409, "piece_not_accepted")
    sent = await inspector.ships(order, "2")
    assert [one["lot"] for one in sent.json()["lots"]] == ["B"], sent.text
    problem(await inspector.ships(order, "1"), 409, "inspection_needed")


async def test_an_inspection_before_shipment_is_cancelled(desk, inspector, problem):
    """E64: not more is inspected than is to leave; what was not decided is said."""
    item = await desk.item()
    await inspector.receives(item, "9")
    await inspector.plan(item, stage="shipment")
    order = await inspector.confirmed(item, "5")
    found = await inspected(inspector, order, "4")
    body = {"order_line_id": order["lines"][0]["id"], "quantity": "2"}
    problem(await desk.erp.post("/v1/inspections", body), 409, "more_than_to_ship")
    assert (await inspector.decides(found, "1")).status_code == 201
    path = f"/v1/inspections/{found['id']}/cancel"
    done = (await desk.erp.post(path, None)).json()
    assert [done[name] for name in ("state", "accepted", "cancelled")] == ["decided", "1", "3"]
    problem(await desk.erp.post(path, None), 409, "nothing_pending")
    assert await inspector.inspections(sku=item["sku"], state="open") == []
    assert len(await inspector.inspections(sku=item["sku"], state="decided,open")) == 1
    assert (await desk.erp.post("/v1/inspections", body)).status_code == 201
    assert (await desk.erp.post(f"/v1/sales-orders/{order['id']}/cancel", {})).is_success
    problem(await desk.erp.post("/v1/inspections", body), 409, "more_than_to_ship")
    await inspector.plan(item)
    came = await inspector.opened(await inspector.receives(item, "1"))
    problem(
        await desk.erp.post(f"/v1/inspections/{came['id']}/cancel", None),
        409,
        "not_before_shipment",
    )
