"""Credit notes: at most what was invoiced, to the last digit; off what is open, or kept."""

import asyncio
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from erp.ledger.service.years import ensure_year
from erp.receivables.service.building import IssueInvoice, IssueLine
from erp.receivables.service.crediting import credit_order
from erp.receivables.service.issuing import issue
from erp.settlement.service.items import owed_by, paid_by_order


async def test_a_credit_note_reduces_what_is_open(office, desk):
    """E14: the opposite posting, numbered in its own series."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("10", "3"), "5")
    note = await office.credits(invoice, reason="Broken", lines=[{"position": 1, "quantity": "2"}])
    assert (note["kind"], note["gross"], note["credits_id"]) == (
        "credit_note",
        "20.00",
        invoice["id"],
    )
    assert note["number"].startswith("CN-")
    assert await office.entries(note) == ["Cr receivable 20.00", "Dr sales 20.00"]
    view = await desk.see(f"/v1/invoices/{invoice['id']}")
    assert (view["open_amount"], view["credited"], view["state"]) == ("15.00", "20.00", "issued")
    assert [one["credited_quantity"] for one in view["lines"]] == ["2", "0"]
    assert await office.owes(customer) == ("15.00", "0.00")


async def test_what_was_paid_already_stays_the_customers_credit(office, desk):
    """E14: a credit that is not used, and settles the next invoice."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("10", "4"))
    await office.books(customer, "25")
    note = await office.credits(invoice)
    assert await office.owes(customer) == ("0.00", "25.00")
    view = await desk.see(f"/v1/invoices/{invoice['id']}")
    assert (view["state"], view["credited"]) == ("credited", "40.00")
    following = await office.invoices(customer, "30")
    path = f"/v1/payments?party_id={customer['id']}&kind=credit_note"
    [credit] = (await desk.see(path))["items"]
    assert (credit["source_id"], credit["unallocated"]) == (note["id"], "25.00")
    await office.does(f"/v1/payments/{credit['id']}/allocate")
    assert await office.owes(customer) == ("5.00", "0.00")
    assert (await desk.see(f"/v1/invoices/{following['id']}"))["open_amount"] == "5.00"


