"""Payments: they settle what is open, never more, and the books agree on every day."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

pytestmark = pytest.mark.business_day


def money(amount):
    return {"amount": amount, "currency": "CNY"}


def share(document, amount=None):
    return {"document_id": document["id"]} | ({"amount": money(amount)} if amount else {})


async def test_a_payment_settles_what_is_open(office, desk):
    """E2, E14: Dr bank, Cr receivable; what is left of it stays the customer's credit."""
    customer = await desk.customer(payment_terms_days=10)
    yesterday = str(office.today - timedelta(days=1))
    invoice = await office.invoices(customer, "30")
    paid = await office.books(customer, "20")
    assert await office.entries(paid) == ["Dr bank 20.00", "Cr receivable 20.00"]
    assert [one["document_id"] for one in paid["allocations"]] == [invoice["id"]]
    assert await office.owes(customer) == ("10.00", "0.00")
    rest = await office.books(customer, "15", effective_on=yesterday)
    assert (rest["unallocated"], rest["allocations"][0]["amount"]) == ("5.00", "10.00")
    assert await office.owes(customer) == ("0.00", "5.00")


async def test_the_oldest_due_is_settled_before_the_oldest_issued(office, desk):
    customer = await desk.customer(payment_terms_days=60)
    patient = await office.invoices(customer, "30")
    await desk.change(f"/v1/customers/{customer['id']}", {"payment_terms_days": 5}, revision=1)
    urgent = await office.invoices(customer, "50")
    paid = await office.books(customer, "60")
    settled = [(one["document_id"], one["amount"]) for one in paid["allocations"]]
    assert sorted(settled) == sorted([(urgent["id"], "50.00"), (patient["id"], "10.00")])
    assert (await desk.see(f"/v1/invoices/{urgent['id']}"))["state"] == "paid"
    view = await desk.see(f"/v1/invoices/{patient['id']}")
    assert (view["state"], view["open_amount"]) == ("partly_paid", "20.00")
    assert await office.owes(customer) == ("20.00", "0.00")


async def test_a_payment_settles_the_documents_it_names(office, desk):
    customer = await desk.customer()
    first, second = [await office.invoices(customer, price) for price in ("10", "40")]
    paid = await office.books(customer, "45", allocations=[share(second, "30"), share(first)])
    settled = {one["document_number"]: one["amount"] for one in paid["allocations"]}
    assert settled == {first["number"]: "10.00", second["number"]: "30.00"}
    assert paid["unallocated"] == "5.00"
    assert await office.owes(customer) == ("10.00", "5.00")


async def test_an_empty_list_settles_nothing_yet(office, desk):
    customer = await desk.customer()
    invoice = await office.invoices(customer, "10")
    paid = await office.books(customer, "10", allocations=[])
    assert (paid["allocations"], paid["unallocated"]) == ([], "10.00")
    used = await office.does(f"/v1/payments/{paid['id']}/allocate")
    assert (used["version"], used["unallocated"]) == (2, "0.00")
    assert used["allocations"][0]["document_id"] == invoice["id"]
    again = await office.does(f"/v1/payments/{paid['id']}/allocate")
    assert again["version"] == 2
    assert await office.owes(customer) == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("amount", "wanted"),
    [("50", "40.01"), ("20", "30")],
)
async def test_more_than_is_open_or_was_paid_is_refused(office, desk, problem, amount, wanted):
    """E15: on either side; nothing is changed."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "40")
    body = {"party_id": customer["id"], "amount": money(amount)}
    reply = await office.erp.post("/v1/payments", body | {"allocations": [share(invoice, wanted)]})
    problem(reply, 409, "over_allocated")
    assert await desk.count("payment", "party_id = $1", customer["id"]) == 0
    assert await office.owes(customer) == ("40.00", "0.00")


async def test_parallel_allocations_never_exceed_what_is_open(office, desk):
    """E15: of 15 payments of 10 for an invoice of 100, exactly 10 settle it."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "100")
    body = {"party_id": customer["id"], "amount": money("10")}
    replies = await asyncio.gather(
        *(
            office.erp.post("/v1/payments", body | {"allocations": [share(invoice, "10")]})
            for _ in range(15)
        )
    )
    assert sorted(reply.status_code for reply in replies) == [201] * 10 + [409] * 5
    assert await office.owes(customer) == ("0.00", "0.00")
    assert (await desk.see(f"/v1/invoices/{invoice['id']}"))["version"] == 11


