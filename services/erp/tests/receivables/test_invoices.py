"""Invoices: exact, posted, numbered without a gap, and never changed."""

import asyncio
from decimal import Decimal
from uuid import UUID, uuid4

import asyncpg
import pytest

from erp.ledger.schemas import NewYear
from erp.ledger.service.years import open_year
from erp.receivables.service.building import IssueCharge, IssueInvoice, IssueLine
from erp.receivables.service.issuing import issue

pytestmark = pytest.mark.business_day


@pytest.fixture
async def taxes(office, desk):
    """Codes of 13 % and 15 %."""
    codes = {}
    for rate in ("0.13", "0.15"):
        code = desk.word("T")
        await office.does("/v1/tax-codes", code=code, name=f"Tax {rate}", rate=rate)
        codes[rate] = code
    return codes


async def issued_view(office, customer, *, on, order_id=None, lines=(), charges=(), fails=False):
    """Issue by the act that fulfilment uses; the invoice's id."""
    async with office.erp.database.transaction() as work:
        command = IssueInvoice(
            customer_id=UUID(customer["id"]),
            order_id=order_id,
            effective_on=on or work.today(),
            payment_terms_days=30,
            lines=lines or [service("10")],
            charges=charges,
        )
        invoice = await issue(work, command)
        if fails:
            raise ZeroDivisionError
    return str(invoice.id)


def service(price, quantity="1", *, order_line_id=None, net=None):
    return IssueLine(
        order_line_id=order_line_id,
        item_id=None,
        description="Advice",
        quantity=Decimal(quantity),
        unit_price=Decimal(price),
        net=None if net is None else Decimal(net),
    )


async def test_an_invoice_is_posted_and_opens_what_is_owed(office, desk):
    """E2, E4, E14: Dr receivable, Cr sales and freight; due by the terms."""
    customer = await desk.customer()
    freight = [IssueCharge("freight", Decimal("4.50"))]
    invoice_id = await issued_view(
        office, customer, on=None, lines=[service("9.99", "3")], charges=freight
    )
    invoice = await desk.see(f"/v1/invoices/{invoice_id}")
    assert (invoice["net"], invoice["tax"], invoice["gross"]) == ("34.47", "0.00", "34.47")
    assert [(one["role"], one["net"]) for one in invoice["lines"]] == [
        ("sales", "29.97"),
        ("freight_income", "4.50"),
    ]
    assert await office.entries(invoice) == [
        "Dr receivable 34.47",
        "Cr sales 29.97",
        "Cr freight_income 4.50",
    ]
    [item] = (await desk.see(f"/v1/open-items?source_id={invoice_id}"))["items"]
    assert (item["document_number"], item["open_amount"]) == (invoice["number"], "34.47")
    assert item["due_on"] == invoice["due_on"] > invoice["effective_on"]
    assert await office.owes(customer) == ("34.47", "0.00")


async def test_tax_is_rounded_once_for_each_rate(office, desk, taxes):
    """E19: of the document, not of its lines; net and tax are the gross, as in the ledger."""
    customer = await desk.customer()
    line = ("0.50", "1", "0", taxes["0.13"])
    invoice = await office.invoices(
        customer, line, line, line, ("1091.50", "1", "0", taxes["0.15"])
    )
    answer = {one["tax_code"]: (one["base"], one["tax"]) for one in invoice["taxes"]}
    # By line the first would be 3 x 0.07 = 0.21, and the second 163.72 where a half is cut.
    assert answer == {taxes["0.13"]: ("1.50", "0.20"), taxes["0.15"]: ("1091.50", "163.73")}
    assert (invoice["net"], invoice["tax"], invoice["gross"]) == ("1093.00", "163.93", "1256.93")
    assert await office.entries(invoice) == [
        "Dr receivable 1256.93",
        "Cr sales 1093.00",
        "Cr tax_output 163.93",
    ]


