"""A cent too much: kept, or given up, and taken back; the books agree on every day."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

pytestmark = pytest.mark.business_day


def money(amount):
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture(autouse=True)
def small(erp, monkeypatch):
    """Sets what may be written off with a payment, and the account that bears it."""
    kept = erp.database.setting

    def set_most(amount, **more):
        update = {"write_off_max": Decimal(amount)} | more
        settings = kept.settings.model_copy(update=update)
        monkeypatch.setattr(erp.database, "setting", replace(kept, settings=settings))

    set_most("0.05")
    return set_most


@pytest.fixture
def kept(office, desk):
    """The items of rests that are written off, of a party."""

    async def find(party):
        items = (await desk.see(f"/v1/open-items?party_id={party['id']}"))["items"]
        return [one for one in items if one["source_type"] == "payment_rest"]

    return find


async def test_a_cent_too_much_is_kept_with_the_payment(office, desk, kept):
    """E9, E14: Dr receivable, Cr payment differences; nothing is left of either."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "100")
    paid = await office.books(customer, "100.01", write_off_rest=True)
    assert (paid["unallocated"], len(paid["allocations"])) == ("0.00", 2)
    [rest] = await kept(customer)
    assert (rest["amount"], rest["open_amount"], rest["side"]) == ("0.01", "0.00", "receivable")
    posted = sorted(await office.entries({"id": rest["source_id"]}))
    assert posted == ["Cr payment_difference 0.01", "Dr receivable 0.01"]
    assert await office.owes(customer) == ("0.00", "0.00")
    assert (await desk.see(f"/v1/invoices/{invoice['id']}"))["state"] == "paid"
    event = (await desk.events_of(paid["id"]))[-1]["payload"]
    assert (event["unallocated"], len(event["allocations"])) == ("0.00", 2)


async def test_what_we_paid_a_cent_too_much_is_given_up(office, desk, kept, problem):
    """E14: Dr payment differences, Cr payable; later, and taken back, and once more."""
    supplier = await office.supplier()
    facts = {"supplier_id": supplier["id"], "supplier_number": f"B-{uuid4().hex[:8]}"}
    expenses = [{"account": "6402", "description": "Power", "amount": money("30")}]
    await office.does("/v1/bills", **facts, expenses=expenses)
    paid = await office.books(supplier, "30.02", direction="out")
    path = f"/v1/payments/{paid['id']}/write-off"
    view = await office.does(path, reason="Not worth a letter")
    assert (view["unallocated"], view["version"]) == ("0.00", paid["version"] + 1)
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")
    [rest] = await kept(supplier)
    posted = sorted(await office.entries({"id": rest["source_id"]}))
    assert posted == ["Cr payable 0.02", "Dr payment_difference 0.02"]
    problem(await office.erp.post(path, {}), 409, "nothing_to_write_off")
    release = {"document_id": rest["source_id"]}
    reply = await office.erp.post(f"/v1/payments/{paid['id']}/release", release)
    problem(reply, 409, "write_off_stays")
    view = await office.does(f"{path}/reverse", reason="They ask")
    assert (view["unallocated"], len(view["allocations"])) == ("0.02", 1)
    assert await office.owes(supplier, "payable") == ("0.00", "0.02")
    problem(await office.erp.post(f"{path}/reverse", {}), 409, "rest_not_written_off")
    await office.does(path)
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")


async def test_the_cent_is_given_back_after_all(office, desk, kept, problem):
    """E7: taken back, the rest is the customer's credit and is refunded."""
    customer = await desk.customer()
    await office.invoices(customer, "100")
    paid = await office.books(customer, "100.01", write_off_rest=True)
    path = f"/v1/payments/{paid['id']}"
    problem(await office.erp.post(f"{path}/refund", {}), 409, "nothing_to_refund")
    await office.does(f"{path}/write-off/reverse")
    listed = f"/v1/payments?party_id={customer['id']}&kind=small_difference"
    [loss] = (await desk.see(listed))["items"]
    assert await office.entries(loss) == ["Dr payment_difference 0.01", "Cr receivable 0.01"]
    assert await office.owes(customer) == ("0.00", "0.01")
    await office.does(f"{path}/refund")
    assert await office.owes(customer) == ("0.00", "0.00")
    await office.does(f"/v1/payments/{loss['id']}/reverse")
    assert await office.owes(customer) == ("0.01", "0.00")


