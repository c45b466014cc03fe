"""Write-offs: cents that differ, and bad debts; the books agree, and what is taken back is owed."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from erp.app import SERVICE

pytestmark = pytest.mark.business_day

DEBTS = "/v1/receivables/write-offs"


def money(amount):
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture
def small(erp, monkeypatch):
    """Sets what may be written off with a payment, and the account that bears it."""
    kept = erp.database.setting

    def set_most(amount, **more):
        update = {"write_off_max": Decimal(amount)} | more
        settings = kept.settings.model_copy(update=update)
        monkeypatch.setattr(erp.database, "setting", replace(kept, settings=settings))

    set_most("0.05")
    return set_most


def settling(document, **facts):
    return {"allocations": [{"document_id": document["id"], "write_off_rest": True} | facts]}


async def state_of(desk, invoice):
    view = await desk.see(f"/v1/invoices/{invoice['id']}")
    return view["state"], view["open_amount"]


async def test_a_cent_that_is_not_paid_is_written_off_with_the_payment(office, desk, small):
    """E9, E14: Dr payment differences, Cr receivable; the invoice is paid."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "100")
    paid = await office.books(customer, "99.98", **settling(invoice))
    assert (paid["unallocated"], paid["allocations"][0]["open_amount"]) == ("0.00", "0.00")
    assert await state_of(desk, invoice) == ("paid", "0.00")
    path = f"/v1/payments?party_id={customer['id']}&kind=small_difference"
    [lost] = (await desk.see(path))["items"]
    assert (lost["amount"], lost["reference"]) == ("0.02", paid["number"])
    assert await office.entries(lost) == ["Dr payment_difference 0.02", "Cr receivable 0.02"]
    assert await office.owes(customer) == ("0.00", "0.00")
    [item] = (await desk.see(f"/v1/open-items?source_id={invoice['id']}"))["items"]
    assert (item["written_off"], item["credited"]) == ("0.02", "0.00")
    assert (await desk.events_of(lost["id"]))[-1]["payload"]["kind"] == "small_difference"


async def test_what_we_pay_a_cent_too_little_is_a_gain(office, small):
    """E14: Dr payable, Cr payment differences."""
    supplier = await office.supplier()
    facts = {"supplier_id": supplier["id"], "supplier_number": f"B-{uuid4().hex[:8]}"}
    expenses = [{"account": "6402", "description": "Power", "amount": money("30")}]
    bill = await office.does("/v1/bills", **facts, expenses=expenses)
    await office.books(supplier, "29.99", direction="out", **settling(bill))
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")
    path = f"/v1/payments?party_id={supplier['id']}&kind=small_difference"
    [gained] = (await office.desk.see(path))["items"]
    posted = sorted(await office.entries(gained))
    assert posted == ["Cr payment_difference 0.01", "Dr payable 0.01"]


async def test_only_a_small_difference_is_written_off(office, desk, small, problem):
    """E9: beyond the limit, or where none is set, nothing is booked at all."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "100")
    book = {"party_id": customer["id"], "amount": money("99.94")} | settling(invoice)
    refused = problem(await office.erp.post("/v1/payments", book), 409, "write_off_too_large")
    assert (refused["facts"]["open"], refused["facts"]["most"]) == ("0.06", "0.05")
    small("0")
    book["amount"] = money("99.99")
    problem(await office.erp.post("/v1/payments", book), 409, "write_off_too_large")
    small("0.05", write_off_account="receivable")
    problem(await office.erp.post("/v1/payments", book), 409, "control_account")
    small("0.05", write_off_account="none")
    problem(await office.erp.post("/v1/payments", book), 422, "missing_reference")
    assert await office.owes(customer) == ("100.00", "0.00")
    small("0.05", write_off_account="6402")
    paid = await office.books(customer, "99.99", allocations=[])
    body = settling(invoice)
    assert (await office.erp.post(f"/v1/payments/{paid['id']}/allocate", body)).is_success
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_a_small_difference_is_taken_back(office, desk, small, problem):
    """E7: once, by its reversal and not as if it were money."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "100")
    await office.books(customer, "99.99", **settling(invoice))
    path = f"/v1/payments?party_id={customer['id']}&kind=small_difference"
    [lost] = (await desk.see(path))["items"]
    lost = f"/v1/payments/{lost['id']}"
    release = {"document_id": invoice["id"]}
    problem(await office.erp.post(f"{lost}/release", release), 409, "write_off_stays")
    problem(await office.erp.post(f"{lost}/refund", {}), 409, "nothing_to_refund")
    await office.does(f"{lost}/reverse")
    assert await office.owes(customer) == ("0.01", "0.00")
    assert await state_of(desk, invoice) == ("partly_paid", "0.01")
    problem(await office.erp.post(f"{lost}/reverse", {}), 409, "write_off_reversed")
    problem(await office.erp.post(f"{lost}/refund", {}), 409, "nothing_to_refund")
    await office.books(customer, "0.01")
    assert await state_of(desk, invoice) == ("paid", "0.00")


