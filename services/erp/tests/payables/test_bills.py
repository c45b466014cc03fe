"""Bills: they clear what was received, once, and the books agree on every day."""

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from erp.payables.service.entering import EnterBill, Expense, enter_bill


def money(amount):
    return {"amount": amount, "currency": "CNY"}


def bill_of(supplier, *expenses, **facts):
    """A bill for expenses (account, amount)."""
    asked = [
        {"account": account, "description": "Power", "amount": money(amount)}
        for account, amount in expenses or [("6402", "10")]
    ]
    number = f"B-{uuid4().hex[:8]}"
    return {"supplier_id": supplier["id"], "supplier_number": number, "expenses": asked} | facts


async def entered(office, supplier, *, net, received, **facts):
    """Enter a bill of goods by the act that purchasing uses; as callers see it."""
    async with office.erp.database.transaction() as work:
        bill = EnterBill(
            supplier_id=UUID(supplier["id"]),
            bill_number=f"B-{uuid4().hex[:8]}",
            purchase_order_id=uuid4(),
            effective_on=work.today(),
            due_on=work.today(),
            net=Decimal(net),
            received=Decimal(received),
            **facts,
        )
        bill_id = await enter_bill(work, bill)
    return await office.desk.see(f"/v1/bills/{bill_id}")


@pytest.mark.parametrize(
    ("net", "received", "entries"),
    [
        ("978.50", "950", ["Dr grni 950.00", "Dr purchase_variance 28.50", "Cr payable 978.50"]),
        ("931.00", "950", ["Dr grni 950.00", "Cr purchase_variance 19.00", "Cr payable 931.00"]),
        ("950.00", "950", ["Dr grni 950.00", "Cr payable 950.00"]),
    ],
)
async def test_a_bill_clears_what_was_received_and_books_the_variance(
    office, net, received, entries
):
    """E2, E4, V5: 95 received at 10.00, billed at 10.30: nothing left in GRNI, 28.50 variance."""
    supplier = await office.supplier()
    bill = await entered(office, supplier, net=net, received=received)
    assert await office.entries(bill) == entries
    assert Decimal(bill["open_amount"]) == Decimal(net)
    assert (await office.owes(supplier, "payable"))[0] == net


async def test_a_bill_asks_for_goods_expenses_and_tax(office):
    """E2: what is no goods goes to its own account, tax to input tax."""
    supplier = await office.supplier()
    expenses = [Expense("6402", "Freight", Decimal(20))]
    bill = await entered(
        office, supplier, net="120", received="95", tax=Decimal("15.60"), expenses=expenses
    )
    assert await office.entries(bill) == [
        "Dr grni 95.00",
        "Dr purchase_variance 5.00",
        "Dr inventory_adjustment 20.00",
        "Dr tax_input 15.60",
        "Cr payable 135.60",
    ]
    assert bill["expenses"] == [
        {"position": 1, "account": "6402", "description": "Freight"} | money("20.00")
    ]


async def test_a_bill_without_an_order_is_entered_and_paid(office, desk):
    """E14: due by the supplier's terms; money out settles it."""
    supplier = await office.supplier(payment_terms_days=14)
    bill = await office.does(
        "/v1/bills", **bill_of(supplier, ("6402", "100"), ("6603", "20"), tax=money("15.60"))
    )
    assert (bill["net"], bill["tax"], bill["gross"]) == ("120.00", "15.60", "135.60")
    assert bill["due_on"] > bill["effective_on"]
    assert await office.entries(bill) == [
        "Dr inventory_adjustment 100.00",
        "Dr bad_debt 20.00",
        "Dr tax_input 15.60",
        "Cr payable 135.60",
    ]
    paid = await office.books(supplier, "100", direction="out")
    assert await office.entries(paid) == ["Dr payable 100.00", "Cr bank 100.00"]
    assert (await desk.see(f"/v1/bills/{bill['id']}"))["open_amount"] == "35.60"
    assert await office.owes(supplier, "payable") == ("35.60", "0.00")
    released = await office.does(f"/v1/payments/{paid['id']}/release", document_id=bill["id"])
    assert released["unallocated"] == "100.00"
    await office.does(f"/v1/payments/{paid['id']}/allocate")
    assert await office.owes(supplier, "payable") == ("35.60", "0.00")


async def test_a_suppliers_number_is_taken_once_a_year(office, problem):
    """E22: by the same supplier in the same year; another one, or another year, may have it."""
    supplier, other = await office.supplier(), await office.supplier()
    body = bill_of(supplier, effective_on="2012-04-01", supplier_number="R-77")
    await office.does("/v1/bills", **body)
    again = bill_of(supplier, ("6402", "99"), effective_on="2012-09-09", supplier_number=" R-77 ")
    refused = problem(await office.erp.post("/v1/bills", again), 409, "duplicate_bill")
    assert refused["facts"] == {"supplier_number": "R-77", "year": 2012}
    await office.does("/v1/bills", **body | {"effective_on": "2013-04-01"})
    await office.does("/v1/bills", **body | {"supplier_id": other["id"]})
    assert await office.owes(supplier, "payable") == ("20.00", "0.00")


