"""What becomes of goods that do not conform: cases, dispositions, actions, complaints, scores."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from chassis.clock import business_day

from .conftest import MONEY

pytestmark = pytest.mark.business_day

PATH = "/v1/nonconformances"


async def rejected(inspector, item, quantity, *, lots=(), **facts):
    """So many come and are rejected; the receipt and the case."""
    if not (await inspector.inspections(sku=item["sku"])):
        await inspector.plan(item)
    receipt = await inspector.receives(item, quantity, lots=list(lots), **facts)
    inspection = await inspector.opened(receipt)
    reply = await inspector.decides(inspection, "0", quantity)
    assert reply.status_code == 201, reply.text
    return receipt, await case_of(inspector, inspection)


async def case_of(inspector, inspection):
    [case] = (await inspector.desk.see(f"{PATH}?inspection_id={inspection['id']}"))["items"]
    return case


async def disposes(inspector, case, kind, quantity, **facts):
    body = {"kind": kind, "quantity": quantity} | facts
    return await inspector.erp.post(f"{PATH}/{case['id']}/dispositions", body)


async def booked(inspector, source_id):
    async with inspector.erp.database.driver() as sql:
        return await sql.fetch(
            """select a.role, l.debit - l.credit as amount from journal_entry e
                 join journal_line l on l.entry_id = e.id join account a on a.id = l.account_id
                where e.source_id = $1 order by a.role""",
            source_id,
        )


async def test_rejected_goods_are_disposed_by_quantity_and_booked(desk, inspector, problem):
    """E64: a case withholds what is left; its cost is what was posted, to the cent."""
    item = await desk.item()
    receipt, case = await rejected(inspector, item, "10")
    assert (case["source"], case["state"], case["withheld"]) == ("inspection", "open", "10")
    assert await inspector.level(item) == ("10", "10")
    scrapped = await disposes(inspector, case, "scrap", "3")
    assert scrapped.status_code == 201, scrapped.text
    [scrap] = scrapped.json()["dispositions"]
    assert (scrap["cost"], scrapped.json()["withheld"]) == ("6.00", "7")
    entries = {row["role"]: row["amount"] for row in await booked(inspector, scrap["id"])}
    assert entries["inventory"] == -6
    assert await inspector.level(item) == ("7", "7")
    used = await disposes(inspector, case, "use_as_is", "2", note="For trials")
    assert used.status_code == 201, used.text
    assert await inspector.level(item) == ("7", "5")
    returned = await disposes(inspector, case, "return_to_supplier", "4")
    assert returned.status_code == 201, returned.text
    last = returned.json()["dispositions"][-1]
    seen = await desk.see(f"/v1/purchase-returns/{last['purchase_return_id']}")
    assert (seen["purchase_receipt_id"], seen["lines"][0]["quantity"]) == (receipt["id"], "4")
    assert await inspector.level(item) == ("3", "1")
    problem(await disposes(inspector, case, "scrap", "2"), 409, "more_than_undisposed")
    problem(await desk.erp.post(f"{PATH}/{case['id']}/close", None), 409, "quantity_undisposed")
    again = await disposes(inspector, case, "rework", "1")
    assert again.status_code == 201, again.text
    [inspection] = await inspector.inspections(source_id=case["id"])
    assert (inspection["source_type"], inspection["pending"]) == ("rework", "1")
    assert await inspector.level(item) == ("3", "1")
    await inspector.looks(inspection)
    assert (await inspector.decides(inspection, "1")).status_code == 201
    assert await inspector.level(item) == ("3", "0")
    closed = await desk.erp.post(f"{PATH}/{case['id']}/close", None)
    assert (closed.json()["state"], closed.json()["cost"]) == ("closed", "6.00"), closed.text
    problem(await disposes(inspector, case, "scrap", "1"), 409, "case_not_open")
    *_, newest = await desk.events_of(case["id"])
    assert newest["payload"]["state"] == "closed"


async def test_a_case_is_closed_once_its_actions_are_done(desk, inspector, problem):
    """The database promises it too: quantity, actions, withheld goods, states."""
    item = await desk.item()
    await inspector.receives(item, "5")
    body = {"sku": item["sku"], "quantity": "2", "description": "Bent"}
    opened = await desk.erp.post(PATH, body)
    assert opened.status_code == 201, opened.text
    case, path = opened.json(), f"{PATH}/{opened.json()['id']}"
    assert await inspector.level(item) == ("5", "2")
    problem(await desk.erp.post(PATH, body | {"quantity": "4"}), 409, "too_little_on_hand")
    due = desk_day(inspector)
    action = {"description": "Change the tool", "owner": "Lin", "due_on": due}
    assert (await desk.erp.post(f"{path}/actions", action)).status_code == 201
    cause = {"cause_code": "TOOL-WEAR", "cause": "The tool was worn"}
    assert (await desk.erp.post(f"{path}/cause", cause)).json()["cause_code"] == "TOOL-WEAR"
    problem(await disposes(inspector, case, "rework", "2"), 409, "not_inspected")
    problem(await disposes(inspector, case, "return_to_supplier", "2"), 422, "not_received")
    replies = await asyncio.gather(*(disposes(inspector, case, "scrap", "2") for _ in range(3)))
    assert sorted(one.status_code for one in replies) == [201, 409, 409]
    assert await inspector.level(item) == ("3", "0")
    problem(await desk.erp.post(f"{path}/close", None), 409, "actions_open")
    done = {"position": 1, "result": "Changed"}
    problem(await desk.erp.post(f"{path}/finish-action", {"position": 2}), 422, "missing_reference")
    assert (await desk.erp.post(f"{path}/finish-action", done)).json()["actions"][0]["done_on"]
    problem(await desk.erp.post(f"{path}/finish-action", done), 409, "action_done")
    assert (await desk.erp.post(f"{path}/close", None)).json()["state"] == "closed"
    async with desk.erp.database.driver() as sql:
        for statement in (
            "update nonconformance set disposed = 1, state = 'open' where id = $1",
            "update nonconformance set cost = cost + 1 where id = $1",
            "update nonconformance set withheld = 1 where id = $1",
            "update nonconformance set state = 'cancelled' where id = $1",
            "update corrective_action set done_on = null where nonconformance_id = $1",
        ):
            with pytest.raises((asyncpg.CheckViolationError, asyncpg.RestrictViolationError)):
                await sql.execute(statement, case["id"])
    assert (await desk.erp.post(f"{path}/reopen", None)).json()["state"] == "open"


def desk_day(inspector, days=0):
    """The business day, or one so many days later."""
    return (business_day(inspector.erp.settings.time_zone) + timedelta(days=days)).isoformat()


async def test_rejected_lots_are_used_scrapped_and_sent_back(desk, inspector):
    """E64: of a lot that was set apart; it goes back as the lot that came."""
    item = await desk.item(tracking="lot")
    await inspector.plan(item)
    receipt = await inspector.receives(item, "10", lots=[{"number": "A", "quantity": "10"}])
    inspection = await inspector.opened(receipt)
    await inspector.looks(inspection, *range(1, 7))
    assert (await inspector.decides(inspection, "4", "6")).status_code == 201
    case = await case_of(inspector, inspection)
    assert case["withheld"] == "0"
    for kind, quantity in (
        *(("return_to_supplier", "2"), ("scrap", "1"), ("use_as_is", "1"), ("rework", "2")),
    ):
        reply = await disposes(inspector, case, kind, quantity)
        assert reply.status_code == 201, (kind, reply.text)
    found = (await desk.see(f"/v1/lots?sku={item['sku']}"))["items"]
    lying = sorted((one["quality"], one["on_hand"]) for one in found if one["on_hand"] != "0")
    assert lying == [("inspection", "2"), ("released", "1"), ("released", "4")]
    back = (await desk.see(f"/v1/purchase-returns?purchase_receipt_id={receipt['id']}"))["items"]
    assert back[0]["lines"][0]["quantity"] == "2"


async def test_a_complaint_is_traced_to_the_receipt_that_the_goods_came_with(
    desk, inspector, problem
):
    """E65, E64: from the shipped lot backward; sent again, also at once, it is the same case."""
    supplier = await desk.add("/v1/suppliers", name="Mill")
    part, made = await desk.item(tracking="lot"), await desk.item(tracking="lot")
    receipt = await inspector.receives(
        part, "6", supplier=supplier, lots=[{"number": "P", "quantity": "6"}]
    )
    lines = [{"sku": part["sku"], "quantity": "2"}]
    bom = await desk.add("/v1/bills-of-material", sku=made["sku"], label="A", lines=lines)
    assert (await desk.erp.post(f"/v1/bills-of-material/{bom['id']}/activate", None)).is_success
    days = {"start_on": "2026-12-01", "due_on": "2026-12-04"}
    order = await desk.add("/v1/production-orders", sku=made["sku"], quantity="3", **days)
    path = f"/v1/production-orders/{order['id']}"
    assert (await desk.erp.post(f"{path}/release", {})).is_success
    assert (await desk.erp.post(f"{path}/report", {"good": "3"})).is_success
    sold = await inspector.confirmed(made, "3")
    assert (await inspector.ships(sold)).status_code == 201
    body = {
        "system": "desk",
        "external_id": desk.word("T"),
        "order_number": sold["number"],
        "sku": made["sku"],
        "quantity": "2",
        "text": "It is bent",
    }
    replies = await asyncio.gather(
        *(desk.erp.post("/v1/quality-complaints", body) for _ in range(3))
    )
    assert sorted(one.status_code for one in replies) == [200, 200, 201], replies[0].text
    assert len({one.json()["id"] for one in replies}) == 1
    case = replies[0].json()
    assert (case["source"], case["supplier_id"]) == ("complaint", supplier["id"])
    kinds = {one["kind"]: one["number"] for one in case["links"]}
    assert kinds["purchase_receipt"] == receipt["number"]
    assert kinds["production_order"] == kinds["lot"] == order["number"]
    text = await desk.erp.post("/v1/quality-complaints", body | {"text": "All are bent"})
    assert (text.json()["id"], text.json()["description"]) == (case["id"], "All are bent")
    other = body | {"quantity": "1"}
    problem(await desk.erp.post("/v1/quality-complaints", other), 409, "complaint_differs")
    for facts, status, code in (
        ({"quantity": "4"}, 422, "not_shipped_to_customer"),
        ({"lot": "NONE"}, 422, "not_shipped_to_customer"),
        ({"order_number": "SO-NONE"}, 422, "missing_reference"),
        ({"order_number": None}, 422, "invalid_input"),
    ):
        new = body | {"external_id": desk.word("T")} | facts
        problem(await desk.erp.post("/v1/quality-complaints", new), status, code)


async def test_a_supplier_is_scored_by_what_came(desk, inspector, problem):
    """E64: received, rejected, late and cases, each with how many lines they are of."""
    supplier, item = await desk.add("/v1/suppliers", name="Mill"), await desk.item()
    await inspector.receives(item, "30", supplier=supplier)
    await inspector.plan(item)
    inspection = await inspector.opened(await inspector.receives(item, "10", supplier=supplier))
    await inspector.looks(inspection, 4)
    assert (await inspector.decides(inspection, "9", "1")).status_code == 201
    today = desk_day(inspector)
    path = f"/v1/supplier-scores?first_on={today}&last_on={today}&supplier_id={supplier['id']}"
    [score] = (await desk.see(path))["suppliers"]
    assert {name: score[name] for name in score if name not in {"supplier_id", "name"}} == {
        "number": supplier["number"],
        "receipt_lines": 2,
        "received": "40",
        "inspected": "10",
        "rejected": "1",
        "accepted_percent": "90",
        "rejected_ppm": 25000,
        "late_lines": 0,
        "cases": 1,
        "complaints": 0,
    }
    assert MONEY["currency"] == "CNY"
    reversed_days = f"/v1/supplier-scores?first_on={today}&last_on=2020-01-01"
    problem(await desk.erp.client.get(reversed_days), 422, "invalid_input")


async def sends_back(inspector, receipt, quantity, **facts):
    line = {"line_id": receipt["lines"][0]["line_id"], "quantity": quantity} | facts
    body = {"reason": "Bent", "expect_again": False, "lines": [line]}
    return await inspector.erp.post(f"/v1/purchase-receipts/{receipt['id']}/returns", body)


async def test_withheld_goods_stay_when_others_of_their_receipt_go_back(desk, inspector, problem):
    """E64: neither pending nor rejected goods leave beside their inspection, named or not."""
    item = await desk.item()
    await inspector.receives(item, "10")
    await inspector.plan(item)
    receipt = await inspector.receives(item, "10")
    receipt = await desk.see(f"/v1/purchase-receipts/{receipt['id']}")
    problem(await sends_back(inspector, receipt, "1"), 409, "receipt_withheld")
    inspection = await inspector.opened(receipt)
    await inspector.looks(inspection, 1, 2, 3, 4)
    assert (await inspector.decides(inspection, "6", "4")).status_code == 201
    told = problem(await sends_back(inspector, receipt, "7"), 409, "receipt_withheld")
    assert "6 of the receipt may: 4 are" in told["detail"]
    path = f"/v1/purchase-receipts/{receipt['id']}"
    everything = {"reason": "Bent", "expect_again": False}
    problem(await desk.erp.post(f"{path}/returns", everything), 409, "receipt_withheld")
    problem(await desk.erp.post(f"{path}/reverse", {"reason": "No"}), 409, "receipt_withheld")
    assert (await sends_back(inspector, receipt, "6")).status_code == 201
    assert await inspector.level(item) == ("14", "4")
    case = await case_of(inspector, inspection)
    again = await disposes(inspector, case, "rework", "1")
    assert again.status_code == 201, again.text
    problem(await sends_back(inspector, receipt, "1"), 409, "receipt_withheld")
    back = await disposes(inspector, case, "return_to_supplier", "3")
    assert back.status_code == 201, back.text
    gone = back.json()["dispositions"][-1]["purchase_return_id"]
    undo = await desk.erp.post(f"/v1/purchase-returns/{gone}/reverse", {"reason": "No"})
    assert case["number"] in problem(undo, 409, "return_of_case")["detail"]
    assert await inspector.level(item) == ("11", "1")


async def test_goods_of_a_case_go_back_while_others_come(desk, inspector):
    """E47: both lock the order before the level, so that neither is refused."""
    item = await desk.item()
    await inspector.plan(item)
    order = await inspector.ordered(item, "10")
    path = f"/v1/purchase-orders/{order['id']}/receipts"
    came = {"lines": [{"line_id": order["lines"][0]["id"], "quantity": "5"}]}
    inspection = await inspector.opened((await desk.erp.post(path, came)).json())
    assert (await inspector.decides(inspection, "0", "5")).status_code == 201
    case = await case_of(inspector, inspection)
    came["lines"][0]["quantity"] = "1"
    replies = await asyncio.gather(
        *(disposes(inspector, case, "return_to_supplier", "1") for _ in range(4)),
        *(desk.erp.post(path, came) for _ in range(5)),
    )
    assert {one.status_code for one in replies} == {201}, [one.text for one in replies]
    assert await inspector.level(item) == ("6", "6")


async def test_a_part_of_a_lot_goes_back_as_the_lot_that_came(desk, inspector, problem):
    """E64, E40: from a case by hand and after rework; the rest goes back by itself then."""
    item = await desk.item(tracking="lot")
    lots = [{"number": "L", "quantity": "10"}]
    receipt = await inspector.receives(item, "10", lots=lots)
    body = {"sku": item["sku"], "lot": "L", "quantity": "3", "description": "Wet"}
    case = (await desk.erp.post(PATH, body)).json()
    assert case["lot"] != "L"
    other = await desk.erp.post(PATH, body | {"quantity": "1"})
    cancelled = await desk.erp.post(f"{PATH}/{other.json()['id']}/cancel", None)
    assert cancelled.json()["state"] == "cancelled", cancelled.text
    back = {"purchase_receipt_id": receipt["id"]}
    reply = await disposes(inspector, case, "return_to_supplier", "2", **back)
    assert reply.status_code == 201, reply.text
    found = (await desk.see(f"/v1/lots?sku={item['sku']}"))["items"]
    lying = sorted((one["quality"], one["on_hand"]) for one in found if one["on_hand"] != "0")
    assert lying == [("quarantine", "1"), ("released", "1"), ("released", "6")]
    second, first_case = await rejected(
        inspector, item, "4", lots=[{"number": "M", "quantity": "4"}]
    )
    body = {"sku": item["sku"], "lot": "M", "quantity": "1", "description": "Wet"}
    assert (await disposes(inspector, first_case, "rework", "2")).status_code == 201
    [again] = await inspector.inspections(source_id=first_case["id"])
    pending = body | {"lot": again["lot"]}
    problem(await desk.erp.post(PATH, pending), 409, "inspection_pending")
    assert (await inspector.decides(again, "0", "2")).status_code == 201
    for one in (await case_of(inspector, again), first_case):
        reply = await disposes(inspector, one, "return_to_supplier", "1")
        assert reply.status_code == 201, reply.text
    second = await desk.see(f"/v1/purchase-receipts/{second['id']}")
    assert second["lines"][0]["returned"] == "2"
    for one in (await case_of(inspector, again), first_case):
        assert (await disposes(inspector, one, "scrap", "1")).status_code == 201


async def test_the_rest_goes_back_after_a_case_sent_a_part(desk, inspector):
    """E44: what a case sent back of a lot counts as the lot that came."""
    item = await desk.item(tracking="lot")
    await inspector.plan(item)
    receipt = await inspector.receives(item, "10", lots=[{"number": "L", "quantity": "10"}])
    inspection = await inspector.opened(receipt)
    await inspector.looks(inspection, 1, 2)
    assert (await inspector.decides(inspection, "8", "2")).status_code == 201
    case = await case_of(inspector, inspection)
    assert (await disposes(inspector, case, "return_to_supplier", "2")).status_code == 201
    rest = {"reason": "Bent", "expect_again": False}
    reply = await desk.erp.post(f"/v1/purchase-receipts/{receipt['id']}/returns", rest)
    assert reply.status_code == 201, reply.text
    assert reply.json()["lines"][0]["lots"] == [{"number": "L", "quantity": "8"}]


async def test_dispositions_name_pieces_of_the_case_each_once(desk, inspector, problem):
    """E64: no other piece is released, and no good one is written off."""
    item = await desk.item(tracking="serial")
    await inspector.receives(item, "3", serials=["S1", "S2", "S9"])
    body = {"sku": item["sku"], "quantity": "2", "description": "Bent", "serials": ["S1", "S2"]}
    case = (await desk.erp.post(PATH, body)).json()
    problem(await disposes(inspector, case, "use_as_is", "1"), 422, "invalid_input")
    other = await disposes(inspector, case, "scrap", "1", serials=["S9"])
    problem(other, 409, "serial_not_in_case")
    used = await disposes(inspector, case, "use_as_is", "1", serials=["S1"])
    assert used.status_code == 201, used.text
    again = await disposes(inspector, case, "scrap", "1", serials=["S1"])
    problem(again, 409, "serial_not_in_case")
    problem(await desk.erp.post(f"{PATH}/{case['id']}/cancel", None), 409, "case_touched")
    left = await disposes(inspector, case, "left_with_customer", "1", serials=["S2"])
    problem(left, 409, "not_a_complaint")
    mistaken = await desk.erp.post(PATH, body | {"quantity": "1", "serials": ["S1"]})
    assert await inspector.level(item) == ("3", "2")
    assert (await desk.erp.post(f"{PATH}/{mistaken.json()['id']}/cancel", None)).is_success
    assert await inspector.level(item) == ("3", "1")


async def test_complaints_dispose_of_what_came_back_only(desk, inspector, problem):
    """E64: goods of ours are neither released nor lost for those that the customer has."""
    item = await desk.item(tracking="lot")
    await inspector.receives(item, "10", lots=[{"number": "L", "quantity": "10"}])
    sold = await inspector.confirmed(item, "4")
    assert (await inspector.ships(sold)).status_code == 201
    [lot] = (await desk.see(f"/v1/lots?sku={item['sku']}"))["items"]
    recalled = await desk.erp.post(f"/v1/lots/{lot['id']}/quarantine", {"reason": "Recall"})
    assert recalled.is_success, recalled.text
    complaint = {"system": "desk", "external_id": desk.word("T"), "order_number": sold["number"]}
    complaint |= {"sku": item["sku"], "quantity": "4", "text": "Wet"}
    case = (await desk.erp.post("/v1/quality-complaints", complaint)).json()
    problem(await disposes(inspector, case, "scrap", "2"), 409, "goods_not_back")
    for kind in ("use_as_is", "left_with_customer"):
        reply = await disposes(inspector, case, kind, "1")
        assert reply.status_code == 201, reply.text
    assert (await desk.see(f"/v1/lots/{lot['id']}"))["quality"] == "quarantine"
    assert await inspector.level(item) == ("6", "6")
    line = {"order_line_id": sold["lines"][0]["id"], "quantity": "1"}
    back = {"lines": [line], "credit": False}
    reply = await desk.erp.post(f"/v1/sales-orders/{sold['id']}/returns", back)
    assert reply.is_success, reply.text
    assert (await disposes(inspector, case, "scrap", "1")).status_code == 201
    problem(await disposes(inspector, case, "scrap", "1"), 409, "goods_not_back")
    assert await inspector.level(item) == ("6", "6")