@pytest.fixture
async def taxed(desk):
    """A tax code of 13 %."""
    code = f"V{uuid4().hex[:8].upper()}"
    await desk.add("/v1/tax-codes", code=code, name="VAT", rate="0.13")
    return code


async def test_a_bad_debt_is_a_loss_and_frees_the_credit_limit(office, desk, problem):
    """E14, E24: Dr bad debts, Cr receivable; the invoice publishes it."""
    customer = await desk.customer(credit_limit=money("100"))
    invoice = await office.invoices(customer, "90")
    await office.books(customer, "30")
    lost = await office.does(DEBTS, document_id=invoice["id"], reason="Insolvent")
    assert (lost["kind"], lost["amount"], lost["unallocated"]) == ("bad_debt", "60.00", "0.00")
    assert await office.entries(lost) == ["Dr bad_debt 60.00", "Cr receivable 60.00"]
    assert await office.owes(customer) == ("0.00", "0.00")
    assert await state_of(desk, invoice) == ("written_off", "0.00")
    events = [one for one in await desk.events_of(invoice["id"]) if one["payload"]["changed"]]
    assert events[-1]["payload"]["state"] == "written_off"
    nothing = {"document_id": invoice["id"], "reason": "Again"}
    problem(await office.erp.post(DEBTS, nothing), 409, "nothing_to_write_off")
    item = await desk.item(kind="service")
    line = {"item_id": item["id"], "quantity": "1", "unit_price": money("100")}
    order = await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
    assert order["state"] == "confirmed"


async def test_tax_is_claimed_back_where_it_is_asked_for(office, desk, taxed):
    """E19: 13.01 of tax in 113.05, in three parts, to the cent."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("100.04", "1", "0", taxed))
    assert (invoice["tax"], invoice["gross"]) == ("13.01", "113.05")
    reclaimed = Decimal(0)
    for amount in ("37.68", "37.68", None):
        part = {"amount": money(amount)} if amount else {}
        facts = {"document_id": invoice["id"], "reason": "Gone", "reclaim_tax": True}
        lost = await office.does(DEBTS, **facts, **part)
        [tax] = [one for one in await office.entries(lost) if "tax_output" in one]
        reclaimed += Decimal(tax.removeprefix("Dr tax_output "))
    assert reclaimed == Decimal("13.01")
    assert await office.owes(customer) == ("0.00", "0.00")
    whole = await office.invoices(customer, ("100", "1", "0", taxed))
    lost = await office.does(DEBTS, document_id=whole["id"], reason="Gone")
    assert await office.entries(lost) == ["Dr bad_debt 113.00", "Cr receivable 113.00"]


async def test_a_customer_who_pays_after_all_owes_again(office, desk, taxed, problem):
    """E7, E14: what was booked is reversed, then paid; on every day the books agree."""
    customer, yesterday = await desk.customer(), str(office.today - timedelta(days=1))
    facts = {"effective_on": yesterday}
    bank = {"party_id": customer["id"], "amount": money("113")}
    async with desk.erp.database.transaction() as work:
        last = await work.sql.fetchval("select max(last_on) from invoice_series")
    if last and str(last) > yesterday:
        facts = {}
    invoice = await office.invoices(customer, ("100", "1", "0", taxed), **facts)
    debt = {"document_id": invoice["id"], "reason": "Gone", "reclaim_tax": True}
    lost = await office.does(DEBTS, **debt, **facts)
    path = f"{DEBTS}/{lost['id']}/reverse"
    early = {"effective_on": "2011-01-05"}
    problem(await office.erp.post(path, early), 422, "invalid_input")
    async with office.closed(str(office.today)):
        problem(await office.erp.post(path, {}), 409, "period_closed")
    await office.does(path, reason="He paid")
    assert await office.owes(customer) == ("113.00", "0.00")
    assert await state_of(desk, invoice) == ("issued", "113.00")
    assert (await office.entries(lost))[3:] == [
        "Cr bad_debt 100.00",
        "Cr tax_output 13.00",
        "Dr receivable 113.00",
    ]
    assert (await office.erp.post("/v1/payments", bank)).is_success
    assert await office.owes(customer) == ("0.00", "0.00")
    assert await state_of(desk, invoice) == ("paid", "0.00")
    problem(await office.erp.post(path, {}), 409, "write_off_reversed")


async def test_what_is_written_off_is_not_credited_as_well(office, desk, problem):
    """E15: the customer would get back what he never paid."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("10", "10"))
    await office.books(customer, "40")
    lost = await office.does(DEBTS, document_id=invoice["id"], reason="Gone")
    path = f"/v1/invoices/{invoice['id']}/credit"
    refused = problem(await office.erp.post(path, {}), 409, "debt_written_off")
    assert (refused["facts"]["written_off"], refused["facts"]["most"]) == ("60.00", "40.00")
    part = {"lines": [{"position": 1, "quantity": "4"}]}
    assert (await office.erp.post(path, part)).status_code == 201
    assert await office.owes(customer) == ("0.00", "40.00")
    part["lines"][0]["quantity"] = "1"
    problem(await office.erp.post(path, part), 409, "debt_written_off")
    await office.does(f"{DEBTS}/{lost['id']}/reverse")
    assert (await office.erp.post(path, {})).status_code == 201
    assert await office.owes(customer) == ("0.00", "40.00")


