"""Refunds: what a party paid too much, or was credited, is given back; the books agree."""

import asyncio
from datetime import timedelta

import pytest

pytestmark = pytest.mark.business_day


def money(amount):
    return {"amount": amount, "currency": "CNY"}


async def _posted(office, source_id):
    return await office.entries({"id": source_id})


async def test_a_customers_credit_is_given_back(office, desk):
    """E2, E14: Dr receivable, Cr bank; nothing is owed on either side, on every day."""
    customer = await desk.customer()
    yesterday = str(office.today - timedelta(days=1))
    await office.invoices(customer, "70")
    paid = await office.books(customer, "100", effective_on=yesterday)
    assert await office.owes(customer) == ("0.00", "30.00")
    path = f"/v1/payments/{paid['id']}/refund"
    left = await office.does(path, amount=money("10"), reference="too much")
    assert (left["unallocated"], len(left["allocations"])) == ("20.00", 2)
    refund = next(one for one in left["allocations"] if one["amount"] == "10.00")
    posted = await _posted(office, refund["document_id"])
    assert posted == ["Dr receivable 10.00", "Cr bank 10.00"]
    [entry] = (await desk.see(f"/v1/journal-entries?source_id={refund['document_id']}"))["items"]
    assert entry["memo"] == f"{refund['document_number']} too much"
    assert (await office.does(path))["unallocated"] == "0.00"
    assert await office.owes(customer) == ("0.00", "0.00")
    balance = (await desk.events_of(paid["id"]))[-1]["payload"]
    assert (balance["version"], balance["unallocated"]) == (3, "0.00")


async def test_the_credit_note_of_a_paid_invoice_is_given_back(office, desk):
    """E14: goods came back after they were paid."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "50")
    await office.books(customer, "50")
    await office.credits(invoice)
    assert await office.owes(customer) == ("0.00", "50.00")
    [credit] = (await desk.see(f"/v1/payments?party_id={customer['id']}&kind=credit_note"))["items"]
    await office.does(f"/v1/payments/{credit['id']}/refund")
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_a_supplier_gives_back_what_we_paid_too_much(office):
    """E14: Dr bank, Cr payable."""
    supplier = await office.supplier()
    paid = await office.books(supplier, "40", direction="out")
    left = await office.does(f"/v1/payments/{paid['id']}/refund", amount=money("15"))
    posted = await _posted(office, left["allocations"][0]["document_id"])
    assert sorted(posted) == ["Cr payable 15.00", "Dr bank 15.00"]
    assert await office.owes(supplier, "payable") == ("0.00", "25.00")


async def test_no_more_is_given_back_than_is_left(office, desk, problem):
    """E6, E15: also not in a closed period; nothing is changed."""
    customer = await desk.customer()
    await office.invoices(customer, "10")
    paid = await office.books(customer, "15")
    path, post = f"/v1/payments/{paid['id']}/refund", office.erp.post
    problem(await post(path, {"amount": money("5.01")}), 409, "over_allocated")
    dollars = {"amount": "1.00", "currency": "USD"}
    problem(await post(path, {"amount": dollars}), 422, "currency_not_supported")
    problem(await post(path, {"effective_on": "2012-01-01"}), 422, "invalid_input")
    today = str(office.today)
    async with office.closed(today):
        problem(await post(path, {}), 409, "period_closed")
    assert await office.owes(customer) == ("0.00", "5.00")
    await office.does(path)
    problem(await post(path, {}), 409, "nothing_to_refund")
    missing = f"/v1/payments/{customer['id']}/refund"
    problem(await post(missing, {}), 404, "not_found")


async def test_a_refund_is_not_taken_back_from_its_payment(office, desk, problem):
    """E15: the money has left; used again, it would be given back twice."""
    customer = await desk.customer()
    paid = await office.books(customer, "10")
    path = f"/v1/payments/{paid['id']}"
    [refund] = (await office.does(f"{path}/refund"))["allocations"]
    released = await office.erp.post(f"{path}/release", {"document_id": refund["document_id"]})
    problem(released, 409, "refund_given")
    problem(await office.erp.post(f"{path}/refund", {}), 409, "nothing_to_refund")
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_parallel_refunds_never_exceed_what_is_left(office, desk):
    """E15: of 8 refunds of 30 of 100, exactly 3 are given."""
    customer = await desk.customer()
    paid = await office.books(customer, "100")
    path = f"/v1/payments/{paid['id']}/refund"
    replies = await asyncio.gather(
        *(office.erp.post(path, {"amount": money("30")}) for _ in range(8))
    )
    assert sorted(reply.status_code for reply in replies) == [200] * 3 + [409] * 5
    assert await office.owes(customer) == ("0.00", "10.00")
