"""What we owed when the books were opened is taken over once, ages, and is paid."""

import asyncio
from decimal import Decimal
from uuid import uuid4

import pytest

PATH = "/v1/payables/openings/batch"
DAY = "2012-04-10"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


def owed(supplier, amount="100", **facts):
    return {
        "supplier_id": supplier["id"],
        "number": f"R-{uuid4().hex[:8]}",
        "issued_on": "2011-12-20",
        "due_on": "2012-01-19",
        "amount": money(amount),
    } | facts


async def sent(office, *items, effective_on=DAY):
    return await office.erp.post(PATH, {"items": list(items), "effective_on": effective_on})


@pytest.fixture
def opens(office):
    """Take over openings; the outcomes."""

    async def done(*items):
        reply = await sent(office, *items)
        assert reply.status_code == 200, reply.text
        return reply.json()["items"]

    return done


async def test_what_was_owed_is_opened_against_opening_equity(office, desk, opens):
    """E14: no tax and no goods; open from the day the books were opened, and due when it was."""
    supplier = await office.supplier()
    asked = owed(supplier, number="RE 7")
    [done] = await opens(asked)
    assert (done["number"], done["status"]) == ("RE 7", "created")
    bill = await desk.see(f"/v1/bills/{done['id']}")
    assert (bill["kind"], bill["supplier_number"], bill["state"]) == ("opening", "RE 7", "entered")
    assert (bill["gross"], bill["tax"], bill["open_amount"]) == ("100.00", "0.00", "100.00")
    assert (bill["billed_on"], bill["due_on"]) == ("2011-12-20", "2012-01-19")
    assert bill["effective_on"] == DAY
    assert await office.entries(done) == ["Dr equity_opening 100.00", "Cr payable 100.00"]
    assert await office.owes(supplier, "payable") == ("100.00", "0.00")
    listed = await desk.see(f"/v1/bills?kind=opening&supplier_id={supplier['id']}")
    assert [one["id"] for one in listed["items"]] == [done["id"]]
    [event] = await desk.events_of(done["id"])
    assert event["payload"]["kind"] == "opening"


async def test_it_ages_and_is_paid(office, desk, opens):
    supplier = await office.supplier()
    [done] = await opens(owed(supplier))
    path = f"/v1/reports/payables?party_id={supplier['id']}"
    [aged] = (await desk.see(f"{path}&on={DAY}"))["items"]
    assert (aged["overdue"], aged["overdue_61_to_90"]) == ("100.00", "100.00")
    [before] = (await desk.see(f"{path}&on=2012-04-09"))["items"] or [None]
    assert before is None
    await office.books(supplier, "40", direction="out")
    assert (await desk.see(f"/v1/bills/{done['id']}"))["open_amount"] == "60.00"
    assert await office.owes(supplier, "payable") == ("60.00", "0.00")


async def test_the_same_again_changes_nothing(office, desk, opens, problem):
    """E13: by the supplier's number, as a person reads it; another amount is another bill."""
    supplier = await office.supplier()
    asked = owed(supplier, number="RE 8")
    [first] = await opens(asked)
    [again] = await opens(asked)
    assert again == first | {"status": "unchanged"}
    [lower] = await opens(asked | {"number": "re8"})
    assert (lower["status"], lower["id"]) == ("unchanged", first["id"])
    less = await sent(office, asked | {"amount": money("9")})
    problem(less, 409, "opening_differs")
    problem(await sent(office, asked, effective_on="2012-04-11"), 409, "opening_differs")
    bill = {"supplier_id": supplier["id"], "supplier_number": "RE 8", "billed_on": "2011-12-31"}
    expenses = [{"account": "6402", "amount": money("1")}]
    twice = await office.erp.post("/v1/bills", bill | {"expenses": expenses})
    problem(twice, 409, "duplicate_bill")
    entered = await office.does(
        "/v1/bills", **bill | {"supplier_number": "RE 9"}, expenses=expenses
    )
    reply = await sent(office, asked | {"number": "re 9", "amount": money("1")})
    problem(reply, 409, "duplicate_bill")
    await office.does(f"/v1/bills/{entered['id']}/reverse")
    assert await office.owes(supplier, "payable") == ("100.00", "0.00")
    assert len(await desk.events_of(first["id"])) == 1


async def test_all_are_opened_or_none(office, problem):
    supplier = await office.supplier()
    for facts, status, code in (
        ({"supplier_id": str(uuid4())}, 422, "invalid_input"),
        ({"supplier_number": supplier["number"]}, 422, "invalid_input"),
        ({"amount": money("1", "USD")}, 422, "currency_not_supported"),
        ({"issued_on": "2012-04-11", "due_on": "2012-04-11"}, 422, "invalid_input"),
        ({"due_on": "2011-12-19"}, 422, "invalid_input"),
        ({"due_on": None}, 422, "invalid_input"),
        ({"kind": "credit"}, 422, "invalid_input"),
    ):
        reply = await sent(office, owed(supplier, "1"), owed(supplier) | facts)
        problem(reply, status, code)
    one = owed(supplier)
    refusal = problem(await sent(office, one, one | {"number": one["number"].lower()}), 422, WRONG)
    assert [error["pointer"] for error in refusal["errors"]] == [
        "/items/0/number",
        "/items/1/number",
    ]
    early = owed(supplier, issued_on="1900-01-01")
    problem(await sent(office, early, effective_on="1900-01-01"), 422, "no_period")
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")


WRONG = "invalid_input"