async def test_a_suppliers_number_is_the_same_in_small_letters(office, problem):
    """E22: the same paper typed twice, one by one or many at once."""
    supplier = await office.supplier()
    await office.does("/v1/bills", **bill_of(supplier, supplier_number="Re-77a"))
    typed = bill_of(supplier, supplier_number="rE-77A")
    problem(await office.erp.post("/v1/bills", typed), 409, "duplicate_bill")
    replies = await asyncio.gather(
        *(
            office.erp.post("/v1/bills", bill_of(supplier, supplier_number=number))
            for number in ("x-1", "X-1", "x-1", "X-1")
        )
    )
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert await office.owes(supplier, "payable") == ("20.00", "0.00")


async def test_of_equal_bills_at_once_one_is_entered(office):
    """E22: under concurrency."""
    supplier = await office.supplier()
    body = bill_of(supplier)
    replies = await asyncio.gather(*(office.erp.post("/v1/bills", body) for _ in range(5)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 4
    assert await office.owes(supplier, "payable") == ("10.00", "0.00")


async def test_a_closed_period_takes_no_bill(office, desk, problem):
    """E6: refused, nothing changed."""
    supplier = await office.supplier()
    async with office.closed("2011-08-15"):
        body = bill_of(supplier, effective_on="2011-08-15")
        problem(await office.erp.post("/v1/bills", body), 409, "period_closed")
    assert await desk.count("bill", "supplier_id = $1", supplier["id"]) == 0
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"supplier_id": str(uuid4())}, (422, "missing_reference")),
        (
            {"expenses": [{"account": "nowhere", "amount": money("1")}]},
            (422, "missing_reference"),
        ),
        ({"expenses": [{"account": "6402", "amount": money("0")}]}, (422, "invalid_input")),
        *(
            ({"expenses": [{"account": kept, "amount": money("1")}]}, (409, "control_account"))
            for kept in ("inventory", "1405", "receivable", "payable")
        ),
        ({"expenses": []}, (422, "invalid_input")),
        ({"supplier_number": " "}, (422, "invalid_input")),
        ({"tax": {"amount": "1", "currency": "USD"}}, (422, "currency_not_supported")),
        ({"effective_on": "1900-01-01"}, (422, "no_period")),
    ],
)
async def test_a_wrong_bill_is_refused(office, desk, problem, facts, refusal):
    """E14, E29: also one that would book on what documents keep: stock, receivables, payables."""
    before = await desk.count("bill", "true")
    body = bill_of(await office.supplier()) | facts
    problem(await office.erp.post("/v1/bills", body), *refusal)
    assert await desk.count("bill", "true") == before


async def test_bills_are_listed_by_what_is_wanted(office, desk):
    supplier = await office.supplier()
    first, second = [await office.does("/v1/bills", **bill_of(supplier)) for _ in range(2)]
    path = f"/v1/bills?supplier_id={supplier['id']}"
    listed = [one["id"] for one in (await desk.see(path))["items"]]
    assert listed == [second["id"], first["id"]]
    [one] = (await desk.see(f"{path}&supplier_number={first['supplier_number']}"))["items"]
    assert one["id"] == first["id"]
    report = await desk.see(f"/v1/reports/payables?party_id={supplier['id']}")
    assert (report["items"][0]["name"], report["total"]) == (supplier["name"], "20.00")


async def test_an_entered_bill_is_never_changed(office):
    await office.does("/v1/bills", **bill_of(await office.supplier()))
    async with office.erp.database.driver() as sql:
        for statement in ("update bill set net = net", "delete from bill_expense"):
            with pytest.raises(Exception, match=r"never changed|permission denied"):
                await sql.execute(statement)


async def test_who_may_do_what(office, problem):
    stranger = await office.erp.as_("parties.read")
    assert (await stranger.get("/v1/bills")).status_code == 403
    reader = await office.erp.as_("payables.read")
    headers = {"Idempotency-Key": str(uuid4())}
    body = bill_of(await office.supplier())
    refused = await reader.post("/v1/bills", json=body, headers=headers)
    assert problem(refused, 403, "forbidden")["facts"] == {"scope": "payables.write"}
    problem(await office.erp.client.get(f"/v1/bills/{uuid4()}"), 404, "not_found")


