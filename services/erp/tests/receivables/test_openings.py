"""Opening receivables: what customers owed when the books were opened, taken over once."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

pytestmark = pytest.mark.business_day

OPENINGS = "/v1/receivables/openings"


def money(amount):
    return {"amount": amount, "currency": "CNY"}


def owed(customer, amount="100", **facts):
    """An item of the system before."""
    number = f"OLD-{uuid4().hex[:8].upper()}"
    days = {"issued_on": "2014-11-03", "due_on": "2014-12-03"}
    return {"number": number, "customer_id": customer["id"], "amount": money(amount)} | days | facts


async def opened(office, *items, **facts):
    return await office.does(f"{OPENINGS}/batch", items=list(items), **facts)


async def test_what_was_owed_before_is_owed_aged_and_paid(office, desk):
    """E14, E24: Dr receivable, Cr opening equity; no tax, no goods; due as before."""
    customer = await desk.customer()
    late = str(office.today - timedelta(days=40))
    due = {"issued_on": "2015-01-02", "due_on": late}
    old, later = owed(customer), owed(customer, "50", **due)
    reply = await opened(office, old, later)
    first, second = reply["items"]
    assert [one["status"] for one in reply["items"]] == ["created", "created"]
    assert await office.entries(first) == ["Dr receivable 100.00", "Cr equity_opening 100.00"]
    assert await office.owes(customer) == ("150.00", "0.00")
    path = f"/v1/reports/receivables?party_id={customer['id']}"
    [aged] = (await desk.see(path))["items"]
    assert (aged["overdue_31_to_60"], aged["overdue_over_90"]) == ("50.00", "100.00")
    [item] = (await desk.see(f"/v1/open-items?source_id={first['id']}"))["items"]
    assert (item["source_type"], item["document_number"]) == ("opening_receivable", old["number"])
    paid = await office.books(customer, "120")
    assert [one["document_number"] for one in paid["allocations"]] == [
        old["number"],
        later["number"],
    ]
    assert await office.owes(customer) == ("30.00", "0.00")
    view = await desk.see(f"{OPENINGS}/{second['id']}")
    assert (view["open_amount"], view["amount"], view["due_on"]) == ("30.00", "50.00", late)
    events = await desk.events_of(second["id"])
    assert [one["payload"]["open_amount"] for one in events] == ["50.00", "30.00"]
    assert events[-1]["aggregate_version"] == view["revision"]


async def test_a_number_is_taken_over_once(office, desk, problem):
    """The same list again changes nothing; other content of a number is refused, all of it."""
    customer = await desk.customer()
    known = owed(customer)
    [first] = (await opened(office, known))["items"]
    spelled = known | {"number": f" {known['number'].lower()} "}
    spelled = spelled | {"customer_number": customer["number"]}
    spelled.pop("customer_id")
    new = owed(customer, "7")
    again = (await opened(office, spelled, new))["items"]
    assert [one["status"] for one in again] == ["unchanged", "created"]
    assert again[0]["id"] == first["id"]
    assert await office.owes(customer) == ("107.00", "0.00")
    another = owed(customer, "8")
    for facts in (
        {"amount": money("101")},
        {"due_on": "2014-12-04"},
        {"customer_id": (await desk.customer())["id"]},
    ):
        body = {"items": [another, known | facts]}
        refused = problem(await office.erp.post(f"{OPENINGS}/batch", body), 409, "opening_differs")
        assert refused["facts"]["number"] == known["number"]
    day = str(office.today - timedelta(days=1))
    reply = await office.erp.post(f"{OPENINGS}/batch", {"items": [known], "effective_on": day})
    problem(reply, 409, "opening_differs")
    assert await office.owes(customer) == ("107.00", "0.00")
    listed = await desk.see(f"{OPENINGS}?customer_id={customer['id']}&open=true")
    assert [one["number"] for one in listed["items"]] == [new["number"], known["number"]]
    listed = await desk.see(f"{OPENINGS}?number={known['number'].lower()}")
    assert [one["id"] for one in listed["items"]] == [first["id"]]


async def test_the_same_list_at_once_is_taken_over_once(office, desk):
    """E14: of four, one; in whatever order."""
    customer = await desk.customer()
    items = [owed(customer, "1") for _ in range(5)]
    replies = await asyncio.gather(
        *(
            office.erp.post(f"{OPENINGS}/batch", {"items": items[at:] + items[:at]})
            for at in range(4)
        )
    )
    states = [one["status"] for reply in replies for one in reply.json()["items"]]
    assert sorted(states) == ["created"] * 5 + ["unchanged"] * 15
    assert await office.owes(customer) == ("5.00", "0.00")


async def test_it_counts_for_the_credit_limit_and_is_dated(office, desk):
    """E14, E24: on the day the books were opened, and for what may be ordered now."""
    customer = await desk.customer(credit_limit=money("100"))
    yesterday = str(office.today - timedelta(days=1))
    [first] = (await opened(office, owed(customer), effective_on=yesterday))["items"]
    assert (await desk.see(f"{OPENINGS}/{first['id']}"))["effective_on"] == yesterday
    assert await office.owes(customer) == ("100.00", "0.00")
    item = await desk.item(kind="service")
    line = {"item_id": item["id"], "quantity": "1", "unit_price": money("1")}
    order = await desk.add("/v1/sales-orders", customer_id=customer["id"], lines=[line])
    assert order["state"] == "on_hold"


async def test_a_bad_debt_of_before_is_written_off_without_its_tax(office, desk, problem):
    """E14: its tax is not known here, and that is said."""
    customer = await desk.customer()
    [first] = (await opened(office, owed(customer)))["items"]
    debt = {"document_id": first["id"], "reason": "Gone"}
    path = "/v1/receivables/write-offs"
    refused = problem(
        await office.erp.post(path, debt | {"reclaim_tax": True}), 409, "no_tax_known"
    )
    assert refused["facts"]["number"].startswith("OLD-")
    lost = await office.does(path, **debt)
    assert await office.entries(lost) == ["Dr bad_debt 100.00", "Cr receivable 100.00"]
    assert await office.owes(customer) == ("0.00", "0.00")
    assert (await desk.see(f"{OPENINGS}/{first['id']}"))["written_off"] == "100.00"
    await office.does(f"{path}/{lost['id']}/reverse")
    await office.books(customer, "100")
    view = await desk.see(f"{OPENINGS}/{first['id']}")
    assert (view["written_off"], view["open_amount"]) == ("0.00", "0.00")


async def test_bad_input_changes_nothing_and_names_every_item(office, desk, problem):
    """E6: nor does a closed period."""
    customer, nobody = await desk.customer(), {"id": str(uuid4())}
    right = owed(customer)
    wrong = [
        owed(nobody),
        owed(customer, issued_on=str(office.today + timedelta(days=1)), due_on="2999-01-01"),
        right | {"number": right["number"].lower()},
    ]
    body = {"items": [right, *wrong]}
    refusal = problem(await office.erp.post(f"{OPENINGS}/batch", body), 422, "invalid_input")
    assert sorted(one["pointer"] for one in refusal["errors"]) == [
        "/items/0/number",
        "/items/1/customer_id",
        "/items/2/issued_on",
        "/items/3/number",
    ]
    for facts in (
        {"customer_number": customer["number"]},
        {"due_on": "2014-11-02"},
        {"amount": money("0")},
        {"number": "  "},
    ):
        body = {"items": [right | facts]}
        problem(await office.erp.post(f"{OPENINGS}/batch", body), 422, "invalid_input")
    dollars = right | {"amount": {"amount": "1", "currency": "USD"}}
    body = {"items": [dollars]}
    problem(await office.erp.post(f"{OPENINGS}/batch", body), 422, "currency_not_supported")
    body = {"items": [right]}
    async with office.closed(str(office.today)):
        problem(await office.erp.post(f"{OPENINGS}/batch", body), 409, "period_closed")
    problem(await desk.client.get(f"{OPENINGS}/{customer['id']}"), 404, "not_found")
    assert await office.owes(customer) == ("0.00", "0.00")
    clerk = await desk.erp.as_("receivables.read")
    headers = {"Idempotency-Key": str(uuid4())}
    reply = await clerk.post(f"{OPENINGS}/batch", json=body, headers=headers)
    problem(reply, 403, "forbidden")


async def test_the_database_keeps_it_as_it_was_taken_over(office, desk):
    """E1: by whatever path."""
    [first] = (await opened(office, owed(await desk.customer())))["items"]
    async with desk.erp.database.driver() as sql:
        for statement in (
            "update opening_receivable set amount = 1 where id = $1",
            "delete from opening_receivable where id = $1",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await sql.execute(statement, UUID(first["id"]))
    sql = await asyncpg.connect(desk.erp.owner_url)
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute("update opening_receivable set amount = 1")
    finally:
        await sql.close()


async def test_what_a_customer_had_paid_ahead_is_taken_over_and_used(office, desk, problem):
    """E14, E24: Dr opening equity, Cr receivable; it pays invoices, and is refunded."""
    customer = await desk.customer()
    credit = owed(customer, "30", kind="credit", due_on=None)
    debt = owed(customer, "20")
    first, second = (await opened(office, credit, debt))["items"]
    posted = sorted(await office.entries(first))
    assert posted == ["Cr receivable 30.00", "Dr equity_opening 30.00"]
    assert await office.owes(customer) == ("20.00", "30.00")
    [again] = (await opened(office, credit))["items"]
    assert again == first | {"status": "unchanged"}
    other = {"items": [credit | {"kind": "debt", "due_on": credit["issued_on"]}]}
    problem(await office.erp.post(f"{OPENINGS}/batch", other), 409, "opening_differs")
    for facts in ({"due_on": "2014-12-03"}, {"kind": "debt"}):
        body = {"items": [owed(customer, "1", kind="credit", due_on=None) | facts]}
        problem(await office.erp.post(f"{OPENINGS}/batch", body), 422, "invalid_input")
    path = f"{OPENINGS}?customer_id={customer['id']}"
    [view] = (await desk.see(f"{path}&kind=credit&open=true"))["items"]
    assert (view["open_amount"], view["kind"], view["due_on"]) == ("30.00", "credit", "2014-11-03")
    [event] = await desk.events_of(first["id"])
    assert (event["payload"]["kind"], event["payload"]["open_amount"]) == ("credit", "30.00")
    await office.does(f"/v1/payments/{view['payment_id']}/allocate")
    assert await office.owes(customer) == ("0.00", "10.00")
    assert (await desk.see(f"{OPENINGS}/{second['id']}"))["open_amount"] == "0.00"
    await office.does(f"/v1/payments/{view['payment_id']}/refund")
    assert (await desk.see(f"{OPENINGS}/{first['id']}"))["open_amount"] == "0.00"
    assert (await desk.see(f"{path}&open=true"))["items"] == []
    debt = {"document_id": first["id"], "reason": "Gone"}
    problem(await office.erp.post("/v1/receivables/write-offs", debt), 404, "not_found")


async def test_what_an_archived_customer_owes_is_taken_over(office, desk):
    """An old debt of a firm one sells nothing to any more, as to a supplier."""
    customer = await desk.customer()
    headers = {"If-Match": f'"{customer["version"]}"', "Idempotency-Key": str(uuid4())}
    path = f"/v1/customers/{customer['id']}/archive"
    assert (await office.erp.client.post(path, headers=headers)).is_success
    one = owed(customer)
    assert (await opened(office, one))["items"][0]["status"] == "created"
    amount = f"{float(one['amount']['amount']):.2f}"
    assert await office.owes(customer) == (amount, "0.00")
    await office.books(customer, amount)
    assert await office.owes(customer) == ("0.00", "0.00")