async def test_parallel_use_of_one_payment_never_exceeds_it(office, desk):
    """E15: the payment's side."""
    customer = await desk.customer()
    invoices = [await office.invoices(customer, "10") for _ in range(6)]
    paid = await office.books(customer, "40", allocations=[])
    replies = await asyncio.gather(
        *(
            office.erp.post(
                f"/v1/payments/{paid['id']}/allocate", {"allocations": [share(one, "10")]}
            )
            for one in invoices
        )
    )
    assert sorted(reply.status_code for reply in replies) == [200] * 4 + [409] * 2
    assert await office.owes(customer) == ("20.00", "0.00")


async def test_taking_an_allocation_back_restores_the_state_before(office, desk, problem):
    """E15: exactly, with both rows kept."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "40")
    paid = await office.books(customer, "30")
    path = f"/v1/payments/{paid['id']}"
    released = await office.does(f"{path}/release", document_id=invoice["id"])
    assert (released["unallocated"], released["allocations"]) == ("30.00", [])
    view = await desk.see(f"/v1/invoices/{invoice['id']}")
    assert (view["state"], view["open_amount"]) == ("issued", "40.00")
    assert await office.owes(customer) == ("40.00", "30.00")
    assert await desk.count("allocation", "payment_id = $1", paid["id"]) == 2
    twice = await office.erp.post(f"{path}/release", {"document_id": invoice["id"]})
    problem(twice, 409, "not_allocated")
    other = await office.erp.post(f"{path}/release", {"document_id": str(uuid4())})
    problem(other, 409, "not_allocated")
    await office.does(f"{path}/allocate", allocations=[share(invoice)])
    assert await office.owes(customer) == ("10.00", "0.00")


@pytest.mark.parametrize(
    "statement", ["update allocation set amount = 1", "delete from allocation"]
)
async def test_an_allocation_is_never_changed(office, desk, statement):
    customer = await desk.customer()
    await office.invoices(customer, "1")
    await office.books(customer, "1")
    sql = await asyncpg.connect(office.erp.owner_url)
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute(statement)
    finally:
        await sql.close()


async def test_a_closed_period_takes_no_payment(office, desk, problem):
    """E6: refused, nothing changed; booked in an open period instead."""
    customer = await desk.customer()
    await office.invoices(customer, "10", effective_on="2014-02-01")
    body = {"party_id": customer["id"], "amount": money("10"), "effective_on": "2014-03-15"}
    async with office.closed("2014-03-15"):
        problem(await office.erp.post("/v1/payments", body), 409, "period_closed")
        assert await office.owes(customer) == ("10.00", "0.00")
        assert await desk.count("payment", "party_id = $1", customer["id"]) == 0
    problem(
        await office.erp.post("/v1/payments", body | {"effective_on": "1900-01-01"}),
        422,
        "no_period",
    )


async def test_the_books_agree_on_every_day(office, desk):
    """E14: also when a payment is dated before the invoice it settles, and taken back later."""
    customer = await desk.customer()
    early = await office.books(customer, "25", effective_on="2015-01-10")
    first = await office.invoices(customer, "40", effective_on="2015-02-01")
    await office.does(f"/v1/payments/{early['id']}/allocate")
    await office.books(customer, "20", effective_on="2015-03-01")
    assert await office.owes(customer) == ("0.00", "5.00")
    await office.does(f"/v1/payments/{early['id']}/release", document_id=first["id"])
    assert await office.owes(customer) == ("25.00", "30.00")
    report = await desk.see(f"/v1/reports/receivables?party_id={customer['id']}&on=2015-02-15")
    assert (report["items"][0]["open"], report["items"][0]["unallocated"]) == ("40.00", "25.00")


async def test_the_report_says_what_is_overdue(office, desk):
    """By days since it was due."""
    customer = await desk.customer(payment_terms_days=0)
    for day, price in (("2011-01-01", "1"), ("2011-02-15", "2"), ("2011-03-20", "4")):
        await office.invoices(customer, price, effective_on=day)
    await office.invoices(customer, "8", effective_on="2011-04-09")
    path = f"/v1/reports/receivables?party_id={customer['id']}&on="
    [answer] = (await desk.see(path + "2011-04-10"))["items"]
    assert (answer["name"], answer["number"]) == (customer["name"], customer["number"])
    assert answer["overdue_over_90"] == "1.00"
    assert answer["overdue_31_to_60"] == "2.00"
    assert answer["overdue_1_to_30"] == "12.00"
    assert (answer["overdue"], answer["not_due"], answer["open"]) == ("15.00", "0.00", "15.00")
    [answer] = (await desk.see(path + "2011-03-31"))["items"]
    assert (answer["overdue_61_to_90"], answer["overdue"], answer["balance"]) == (
        "1.00",
        "7.00",
        "7.00",
    )
    assert (await desk.see(path + "2010-12-31"))["items"] == []


async def test_all_parties_together_are_the_control_account(office, desk):
    """E14, E5: receivables and payables in all, and the trial balance balances."""
    for side in ("receivable", "payable"):
        report = await desk.see(f"/v1/reports/{side}s")
        assert report["total"] == report["control_account"]
    balance = await desk.see("/v1/reports/trial-balance")
    assert balance["debit"] == balance["credit"]


async def test_the_same_payment_sent_twice_is_one(office, desk):
    """E13: the same key, one payment."""
    customer = await desk.customer()
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"party_id": customer["id"], "amount": money("10")}
    both = await asyncio.gather(
        *(office.erp.client.post("/v1/payments", json=body, headers=headers) for _ in range(2))
    )
    assert both[0].json()["id"] == both[1].json()["id"]
    assert await office.owes(customer) == ("0.00", "10.00")


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"party_id": str(uuid4())}, (422, "missing_reference")),
        ({"direction": "out"}, (422, "missing_reference")),
        ({"amount": money("0")}, (422, "invalid_input")),
        ({"amount": {"amount": "1", "currency": "USD"}}, (422, "currency_not_supported")),
        ({"allocations": [{"document_id": str(uuid4())}]}, (422, "missing_reference")),
        ({"effective_on": "2999-01-01"}, (422, "invalid_input")),
    ],
)
async def test_a_wrong_payment_is_refused(office, desk, problem, facts, refusal):
    customer = await desk.customer()
    before = await desk.count("payment", "true")
    body = {"party_id": customer["id"], "amount": money("10")} | facts
    problem(await office.erp.post("/v1/payments", body), *refusal)
    assert await desk.count("payment", "true") == before


async def test_nobody_pays_the_document_of_another(office, desk, problem):
    customer, other = await desk.customer(), await desk.customer()
    invoice = await office.invoices(other, "10")
    body = {"party_id": customer["id"], "amount": money("10"), "allocations": [share(invoice)]}
    problem(await office.erp.post("/v1/payments", body), 422, "missing_reference")
    assert await office.owes(other) == ("10.00", "0.00")


async def test_many_payments_are_booked_in_one_act_or_none(office, desk, problem):
    customers = [await desk.customer() for _ in range(3)]
    invoices = [await office.invoices(one, "10") for one in customers]
    items = [
        {"party_id": one["id"], "amount": money("10"), "allocations": [share(invoice)]}
        for one, invoice in zip(customers, invoices, strict=True)
    ]
    broken = [*items, items[0] | {"allocations": [share(invoices[0], "1")]}]
    problem(await office.erp.post("/v1/payments/batch", {"items": broken}), 409, "over_allocated")
    booked = await office.does("/v1/payments/batch", items=items)
    assert [one["party_id"] for one in booked["items"]] == [one["id"] for one in customers]
    for customer in customers:
        assert await office.owes(customer) == ("0.00", "0.00")


async def test_parallel_batches_over_the_same_customers_do_not_deadlock(office, desk):
    customers = [await desk.customer() for _ in range(6)]
    for one in customers:
        await office.invoices(one, "10")
        await office.invoices(one, "10")

    def batch(order):
        items = [{"party_id": one["id"], "amount": money("5")} for one in order]
        return office.erp.post("/v1/payments/batch", {"items": items})

    orders = [customers, customers[::-1], customers[3:] + customers[:3], customers[::-1]]
    replies = await asyncio.gather(*(batch(order) for order in orders))
    assert [reply.status_code for reply in replies] == [201] * 4
    for one in customers:
        assert await office.owes(one) == ("0.00", "0.00")


async def test_parallel_batches_over_the_same_years_do_not_deadlock(office, desk):
    """E12's numbers of entries: the series of years are locked in one order, whatever is sent."""
    customers = [await desk.customer() for _ in range(12)]

    def batch(customer, *days):
        items = [
            {"party_id": customer["id"], "amount": money("5"), "effective_on": day} for day in days
        ]
        return office.erp.post("/v1/payments/batch", {"items": items})

    days = ["2013-01-07", "2014-01-07"] * 10
    replies = await asyncio.gather(
        *(batch(one, *days[at % 2 :]) for at, one in enumerate(customers))
    )
    assert {reply.status_code for reply in replies} == {201}