async def test_a_write_off_against_a_payment_at_once_settles_once(office, desk):
    """E15: whoever comes second finds less open; no money is lost."""
    for _ in range(4):
        customer = await desk.customer()
        invoice = await office.invoices(customer, "50")
        debt = {"document_id": invoice["id"], "reason": "Gone"}
        body = {"party_id": customer["id"], "amount": money("50")}
        replies = await asyncio.gather(
            office.erp.post(DEBTS, debt),
            office.erp.post("/v1/payments", body),
            office.erp.post(DEBTS, debt),
        )
        assert replies[1].status_code == 201
        lost = [one.is_success for one in replies[::2]]
        assert sum(lost) <= 1
        credit = "50.00" if any(lost) else "0.00"
        assert await office.owes(customer) == ("0.00", credit)


async def test_reversals_at_once_take_it_back_once(office, desk):
    """E7: of three, one."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "50")
    lost = await office.does(DEBTS, document_id=invoice["id"], reason="Gone")
    path = f"{DEBTS}/{lost['id']}/reverse"
    replies = await asyncio.gather(*(office.erp.post(path, {}) for _ in range(3)))
    assert sorted(one.status_code for one in replies) == [200, 409, 409]
    assert await office.owes(customer) == ("50.00", "0.00")


async def test_bad_debts_need_a_permission_of_their_own(office, desk, problem):
    customer = await desk.customer()
    invoice = await office.invoices(customer, "5")
    debt = {"document_id": invoice["id"], "reason": "Gone"}
    cashier = await desk.erp.as_("receivables.write")
    reply = await cashier.post(DEBTS, json=debt, headers={"Idempotency-Key": str(uuid4())})
    assert problem(reply, 403, "forbidden")["facts"] == {"scope": "receivables.write_off"}
    problem(await office.erp.post(DEBTS, debt | {"document_id": customer["id"]}), 404, "not_found")
    too_much = debt | {"amount": money("5.01")}
    problem(await office.erp.post(DEBTS, too_much), 409, "over_allocated")
    problem(await office.erp.post(DEBTS, debt | {"reason": ""}), 422, "invalid_input")
    dollars = debt | {"amount": {"amount": "1", "currency": "USD"}}
    problem(await office.erp.post(DEBTS, dollars), 422, "currency_not_supported")


async def reversal_of(office, problem, path, payment, code):
    """Refused: what it is, and what takes it back."""
    reply = await office.erp.post(f"{path}/{payment['id']}/reverse", {})
    assert problem(reply, 409, code)["facts"]["number"] == payment["number"]
    assert "{" not in reply.json()["detail"]
    return reply.json()["detail"]


async def test_what_is_no_write_off_is_not_taken_back_as_one(office, desk, small, problem):
    """Each says what it is; what there is not is not found."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "10")
    paid = await office.books(customer, "9.99", **settling(invoice))
    path = f"/v1/payments?party_id={customer['id']}"
    [lost] = (await desk.see(f"{path}&kind=small_difference"))["items"]
    other = await office.invoices(customer, "20")
    debt = await office.does(DEBTS, document_id=other["id"], reason="Gone", amount=money("5"))
    bent = await office.invoices(customer, "3")
    await office.does(f"/v1/invoices/{bent['id']}/credit", reason="Bent")
    [credit] = (await desk.see(f"{path}&kind=credit_note"))["items"]
    for at in ("/v1/payments", DEBTS):
        await reversal_of(office, problem, at, paid, "is_a_payment")
        await reversal_of(office, problem, at, credit, "is_a_credit_note")
        problem(await office.erp.post(f"{at}/{uuid4()}/reverse", {}), 404, "not_found")
    said = await reversal_of(office, problem, "/v1/payments", debt, "is_a_bad_debt")
    assert f"{DEBTS}/{debt['id']}/reverse" in said
    said = await reversal_of(office, problem, DEBTS, lost, "is_a_small_difference")
    assert f"/v1/payments/{lost['id']}/reverse" in said
    assert {one["state"] for one in (await desk.see(path))["items"]} == {"booked"}


