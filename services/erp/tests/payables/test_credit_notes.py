"""Suppliers' credit notes without goods: a price that is less after all."""

from uuid import uuid4

PATH = "/v1/bills/credit-notes"


def money(amount, currency="CNY"):
    return {"amount": amount, "currency": currency}


def note_of(supplier, *amounts, **facts):
    reductions = [{"amount": money(amount)} for amount in amounts or ("20",)]
    number = facts.pop("supplier_number", f"CN-{uuid4().hex[:8]}")
    return {
        "supplier_id": supplier["id"],
        "supplier_number": number,
        "reductions": reductions,
    } | facts


async def rent(office, supplier, amount="100", **facts):
    body = {"supplier_id": supplier["id"], "supplier_number": f"R-{uuid4().hex[:8]}"}
    expenses = [{"account": "6402", "amount": money(amount)}]
    return await office.does("/v1/bills", **body, expenses=expenses, **facts)


async def test_a_price_reduction_takes_off_its_bill(office, desk):
    """E14: Dr payable, Cr variance and input tax; off the bill it names."""
    supplier = await office.supplier()
    bill = await rent(office, supplier)
    note = await office.does(PATH, **note_of(supplier, bill_id=bill["id"], tax=money("2.60")))
    assert (note["kind"], note["gross"], note["credits_id"]) == ("credit_note", "22.60", bill["id"])
    assert await office.entries(note) == [
        "Cr purchase_variance 20.00",
        "Cr tax_input 2.60",
        "Dr payable 22.60",
    ]
    assert (await desk.see(f"/v1/bills/{bill['id']}"))["open_amount"] == "77.40"
    assert await office.owes(supplier, "payable") == ("77.40", "0.00")


async def test_a_bonus_waits_until_it_is_allocated(office, desk):
    """To an account of its own, and of no bill."""
    supplier = await office.supplier()
    asked = note_of(supplier, "0.50")
    asked["reductions"][0] |= {"account": "6402", "description": "Bonus of the year"}
    note = await office.does(PATH, **asked)
    assert note["expenses"][0]["description"] == "Bonus of the year"
    assert await office.owes(supplier, "payable") == ("0.00", "0.50")
    await rent(office, supplier)
    await office.does(f"/v1/payments/{note['credit']['payment_id']}/allocate")
    assert await office.owes(supplier, "payable") == ("99.50", "0.00")


async def test_a_credit_note_has_a_number_of_its_own_once_a_year(office, problem):
    """E22: as a person reads it; a bill may have the same number."""
    supplier, other = await office.supplier(), await office.supplier()
    await office.does(PATH, **note_of(supplier, supplier_number="G 12"))
    again = note_of(supplier, "7", supplier_number="ｇ12 ")
    problem(await office.erp.post(PATH, again), 409, "duplicate_bill")
    await office.does(PATH, **note_of(other, supplier_number="G 12"))
    await office.does(PATH, **note_of(supplier, supplier_number="G 12", billed_on="2011-05-05"))
    body = {"supplier_id": supplier["id"], "supplier_number": "G 12"}
    await office.does("/v1/bills", **body, expenses=[{"account": "6402", "amount": money("1")}])


async def test_a_wrong_credit_note_is_refused(office, problem):
    supplier, other = await office.supplier(), await office.supplier()
    strange = await rent(office, other)
    for facts, status, code in (
        ({"bill_id": strange["id"]}, 422, "missing_reference"),
        ({"bill_id": str(uuid4())}, 422, "missing_reference"),
        ({"supplier_id": str(uuid4())}, 422, "missing_reference"),
        ({"tax": money("1", "USD")}, 422, "currency_not_supported"),
        ({"reductions": [{"amount": money("0")}]}, 422, "invalid_input"),
        ({"reductions": [{"amount": money("1"), "account": "1122"}]}, 409, "control_account"),
        ({"effective_on": "1900-01-01"}, 422, "no_period"),
    ):
        problem(await office.erp.post(PATH, note_of(supplier) | facts), status, code)
    assert await office.owes(supplier, "payable") == ("0.00", "0.00")


async def test_bills_are_listed_by_kind(office, desk):
    supplier = await office.supplier()
    bill = await rent(office, supplier)
    note = await office.does(PATH, **note_of(supplier))
    path = f"/v1/bills?supplier_id={supplier['id']}"
    assert [one["id"] for one in (await desk.see(path))["items"]] == [note["id"], bill["id"]]
    assert [one["id"] for one in (await desk.see(f"{path}&kind=credit_note"))["items"]] == [
        note["id"]
    ]
    assert [one["id"] for one in (await desk.see(f"{path}&kind=bill"))["items"]] == [bill["id"]]


async def test_a_credit_note_is_taken_back(office, desk, problem):
    """What was credited is owed again, on every day (E14)."""
    supplier = await office.supplier()
    bill = await rent(office, supplier, effective_on="2012-04-01")
    note = await office.does(
        PATH, **note_of(supplier, bill_id=bill["id"], effective_on="2012-04-02")
    )
    path, why = f"/v1/bills/{note['id']}/reverse", {"reason": "Of another supplier"}
    problem(await office.erp.post(path, why), 409, "credit_used")
    await office.does(
        f"/v1/payments/{note['credit']['payment_id']}/release", document_id=bill["id"]
    )
    early = why | {"effective_on": "2012-04-01"}
    problem(await office.erp.post(path, early), 422, "invalid_input")
    await office.does(path, **why, effective_on="2012-04-03")
    assert await office.owes(supplier, "payable") == ("100.00", "0.00")
    problem(await office.erp.post(path, why), 409, "bill_reversed")
    assert (await desk.see(f"/v1/bills/{note['id']}"))["reversed_on"] == "2012-04-03"