async def test_only_a_few_cents_are_kept_and_only_once(office, desk, small, problem):
    """E9: no more than the limit in all; refused, nothing is booked."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "100")
    book = {"party_id": customer["id"], "amount": money("100.06"), "write_off_rest": True}
    refused = problem(await office.erp.post("/v1/payments", book), 409, "rest_too_large")
    assert (refused["facts"]["rest"], refused["facts"]["most"]) == ("0.06", "0.05")
    batch = {"items": [book | {"amount": money("100.01")}, book]}
    problem(await office.erp.post("/v1/payments/batch", batch), 409, "rest_too_large")
    assert await office.owes(customer) == ("100.00", "0.00")
    small("0.05", write_off_account="receivable")
    book["amount"] = money("100.01")
    problem(await office.erp.post("/v1/payments", book), 409, "control_account")
    small("0.05")
    paid = await office.books(customer, "100.03", write_off_rest=True)
    path = f"/v1/payments/{paid['id']}"
    await office.does(f"{path}/release", document_id=invoice["id"])
    part = {"document_id": invoice["id"], "amount": money("99.97")}
    await office.does(f"{path}/allocate", allocations=[part])
    problem(await office.erp.post(f"{path}/write-off", {}), 409, "rest_written_off")
    assert await office.owes(customer) == ("0.03", "0.03")


async def test_a_rest_is_written_off_on_a_day_of_an_open_period(office, desk, problem):
    """E27: not before it was paid, and not where the books are closed."""
    customer, yesterday = await desk.customer(), str(office.today - timedelta(days=1))
    paid = await office.books(customer, "0.01")
    path = f"/v1/payments/{paid['id']}/write-off"
    problem(await office.erp.post(path, {"effective_on": yesterday}), 422, "invalid_input")
    async with office.closed(str(office.today)):
        problem(await office.erp.post(path, {}), 409, "period_closed")
    await office.does(path)
    problem(
        await office.erp.post(f"{path}/reverse", {"effective_on": yesterday}), 422, "invalid_input"
    )
    async with office.closed(str(office.today)):
        problem(await office.erp.post(f"{path}/reverse", {}), 409, "period_closed")
    assert await office.owes(customer) == ("0.00", "0.00")
    reader = await desk.erp.as_("settlement.read")
    reply = await reader.post(path, json={}, headers={"Idempotency-Key": str(uuid4())})
    assert problem(reply, 403, "forbidden")["facts"] == {"scope": "settlement.write"}


async def test_a_refund_and_a_write_off_at_once_use_the_rest_once(office, desk):
    """E15: of ten, one; and of ten that take it back, one."""
    customer = await desk.customer()
    paid = await office.books(customer, "0.04")
    path = f"/v1/payments/{paid['id']}"
    acts = [f"{path}/refund", f"{path}/write-off"] * 5
    replies = await asyncio.gather(*(office.erp.post(act, {}) for act in acts))
    assert sorted(one.status_code for one in replies) == [200] + [409] * 9
    assert await office.owes(customer) == ("0.00", "0.00")
    other = await office.books(customer, "0.04", write_off_rest=True)
    path = f"/v1/payments/{other['id']}/write-off/reverse"
    replies = await asyncio.gather(*(office.erp.post(path, {}) for _ in range(10)))
    assert sorted(one.status_code for one in replies) == [200] + [409] * 9
    assert await office.owes(customer) == ("0.00", "0.04")