async def test_a_line_is_rounded_half_up_and_the_document_is_their_sum(office, desk):
    """C26: 3 x 0.335 less 10 % = 0.9045; each line by itself."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("0.335", "3", "0.1"), ("0.335", "1", "0"))
    assert [one["net"] for one in invoice["lines"]] == ["0.90", "0.34"]
    assert invoice["net"] == "1.24"


async def test_a_free_invoice_is_paid_at_once(office, desk):
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("10", "1", "1"))
    assert (invoice["gross"], invoice["state"], invoice["open_amount"]) == ("0.00", "paid", "0.00")
    assert await office.entries(invoice) == []
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_parallel_invoices_are_numbered_without_a_gap(office, desk):
    """E12, V9: 200 at once, every fifth rolled back; contiguous, and in the order of days."""
    async with office.erp.database.transaction() as work:
        name = desk.word("Y")
        start = work.today().replace(year=1980, month=1, day=1)
        year = NewYear(name=name, starts_on=start, ends_on=start.replace(month=12, day=31))
        await open_year(work, year)
    customers = [await desk.customer() for _ in range(5)]

    async def one(number):
        try:
            await issued_view(office, customers[number % 5], on=start, fails=number % 5 == 0)
        except ZeroDivisionError:
            return

    await asyncio.gather(*(one(number) for number in range(200)))
    async with office.erp.database.driver() as sql:
        rows = await sql.fetch(
            "select number from invoice_number where series = $1 order by 1", f"INV-{name}"
        )
    assert [row["number"] for row in rows] == list(range(1, 161))


async def test_numbers_follow_the_days(office, desk, problem):
    """E12: an earlier day after a later one is refused, and no number is lost by it."""
    customer = await desk.customer()
    for day in ("2013-10-05", "2013-10-05"):
        last = await office.invoices(customer, "10", effective_on=day)
    body = {
        "customer_id": customer["id"],
        "effective_on": "2013-10-04",
        "lines": [{"description": "Late", "unit_price": {"amount": "10", "currency": "CNY"}}],
    }
    late = problem(await office.erp.post("/v1/invoices", body), 409, "invoice_date_order")
    assert late["facts"]["effective_on"] == "2013-10-04"
    assert await office.owes(customer) == ("20.00", "0.00")
    after = await office.invoices(customer, "10", effective_on="2013-10-06")
    assert int(after["number"][-6:]) == int(last["number"][-6:]) + 1
    assert after["number"].startswith("INV-2013-")


async def test_an_invoice_written_by_any_path_has_its_number_at_commit(office, desk):
    """E12: the database numbers what the act did not."""
    customer = await desk.customer()
    made = await office.invoices(customer, "10")
    invoice_id = uuid4()
    async with office.erp.database.driver() as sql:
        await sql.execute(
            """with line as (insert into invoice_line select gen_random_uuid(), $1, position, role,
                 order_line_id, item_id, description, quantity, unit_price, discount, net,
                 tax_code, 0, 0 from invoice_line where invoice_id = $2),
               owed as (insert into open_item (id, created_at, side, party_id, source_type,
                 source_id, document_number, effective_on, due_on, amount, open_amount, credited)
                 select gen_random_uuid(), now(), side, party_id, source_type, $1, '',
                   effective_on, due_on, amount, open_amount, credited
                   from open_item where source_id = $2),
               posted as (insert into journal_entry (id, effective_on, recorded_at, period_id,
                 source_type, source_id, memo, actor)
                 select gen_random_uuid(), effective_on, now(), period_id, source_type, $1, memo,
                   actor from journal_entry where source_id = $2 returning id),
               sums as (insert into journal_line (id, entry_id, position, account_id, debit,
                 credit, party_id)
                 select gen_random_uuid(), p.id, l.position, l.account_id, l.debit, l.credit,
                   l.party_id
                   from posted p, journal_entry e join journal_line l on l.entry_id = e.id
                   where e.source_id = $2)
               insert into invoice select $1, version, created_at, updated_at, kind, state,
                 customer_id, order_id, credits_id, effective_on, due_on, currency, net, tax,
                 gross, open_amount, credited, reason from invoice where id = $2""",
            invoice_id,
            made["id"],
        )
        number = await sql.fetchval(
            "select number from invoice_number where invoice_id = $1", invoice_id
        )
    assert number > int(made["number"][-6:])


@pytest.mark.parametrize(
    "statement",
    [
        "update invoice set gross = gross",
        "update invoice_line set net = net",
        "update invoice_tax set tax = tax",
        "update invoice_number set number = number + 1",
        "update tax_code set rate = 0.5",
        "delete from invoice_number",
        "delete from invoice_line",
        "truncate invoice cascade",
    ],
)
@pytest.mark.parametrize("role", ["runtime_url", "owner_url"])
async def test_what_an_invoice_asks_for_is_never_changed(office, desk, statement, role):
    """E12: numbers stay visible; nothing of the document changes, whoever asks."""
    await office.invoices(await desk.customer(), "10")
    sql = await asyncpg.connect(getattr(office.erp, role))
    try:
        with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
            await sql.execute(statement)
    finally:
        await sql.close()


async def test_a_closed_period_takes_no_invoice_and_no_credit_note(office, desk, problem):
    """E6: refused, nothing changed; the credit goes to an open period."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, "10", effective_on="2012-05-10")
    async with office.closed("2012-05-20"):
        body = {
            "customer_id": customer["id"],
            "effective_on": "2012-05-20",
            "lines": [{"description": "x", "unit_price": {"amount": "1", "currency": "CNY"}}],
        }
        problem(await office.erp.post("/v1/invoices", body), 409, "period_closed")
        path = f"/v1/invoices/{invoice['id']}/credit"
        refused = await office.erp.post(path, {"effective_on": "2012-05-20"})
        problem(refused, 409, "period_closed")
        assert await office.owes(customer) == ("10.00", "0.00")
        note = await office.credits(invoice, effective_on="2012-06-01")
    assert note["effective_on"] == "2012-06-01"
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_an_invoice_is_published_with_its_number_and_how_it_is_settled(office, desk):
    customer = await desk.customer()
    invoice = await office.invoices(customer, "40")
    await office.books(customer, "15")
    await office.credits(invoice, lines=[{"position": 1, "quantity": "0.25"}])
    await office.books(customer, "15")
    events = await desk.events_of(invoice["id"])
    assert [one["aggregate_version"] for one in events] == [1, 2, 3, 4]
    assert {one["topic"] for one in events} == {"erp.invoice.v1"}
    view = [
        (one["payload"]["state"], one["payload"]["open_amount"], one["payload"]["credited"])
        for one in events
    ]
    assert view == [
        ("issued", "40.00", "0.00"),
        ("partly_paid", "25.00", "0.00"),
        ("partly_paid", "15.00", "10.00"),
        ("paid", "0.00", "10.00"),
    ]
    assert {one["payload"]["number"] for one in events} == {invoice["number"]}


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"customer_id": str(uuid4())}, (422, "missing_reference")),
        ({"tax_code": "NOWHERE"}, (422, "missing_reference")),
        ({"unit_price": {"amount": "1", "currency": "USD"}}, (422, "currency_not_supported")),
        ({"quantity": "0"}, (422, "invalid_input")),
        ({"quantity": "-1"}, (422, "invalid_input")),
        ({"discount": "1.01"}, (422, "invalid_input")),
        ({"lines": []}, (422, "invalid_input")),
        ({"effective_on": "1900-01-01"}, (422, "no_period")),
    ],
)
async def test_a_wrong_invoice_is_refused(office, desk, problem, facts, refusal):
    customer = await desk.customer()
    before = await desk.count("invoice", "true")
    of_line = {"tax_code", "unit_price", "quantity", "discount"}
    line = {"description": "x", "unit_price": {"amount": "1", "currency": "CNY"}}
    line |= {name: value for name, value in facts.items() if name in of_line}
    body = {"customer_id": customer["id"], "lines": [line]}
    body |= {name: value for name, value in facts.items() if name not in of_line}
    problem(await office.erp.post("/v1/invoices", body), *refusal)
    assert await desk.count("invoice", "true") == before