async def test_what_was_taken_back_is_published(office, desk):
    """Since when and why: by itself, in lists and in its event."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "60")
    facts = {"document_id": invoice["id"], "reason": "Gone"}
    kept = await office.does(DEBTS, **facts, amount=money("10"))
    lost = await office.does(DEBTS, **facts, amount=money("20"))
    assert (lost["state"], lost["reversed_on"], lost["reversal_reason"]) == ("booked", None, "")
    done = await office.does(f"{DEBTS}/{lost['id']}/reverse", reason="He paid")
    answer = ("reversed", str(office.today), "He paid")
    names = ("state", "reversed_on", "reversal_reason")
    assert tuple(done[name] for name in names) == answer
    path = f"/v1/payments?party_id={customer['id']}"
    for state, found in (("reversed", lost), ("booked", kept)):
        items = (await desk.see(f"{path}&state={state}"))["items"]
        assert [one["id"] for one in items] == [found["id"]]
    event = (await desk.events_of(lost["id"]))[-1]["payload"]
    assert tuple(event[name] for name in names) == answer
    assert set(names) <= set(event["changed"])


async def test_what_was_taken_back_before_is_noted(office, desk):
    """An upgrade reads since when, and why, from the books."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "60")
    facts = {"document_id": invoice["id"], "reason": "Gone"}
    kept = await office.does(DEBTS, **facts, amount=money("10"))
    lost = await office.does(DEBTS, **facts, amount=money("20"))
    done = await office.does(f"{DEBTS}/{lost['id']}/reverse", reason="He paid")
    ids = [UUID(one["id"]) for one in (kept, lost)]
    note = ScriptDirectory(str(SERVICE.migrations)).get_revision("e301").module.TAKEN_BACK
    async with desk.erp.database.driver() as sql:
        await sql.execute(
            "update payment set reversed_on = null, reversal_reason = '' where id = any($1)", ids
        )
        await sql.execute(note)
    names = ("state", "reversed_on", "reversal_reason")
    for payment in (kept, done):
        view = await desk.see(f"/v1/payments/{payment['id']}")
        assert [view[name] for name in names] == [payment[name] for name in names]


async def test_every_number_that_a_payment_names_is_looked_up(office, desk, small):
    """A reversal, a refund and a rest that is written off have numbers of their own."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "60")
    lost = await office.does(DEBTS, document_id=invoice["id"], reason="Gone")
    paid = await office.books(customer, "5", allocations=[])
    await office.does(f"/v1/payments/{paid['id']}/refund", amount=money("4.98"))
    await office.does(f"/v1/payments/{paid['id']}/write-off")
    await office.does(f"{DEBTS}/{lost['id']}/reverse")
    items = (await desk.see(f"/v1/open-items?party_id={customer['id']}"))["items"]
    numbers = {one["source_type"]: one["document_number"] for one in items}
    expected = {"write_off_reversal": lost, "refund": paid, "payment_rest": paid}
    for source_type, payment in expected.items():
        for number in (numbers[source_type], payment["number"]):
            found = (await desk.see(f"/v1/payments?number={number}"))["items"]
            assert [one["id"] for one in found] == [payment["id"]]
    assert (await desk.see("/v1/payments?number=PY-0"))["items"] == []


async def test_the_database_takes_only_write_offs_back(office, desk):
    customer = await desk.customer()
    paid = await office.books(customer, "5")
    async with desk.erp.database.driver() as sql:
        for change in ("reversed_on = effective_on", "reversal_reason = 'why'"):
            with pytest.raises(asyncpg.CheckViolationError, match="ck_payment_reversed"):
                await sql.execute(f"update payment set {change} where id = $1", UUID(paid["id"]))


async def test_the_database_keeps_what_is_written_off_within_the_amount(office, desk):
    """E15: by whatever path."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "5")
    async with desk.erp.database.driver() as sql:
        with pytest.raises(asyncpg.CheckViolationError, match="open_within_amount"):
            await sql.execute(
                "update open_item set written_off = 0.01 where source_id = $1",
                UUID(invoice["id"]),
            )