async def test_a_paid_invoice_that_is_credited_is_published(office, desk):
    """Also when nothing of it was open any more."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("10", "2"))
    await office.books(customer, "20")
    await office.credits(invoice, lines=[{"position": 1, "quantity": "1"}])
    events = await desk.events_of(invoice["id"])
    assert [one["payload"]["credited"] for one in events] == ["0.00", "0.00", "10.00"]
    assert events[-1]["payload"]["state"] == "paid"


async def test_an_invoice_whose_credit_is_used_elsewhere_is_open_again(office, desk):
    """E14, E15: the note is taken back from it and settles another one; then it is not credited."""
    customer = await desk.customer()
    first, second = [await office.invoices(customer, "30") for _ in range(2)]
    await office.credits(first)
    assert (await desk.see(f"/v1/invoices/{first['id']}"))["state"] == "credited"
    [note] = (await desk.see(f"/v1/payments?party_id={customer['id']}"))["items"]
    path = f"/v1/payments/{note['id']}"
    await office.does(f"{path}/release", document_id=first["id"])
    await office.does(f"{path}/allocate", allocations=[{"document_id": second["id"]}])
    states = [(await desk.see(f"/v1/invoices/{one['id']}"))["state"] for one in (first, second)]
    assert states == ["issued", "paid"]
    assert await office.owes(customer) == ("30.00", "0.00")
    await office.books(customer, "30")
    assert (await desk.see(f"/v1/invoices/{first['id']}"))["state"] == "credited"


async def test_parts_come_to_the_whole(office, desk):
    """E14, E19: 3 x 3.33 less a part at 13 % is credited piece by piece, nothing is left over."""
    code = desk.word("T")
    await office.does("/v1/tax-codes", code=code, name="Tax", rate="0.13")
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("3.335", "3", "0.05", code))
    notes = [
        await office.credits(invoice, lines=[{"position": 1, "quantity": "1"}]) for _ in range(3)
    ]
    for column in ("net", "tax", "gross"):
        assert sum(Decimal(one[column]) for one in notes) == Decimal(invoice[column])
    assert await office.owes(customer) == ("0.00", "0.00")
    assert (await desk.see(f"/v1/invoices/{invoice['id']}"))["state"] == "credited"


async def test_nothing_is_credited_before_it_was_invoiced(office, desk, problem):
    """E14: on no day is there a credit without what it credits."""
    customer = await desk.customer()
    async with office.erp.database.transaction() as work:
        await ensure_year(work, date(2009, 6, 1))
    invoice = await office.invoices(customer, "10", effective_on="2009-06-02")
    path = f"/v1/invoices/{invoice['id']}/credit"
    early = problem(
        await office.erp.post(path, {"effective_on": "2009-06-01"}), 422, "invalid_input"
    )
    assert early["errors"][0]["code"] == "before_invoice"
    assert await office.owes(customer) == ("10.00", "0.00")


async def test_no_more_is_credited_than_was_invoiced(office, desk, problem):
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("10", "3"))
    path = f"/v1/invoices/{invoice['id']}/credit"
    line = {"position": 1, "quantity": "2"}
    over = await office.erp.post(path, {"lines": [line, line]})
    assert problem(over, 409, "over_credited")["facts"]["left"] == "3"
    wrong = await office.erp.post(path, {"lines": [{"position": 9, "quantity": "1"}]})
    problem(wrong, 422, "missing_reference")
    assert await office.owes(customer) == ("30.00", "0.00")
    note = await office.credits(invoice)
    problem(await office.erp.post(path, {}), 409, "nothing_to_credit")
    itself = await office.erp.post(f"/v1/invoices/{note['id']}/credit", {})
    problem(itself, 404, "not_found")


async def test_parallel_credits_and_payments_agree(office, desk):
    """E15: whatever comes first, no more is credited than invoiced, and the books agree."""
    customer = await desk.customer()
    invoice = await office.invoices(customer, ("10", "4"))
    path, body = (
        f"/v1/invoices/{invoice['id']}/credit",
        {"lines": [{"position": 1, "quantity": "1"}]},
    )
    payment = {"party_id": customer["id"], "amount": {"amount": "10", "currency": "CNY"}}
    replies = await asyncio.gather(
        *(office.erp.post(path, body) for _ in range(6)),
        *(office.erp.post("/v1/payments", payment) for _ in range(4)),
    )
    assert sorted(reply.status_code for reply in replies) == [201] * 8 + [409] * 2
    open_amount, unused = await office.owes(customer)
    assert Decimal(open_amount) - Decimal(unused) == -40
    assert (await desk.see(f"/v1/invoices/{invoice['id']}"))["credited"] == "40.00"


@pytest.fixture
def orders(office, desk):
    """Invoices order lines by the act that fulfilment uses."""

    class Orders:
        order_id = uuid4()
        line_id = uuid4()

        async def invoiced(self, customer, quantity, net):
            line = IssueLine(
                self.line_id, None, "Bolt", Decimal(quantity), Decimal("3.335"), net=Decimal(net)
            )
            async with office.erp.database.transaction() as work:
                command = IssueInvoice(UUID(customer["id"]), self.order_id, work.today(), 0, [line])
                return str((await issue(work, command)).id)

        async def credited(self, quantity, *, line_id=None):
            async with office.erp.database.transaction() as work:
                return await credit_order(
                    work,
                    self.order_id,
                    {line_id or self.line_id: Decimal(quantity)},
                    effective_on=work.today(),
                )

    return Orders()


async def test_what_comes_back_is_credited_where_it_was_invoiced(office, desk, orders):
    """The newest invoice first; no more than was invoiced; at the net it was invoiced with."""
    customer = await desk.customer()
    first = await orders.invoiced(customer, "2", "6.67")
    second = await orders.invoiced(customer, "3", "10.01")
    notes = await orders.credited("4")
    assert [str(note.credits_id) for note in notes] == [second, first]
    assert [note.gross for note in notes] == [Decimal("10.01"), Decimal("3.34")]
    assert await office.owes(customer) == ("3.33", "0.00")
    [last] = await orders.credited("9")
    assert last.gross == Decimal("3.33")
    assert await orders.credited("1") == []
    assert await orders.credited("1", line_id=uuid4()) == []
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_credits_of_nothing_and_of_something_never_deadlock(office, desk):
    """E12, E15: what the customer owes is locked before the series, whatever comes first."""
    customer = await desk.customer()

    async def issued_view(order_id, line_id, net):
        line = IssueLine(line_id, None, "Bolt", Decimal(1), Decimal(9), net=Decimal(net))
        async with office.erp.database.transaction() as work:
            wanted = IssueInvoice(UUID(customer["id"]), order_id, work.today(), 0, [line])
            return (await issue(work, wanted)).id

    async def returned(order_id, line_id):
        async with office.erp.database.transaction() as work:
            await credit_order(work, order_id, {line_id: Decimal(2)}, effective_on=work.today())

    pairs = [(uuid4(), uuid4()) for _ in range(12)]
    for pair in pairs:
        await issued_view(*pair, "9")
        await issued_view(*pair, "0")
    alone = [await issued_view(uuid4(), uuid4(), "9") for _ in pairs]
    replies = await asyncio.gather(
        *(returned(*pair) for pair in pairs),
        *(office.erp.post(f"/v1/invoices/{one}/credit", {}) for one in alone),
    )
    assert [one.status_code for one in replies if one] == [201] * 12
    assert await office.owes(customer) == ("0.00", "0.00")


async def test_what_is_paid_of_an_order_counts_money_alone(office, desk, orders):

    customer = await desk.customer()
    await orders.invoiced(customer, "4", "40")
    await office.books(customer, "15")
    await orders.credited("1")
    async with office.erp.database.reading() as at:
        paid = await paid_by_order(at.sql, [orders.order_id])
        assert paid == {orders.order_id: Decimal(15)}
        owing, other = UUID(customer["id"]), uuid4()
        assert await owed_by(at.sql, [owing, other]) == {owing: 15, other: 0}