async def test_an_invoice_beyond_what_can_be_booked_is_refused(office, desk, problem):
    """E3: each line could be booked, both of them could not."""
    customer = await desk.customer()
    line = {"description": "x", "unit_price": {"amount": "99999999999999", "currency": "CNY"}}
    body = {"customer_id": customer["id"], "lines": [line, line]}
    refusal = problem(await office.erp.post("/v1/invoices", body), 422, "invalid_input")
    assert refusal["errors"][0]["code"] == "too_large"
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_a_tax_code_is_added_once(office, desk, problem):
    code = desk.word("T")
    await office.does("/v1/tax-codes", code=code, name="Some tax", rate="0.06")
    again = await office.erp.post("/v1/tax-codes", {"code": code, "name": "Other", "rate": "0.07"})
    problem(again, 409, "duplicate_tax_code")
    listed = (await desk.see("/v1/tax-codes"))["items"]
    rates = {one["code"]: one["rate"] for one in listed}
    assert (rates["Z0"], rates[code]) == ("0", "0.06")


async def test_invoices_are_listed_by_what_is_wanted(office, desk):
    customer = await desk.customer()
    first, second = [await office.invoices(customer, "10") for _ in range(2)]
    note = await office.credits(second)
    path = f"/v1/invoices?customer_id={customer['id']}"
    listed = [one["id"] for one in (await desk.see(path))["items"]]
    assert listed == [note["id"], second["id"], first["id"]]
    for question, found in (
        ("&kind=credit_note", note),
        (f"&credits_id={second['id']}", note),
        ("&state=credited", second),
        (f"&number={note['number']}", note),
        (f"&number={first['number']}", first),
    ):
        [one] = (await desk.see(path + question))["items"]
        assert one["id"] == found["id"], question
    for nobodys in ("INV", "INV-0", "0", f"{first['number']}0", "9" * 64):
        assert (await desk.see(f"/v1/invoices?number={nobodys}"))["items"] == []


async def test_who_may_do_what(office, desk, problem):
    stranger = await office.erp.as_("parties.read")
    assert (await stranger.get("/v1/invoices")).status_code == 403
    assert (await stranger.get("/v1/tax-codes")).status_code == 403
    reader = await office.erp.as_("receivables.read")
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"code": "X", "name": "X", "rate": "0"}
    refused = await reader.post("/v1/tax-codes", json=body, headers=headers)
    assert problem(refused, 403, "forbidden")["facts"] == {"scope": "receivables.write"}
    problem(await office.erp.client.get(f"/v1/invoices/{uuid4()}"), 404, "not_found")