@pytest.mark.parametrize(
    "typed", ["re  17", "RE\u00a017", "RE \uff11\uff17", "RE 17\u200b", "R\u00adE17", "re17"]
)
async def test_a_suppliers_number_is_compared_as_a_person_reads_it(office, problem, typed):
    """E22: blanks, width, invisible signs and capitals make no other number."""
    supplier = await office.supplier()
    await office.does("/v1/bills", **bill_of(supplier, supplier_number="RE 17"))
    again = await office.erp.post("/v1/bills", bill_of(supplier, supplier_number=typed))
    problem(again, 409, "duplicate_bill")
    await office.does("/v1/bills", **bill_of(supplier, supplier_number="RE 1-7"))


async def test_the_year_of_a_number_is_that_of_the_day_on_the_bill(office, problem):
    """E22: a bill of December that is booked in January is one of the old year."""
    supplier = await office.supplier(payment_terms_days=10)
    body = bill_of(supplier, supplier_number="R-1", effective_on="2013-01-05")
    bill = await office.does("/v1/bills", **body, billed_on="2012-12-20")
    assert (bill["billed_on"], bill["due_on"]) == ("2012-12-20", "2012-12-30")
    again = await office.erp.post("/v1/bills", body | {"effective_on": "2012-06-01"})
    problem(again, 409, "duplicate_bill")
    assert (await office.does("/v1/bills", **body))["billed_on"] == "2013-01-05"


async def test_a_wrong_bill_is_taken_back_and_entered_anew(office, desk, problem):
    """E7, E14, E22: the opposite is posted, nothing is owed, and the number is free again."""
    supplier = await office.supplier()
    body = bill_of(supplier, ("6402", "1000"), tax=money("130"))
    bill = await office.does("/v1/bills", **body)
    problem(await office.erp.post("/v1/bills", body), 409, "duplicate_bill")
    gone = await office.does(f"/v1/bills/{bill['id']}/reverse", reason="One zero too many")
    assert (gone["state"], gone["open_amount"]) == ("reversed", "0.00")
    assert gone["reversed_on"] == str(office.today)
    assert await office.entries(bill) == [
        "Dr inventory_adjustment 1000.00",
        "Dr tax_input 130.00",
        "Cr payable 1130.00",
        "Cr inventory_adjustment 1000.00",
        "Cr tax_input 130.00",
        "Dr payable 1130.00",
    ]
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")
    right = await office.does("/v1/bills", **body | bill_of(supplier, ("6402", "100")))
    assert right["state"] == "entered"
    assert [one["payload"]["state"] for one in await desk.events_of(bill["id"])] == [
        "entered",
        "reversed",
    ]
    twice = await office.erp.post(f"/v1/bills/{bill['id']}/reverse", {"reason": "Again"})
    problem(twice, 409, "bill_reversed")


async def test_a_paid_bill_is_released_before_it_is_taken_back(office, problem):
    """E15: what a payment settled is not taken from under it."""
    supplier = await office.supplier()
    bill = await office.does("/v1/bills", **bill_of(supplier, ("6402", "100")))
    paid = await office.books(supplier, "40", direction="out")
    path, why = f"/v1/bills/{bill['id']}/reverse", {"reason": "Not ours"}
    refused = problem(await office.erp.post(path, why), 409, "bill_paid")
    assert refused["facts"]["settled"] == "40"
    await office.does(f"/v1/payments/{paid['id']}/release", document_id=bill["id"])
    await office.does(path, **why)
    assert await office.owes(supplier, "payable") == ("0.00", "40.00")


async def test_a_bill_is_taken_back_once_and_not_before_its_day(office, problem):
    """E7: of parallel attempts one succeeds."""
    supplier = await office.supplier()
    bill = await office.does("/v1/bills", **bill_of(supplier, effective_on="2014-03-03"))
    path, why = f"/v1/bills/{bill['id']}/reverse", {"reason": "Wrong"}
    early = await office.erp.post(path, why | {"effective_on": "2014-03-02"})
    assert problem(early, 422, "invalid_input")["errors"][0]["code"] == "before_bill"
    replies = await asyncio.gather(*(office.erp.post(path, why) for _ in range(4)))
    assert sorted(one.status_code for one in replies) == [200, 409, 409, 409]
    problem(await office.erp.post(f"/v1/bills/{uuid4()}/reverse", why), 404, "not_found")


async def test_a_bill_too_large_for_the_contract_is_refused(office, problem):
    """A sum of 15 digits is refused at entry."""
    supplier = await office.supplier()
    halves = bill_of(supplier, ("6402", "50000000000000"), ("6402", "50000000000000"))
    refused = problem(await office.erp.post("/v1/bills", halves), 422, "invalid_input")
    assert refused["errors"][0]["code"] == "too_large"
