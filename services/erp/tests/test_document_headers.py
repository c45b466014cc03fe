"""Replies with invoices, bills and payments say which version it is, and where a new one is."""

from uuid import uuid4

import pytest


def money(amount):
    return {"amount": amount, "currency": "CNY"}


async def _invoice(office):
    customer = await office.desk.customer()
    line = {"description": "Advice", "quantity": "1", "unit_price": money("30")}
    return "/v1/invoices", {"customer_id": customer["id"], "lines": [line]}


async def _bill(office):
    expense = {"account": "6402", "description": "Power", "amount": money("10")}
    supplier = await office.supplier()
    command = {"supplier_number": uuid4().hex[:8], "expenses": [expense]}
    return "/v1/bills", {"supplier_id": supplier["id"]} | command


async def _payment(office):
    customer = await office.desk.customer()
    return "/v1/payments", {"party_id": customer["id"], "direction": "in", "amount": money("5")}


@pytest.mark.parametrize("new", [_invoice, _bill, _payment])
async def test_a_new_document_is_found_where_the_reply_says(office, new):
    path, command = await new(office)
    made = await office.erp.post(path, command)
    assert made.is_success, made.text
    assert made.headers["Location"] == f"{path}/{made.json()['id']}"
    seen = await office.erp.client.get(made.headers["Location"])
    assert seen.headers["ETag"] == f'"{seen.json()["version"]}"'


async def test_what_is_done_with_a_document_is_a_new_version(office):
    path, command = await _bill(office)
    made = await office.erp.post(path, command)
    back = await office.erp.post(f"{path}/{made.json()['id']}/reverse", {"reason": "Twice"})
    assert back.is_success, back.text
    assert (made.headers["ETag"], back.headers["ETag"]) == (
        f'"{made.json()["version"]}"',
        f'"{back.json()["version"]}"',
    )
    assert made.headers["ETag"] != back.headers["ETag"]


async def test_a_credit_note_and_the_use_of_a_payment_say_it_too(office):
    customer = await office.desk.customer()
    invoice = await office.invoices(customer, "30")
    note = await office.erp.post(f"/v1/invoices/{invoice['id']}/credit", {"reason": "Late"})
    assert note.headers["Location"] == f"/v1/invoices/{note.json()['id']}"
    paid = await office.books(customer, "20", allocations=[])
    given = await office.erp.post(f"/v1/payments/{paid['id']}/refund", {})
    assert given.is_success, given.text
    assert given.headers["ETag"] == f'"{given.json()["version"]}"'