async def test_payments_and_balances_are_published(office, desk):
    """B01: a payment says what it settles; the balance says what the customer owes, in order."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "40")
    paid = await office.books(customer, "30")
    [event] = await desk.events_of(paid["id"])
    assert event["topic"] == "erp.payment.v1"
    assert event["payload"]["allocations"] == [
        {
            "document_id": invoice["id"],
            "document_number": invoice["number"],
            "amount": "30.00",
            "open_amount": "10.00",
            "currency": "CNY",
        }
    ]
    async with office.erp.database.driver() as sql:
        balance = await sql.fetchval(
            "select id from customer_balance where customer_id = $1", customer["id"]
        )
    events = await desk.events_of(str(balance))
    assert [one["aggregate_version"] for one in events] == [1, 2]
    assert [one["payload"]["owed"] for one in events] == ["40.00", "10.00"]
    assert events[0]["payload"]["told_at"] < events[1]["payload"]["told_at"]
    states = [one["payload"]["state"] for one in await desk.events_of(invoice["id"])]
    assert states == ["issued", "partly_paid"]


async def test_parallel_acts_publish_balances_without_a_gap(office, desk):
    """The last word on what a customer owes is right, however many acts ran at once."""
    customer = await desk.customer()
    await asyncio.gather(
        *(office.invoices(customer, "7") for _ in range(6)),
        *(office.books(customer, "5") for _ in range(6)),
    )
    async with office.erp.database.driver() as sql:
        balance = await sql.fetchval(
            "select id from customer_balance where customer_id = $1", customer["id"]
        )
    events = await desk.events_of(str(balance))
    assert [one["aggregate_version"] for one in events] == list(range(1, 13))
    assert events[-1]["payload"]["owed"] == "12.00"
    times = [one["payload"]["told_at"] for one in events]
    assert times == sorted(times)
    await office.owes(customer)


async def test_payments_and_open_items_are_listed(office, desk):
    customer = await desk.customer()
    first, second = [await office.invoices(customer, "10") for _ in range(2)]
    paid = await office.books(customer, "10", allocations=[share(first)])
    listed = await desk.see(f"/v1/payments?party_id={customer['id']}&kind=payment")
    assert [one["id"] for one in listed["items"]] == [paid["id"]]
    assert (await desk.see(f"/v1/payments/{paid['id']}"))["number"] == paid["number"]
    numbered = await desk.see(f"/v1/payments?number={paid['number']}")
    assert [one["id"] for one in numbered["items"]] == [paid["id"]]
    left = await desk.see(f"/v1/open-items?party_id={customer['id']}&open=true")
    assert [one["source_id"] for one in left["items"]] == [second["id"]]
    whole = await desk.see(f"/v1/open-items?source_id={first['id']}&side=receivable")
    assert whole["items"][0]["document_number"] == first["number"]
    sorted_ = await desk.see(f"/v1/open-items?party_id={customer['id']}&sort=due_on")
    assert len(sorted_["items"]) == 2


async def test_who_may_do_what(office, desk, problem):
    customer = await desk.customer()
    stranger = await office.erp.as_("parties.read")
    for path in ("payments", "open-items", "reports/receivables", "reports/payables"):
        assert (await stranger.get(f"/v1/{path}")).status_code == 403
    reader = await office.erp.as_("settlement.read")
    body = {"party_id": customer["id"], "amount": money("10")}
    headers = {"Idempotency-Key": str(uuid4())}
    refused = await reader.post("/v1/payments", json=body, headers=headers)
    assert problem(refused, 403, "forbidden")["facts"] == {"scope": "settlement.write"}
    clerk = await office.erp.as_("settlement.write")
    late = body | {"effective_on": "2012-01-01"}
    refused = await clerk.post("/v1/payments", json=late, headers=headers)
    assert problem(refused, 403, "forbidden")["facts"] == {"scope": "backdate"}
    missing = await office.erp.client.get(f"/v1/payments/{uuid4()}")
    problem(missing, 404, "not_found")
    absent = await office.erp.post(f"/v1/payments/{uuid4()}/allocate", {})
    problem(absent, 404, "not_found")
