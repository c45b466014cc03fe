"""The supplier credits goods that went back: GRNI is cleared, and we owe less (E44, E45)."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

PATH = "/v1/purchase-orders"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


@pytest.fixture
async def sent_back(buyer):
    """Of ten pieces at 3.33, billed at 3.50, four went back: order, receipt, item, bill."""
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    [line] = order["lines"]
    dear = [{"line_id": line["id"], "quantity": "10", "unit_price": money("3.50")}]
    bill = (await buyer.bills(order, lines=dear)).json()
    assert (await buyer.sends_back(receipt, (line, 4))).status_code == 201
    return order, receipt, item, bill


async def credited(buyer, order, **facts):
    body = {"credit_number": buyer.desk.word("CN")} | facts
    return await buyer.erp.post(f"{PATH}/{order['id']}/credit-notes", body)


async def owed(buyer, order):
    """Open and unallocated of the supplier; the control account agrees (E14)."""
    path = f"/v1/reports/payables?party_id={order['supplier_id']}"
    report = await buyer.desk.see(path)
    assert Decimal(report["total"]) == Decimal(report["control_account"])
    [one] = report["items"] or [{"open": "0", "unallocated": "0"}]
    return one["open"], one["unallocated"]


async def test_billed_goods_that_went_back_are_credited(buyer, sent_back, problem):
    """At the price they were billed at, off the open bill; until then the supplier owes them."""
    order, _, item, bill = sent_back
    assert await buyer.cleared(order) == Decimal("13.32")
    reply = await credited(buyer, order, tax=money("1.82"))
    assert reply.status_code == 201, reply.text
    note = reply.json()
    assert (note["kind"], note["credits_id"], note["state"]) == (
        "credit_note",
        bill["id"],
        "entered",
    )
    assert (note["net"], note["gross"], note["received"]) == ("14.00", "15.82", "13.32")
    assert (note["lines"][0]["quantity"], note["lines"][0]["unit_price"]) == ("4", "3.50")
    assert note["credit"]["unallocated"] == "0.00"
    assert await buyer.cleared(order) == 0
    assert await buyer.cleared(order, "payable") == Decimal("-19.18")
    assert await buyer.cleared(order, "purchase_variance") == Decimal("1.02")
    assert await owed(buyer, order) == ("19.18", "0.00")
    [line] = (await buyer.see(order))["lines"]
    assert (line["received"], line["billed"], line["credited"]) == ("6", "6", "4")
    [event] = await buyer.desk.events_of(note["id"])
    assert event["payload"]["kind"] == "credit_note"
    problem(await credited(buyer, order), 409, "nothing_to_credit_back")
    await buyer.agrees(order, item)


async def test_no_more_is_credited_than_was_billed_and_went_back(buyer, sent_back, problem):
    order, receipt, _, _ = sent_back
    [line] = order["lines"]
    many = [{"line_id": line["id"], "quantity": "5"}]
    refusal = problem(await credited(buyer, order, lines=many), 409, "more_than_sent_back")
    assert refusal["facts"]["uncredited"] == "4"
    part = [{"line_id": line["id"], "quantity": "0.5"}]
    problem(await credited(buyer, order, lines=part), 422, "fraction_of_unit")
    other = [{"line_id": str(uuid4()), "quantity": "1"}]
    problem(await credited(buyer, order, lines=other), 422, "not_a_line")
    problem(await credited(buyer, {"id": str(uuid4())}), 404, "not_found")
    problem(await credited(buyer, order, bill_id=str(uuid4())), 422, "missing_reference")
    assert (await buyer.see(order))["lines"][0]["credited"] == "0"
    assert receipt["number"].startswith("GR-")


async def test_goods_that_were_not_billed_need_no_credit(buyer, problem):
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    [line] = order["lines"]
    await buyer.bills(order, lines=[{"line_id": line["id"], "quantity": "7"}])
    await buyer.sends_back(receipt, (line, 3))
    assert await buyer.cleared(order) == 0
    problem(await credited(buyer, order), 409, "nothing_to_credit_back")
    await buyer.sends_back(receipt, (line, 1))
    assert (await credited(buyer, order)).json()["net"] == "3.33"
    await buyer.agrees(order, item)


async def test_a_bill_of_goods_that_went_back_before_is_entered_and_credited(buyer, problem):
    """The supplier bills all that came, and credits what it got back."""
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    [line] = order["lines"]
    await buyer.sends_back(receipt, (line, 4))
    whole = [{"line_id": line["id"], "quantity": "10"}]
    assert (await buyer.bills(order, lines=whole)).json()["net"] == "33.30"
    problem(await buyer.bills(order, lines=[{"line_id": line["id"], "quantity": "1"}]), 409, MORE)
    assert await buyer.cleared(order) == Decimal("13.32")
    assert (await credited(buyer, order)).json()["net"] == "13.32"
    assert await owed(buyer, order) == ("19.98", "0.00")
    await buyer.agrees(order, item)


MORE = "more_than_received"


async def test_goods_that_replace_others_are_worth_what_those_were(buyer, problem):
    """Sent back, expected again, and come: nothing is owed, and nothing to be credited."""
    order, receipt, [item] = await buyer.bought((10, "3.33"))
    [line] = order["lines"]
    await buyer.bills(order)
    await buyer.sends_back(receipt, (line, 4), again=True)
    assert (await buyer.receives(order)).status_code == 201
    assert await buyer.cleared(order) == 0
    assert await buyer.balance("inventory", item) == Decimal("33.30")
    problem(await credited(buyer, order), 409, "nothing_to_credit_back")
    problem(await buyer.bills(order), 409, "nothing_to_bill")
    await buyer.agrees(order, item)


async def test_a_credit_of_a_paid_bill_is_refunded(buyer, sent_back):
    """As those of customers: unused, then given back through payments."""
    order, _, _, bill = sent_back
    paid = {"direction": "out", "party_id": order["supplier_id"], "amount": money("35")}
    assert (await buyer.erp.post("/v1/payments", paid)).status_code == 201
    note = (await credited(buyer, order, bill_id=bill["id"])).json()
    assert note["credit"]["unallocated"] == "14.00"
    assert await owed(buyer, order) == ("0.00", "14.00")
    path = f"/v1/payments/{note['credit']['payment_id']}/refund"
    assert (await buyer.erp.post(path, {})).is_success
    assert await owed(buyer, order) == ("0", "0")


async def test_goods_that_went_back_are_credited_once(buyer, sent_back):
    """E45: of five credit notes at once for 2 of 4 pieces, two."""
    order, _, item, _ = sent_back
    half = [{"line_id": order["lines"][0]["id"], "quantity": "2"}]
    replies = await asyncio.gather(*(credited(buyer, order, lines=half) for _ in range(5)))
    assert sorted(reply.status_code for reply in replies) == [201, 201, 409, 409, 409]
    assert await buyer.cleared(order) == 0
    await buyer.agrees(order, item)


async def test_a_credit_note_is_taken_back(buyer, sent_back, problem):
    """Its goods are credited anew, under the same number; a bill waits for its credit notes."""
    order, _, item, bill = sent_back
    note = (await credited(buyer, order, credit_number="G 1")).json()
    reverse, why = f"/v1/bills/{note['id']}/reverse", {"reason": "Wrong price"}
    problem(await buyer.erp.post(reverse, why), 409, "credit_used")
    release = f"/v1/payments/{note['credit']['payment_id']}/release"
    assert (await buyer.erp.post(release, {"document_id": bill["id"]})).is_success
    wrong = f"/v1/bills/{bill['id']}/reverse"
    problem(await buyer.erp.post(wrong, why), 409, "bill_credited")
    assert (await buyer.erp.post(reverse, why)).json()["state"] == "reversed"
    assert await buyer.cleared(order) == Decimal("13.32")
    assert await owed(buyer, order) == ("35.00", "0.00")
    problem(await buyer.erp.post(release, {"document_id": note["id"]}), 409, "not_allocated")
    assert (await credited(buyer, order, credit_number="g1")).status_code == 201
    assert await owed(buyer, order) == ("21.00", "0.00")
    await buyer.agrees(order, item)


async def test_a_bill_of_goods_that_went_back_is_taken_back(buyer, sent_back):
    """Nothing is owed of it, and what is still here is billed anew."""
    order, _, item, bill = sent_back
    wrong = f"/v1/bills/{bill['id']}/reverse"
    assert (await buyer.erp.post(wrong, {"reason": "Wrong price"})).is_success
    assert await buyer.cleared(order) == Decimal("-19.98")
    assert (await buyer.bills(order)).json()["net"] == "19.98"
    assert await buyer.cleared(order) == 0
    await buyer.agrees(order, item)