async def test_a_supplier_is_named_by_number(office, opens):
    supplier = await office.supplier()
    asked = owed(supplier) | {"supplier_number": supplier["number"]}
    asked.pop("supplier_id")
    assert (await opens(asked))[0]["status"] == "created"
    assert await office.owes(supplier, "payable") == ("100.00", "0.00")


async def test_the_same_batch_many_times_at_once_opens_once(office):
    """E13: in whatever order its items come."""
    supplier = await office.supplier()
    items = [owed(supplier, "10") for _ in range(5)]
    batches = [items[at:] + items[:at] for at in range(5)]
    replies = await asyncio.gather(*(sent(office, *one) for one in batches))
    found = [one["status"] for reply in replies for one in reply.json()["items"]]
    assert sorted(found) == ["created"] * 5 + ["unchanged"] * 20
    assert await office.owes(supplier, "payable") == ("50.00", "0.00")


async def test_a_wrong_opening_is_taken_back_and_entered_anew(office, opens):
    supplier = await office.supplier()
    asked = owed(supplier)
    [wrong] = await opens(asked)
    await office.does(f"/v1/bills/{wrong['id']}/reverse", reason="One zero too few")
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")
    [right] = await opens(asked | {"amount": money("1000")})
    assert right["status"] == "created"
    assert await office.owes(supplier, "payable") == ("1000.00", "0.00")


async def test_an_opening_is_credited(office, opens):
    """A price reduction of what was billed before the books were opened."""
    supplier = await office.supplier()
    [done] = await opens(owed(supplier))
    note = {
        "supplier_id": supplier["id"],
        "supplier_number": "G-1",
        "bill_id": done["id"],
        "reductions": [{"amount": money("15")}],
    }
    made = await office.does("/v1/bills/credit-notes", **note)
    assert Decimal(made["credit"]["unallocated"]) == 0
    assert await office.owes(supplier, "payable") == ("85.00", "0.00")


def ahead(supplier, amount="30", **facts):
    """What we had paid ahead."""
    return owed(supplier, amount, kind="credit", due_on=None) | facts


async def test_what_we_had_paid_ahead_is_taken_over_and_used(office, desk, opens, problem):
    """E14: Dr payable, Cr opening equity; then allocated, refunded, and what is left listed."""
    supplier = await office.supplier()
    debt = owed(supplier, number="RE 20")
    credit = ahead(supplier, number="RE 20")
    [first, second] = await opens(debt, credit)
    assert first["id"] != second["id"]
    posted = sorted(await office.entries(second))
    assert posted == ["Cr equity_opening 30.00", "Dr payable 30.00"]
    assert await office.owes(supplier, "payable") == ("100.00", "30.00")
    [again] = await opens(credit)
    assert again == second | {"status": "unchanged"}
    problem(await sent(office, credit | {"amount": money("31")}), 409, "opening_differs")
    path = f"/v1/payables/openings?supplier_id={supplier['id']}"
    listed = (await desk.see(path))["items"]
    assert [(one["kind"], one["open_amount"]) for one in listed] == [
        ("credit", "30.00"),
        ("debt", "100.00"),
    ]
    assert (listed[0]["due_on"], listed[0]["number"]) == ("2011-12-20", "RE 20")
    assert [one["id"] for one in (await desk.see(f"{path}&kind=debt"))["items"]] == [first["id"]]
    pay = f"/v1/payments/{listed[0]['payment_id']}"
    share = {"document_id": first["id"], "amount": money("20")}
    await office.does(f"{pay}/allocate", allocations=[share])
    view = await desk.see(f"/v1/payables/openings/{first['id']}")
    assert (view["open_amount"], view["amount"], view["state"]) == ("80.00", "100.00", "entered")
    await office.does(f"{pay}/refund")
    assert await office.owes(supplier, "payable") == ("80.00", "0.00")
    left = (await desk.see(f"{path}&open=true"))["items"]
    assert [one["id"] for one in left] == [first["id"]]
    assert [one["id"] for one in (await desk.see(f"{path}&number=re20"))["items"]] == [
        second["id"],
        first["id"],
    ]


async def test_a_wrong_credit_is_taken_back_and_a_bill_is_no_opening(office, desk, opens, problem):
    supplier = await office.supplier()
    [wrong] = await opens(ahead(supplier))
    await office.does(f"/v1/bills/{wrong['id']}/reverse")
    view = await desk.see(f"/v1/payables/openings/{wrong['id']}")
    assert (view["state"], view["open_amount"]) == ("reversed", "0.00")
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")
    facts = {"supplier_id": supplier["id"], "supplier_number": f"B-{uuid4().hex[:8]}"}
    expenses = [{"account": "6402", "amount": money("1")}]
    bill = await office.does("/v1/bills", **facts, expenses=expenses)
    problem(await desk.client.get(f"/v1/payables/openings/{bill['id']}"), 404, "not_found")


async def test_what_an_archived_supplier_is_owed_is_taken_over(office):
    """An old debt to a firm one buys nothing of any more, as of a customer."""
    supplier = await office.supplier()
    headers = {"If-Match": f'"{supplier["version"]}"', "Idempotency-Key": str(uuid4())}
    path = f"/v1/suppliers/{supplier['id']}/archive"
    assert (await office.erp.client.post(path, headers=headers)).is_success
    reply = await sent(office, owed(supplier, "12"))
    assert reply.json()["items"][0]["status"] == "created", reply.text
    assert await office.owes(supplier, "payable") == ("12.00", "0.00")
    await office.books(supplier, "12", direction="out")
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")
