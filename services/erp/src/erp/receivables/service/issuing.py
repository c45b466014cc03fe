"""Issuing invoices and credit notes: numbered, posted and opened in one act."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from chassis.http.problems import NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from erp.ledger import service as ledger
from erp.money import digits_of
from erp.receivables import queries
from erp.receivables.events import InvoiceIssued
from erp.receivables.models import Invoice, InvoiceLine
from erp.receivables.rules.tax import tax_by_code
from erp.receivables.schemas import InvoiceView
from erp.settlement import service as settlement
from erp.sql import Sql

__all__ = ["IssueCharge", "IssueInvoice", "IssueLine", "credit_order", "issue", "see_invoice"]

ZERO = Decimal(0)
ZERO_RATED = "Z0"
CHARGE_ROLES = {"freight": "freight_income"}


@dataclass(frozen=True, slots=True)
class IssueLine:
    """What is invoiced of an order line; its net was agreed with the order."""

    order_line_id: UUID
    item_id: UUID
    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class IssueCharge:
    """A charge besides the goods."""

    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class IssueInvoice:
    """An invoice to be issued."""

    customer_id: UUID
    order_id: UUID | None
    effective_on: date
    payment_terms_days: int
    lines: Sequence[IssueLine]
    charges: Sequence[IssueCharge] = field(default=())


async def issue(work: Work, command: IssueInvoice) -> Invoice:
    """Issue an invoice: Dr receivable, Cr sales, charges and tax; opens what is owed.

    Raises InvoiceDateOrder, NoPeriod, PeriodClosed.
    """
    lines = _lines(command.lines, command.charges)
    due_on = command.effective_on + timedelta(days=command.payment_terms_days)
    invoice = await _document(work, "invoice", command, lines, due_on=due_on)
    await queries.add_invoice(work, invoice, lines)
    if invoice.gross:
        await settlement.open_item(
            work,
            settlement.NewItem(
                side="receivable",
                party_id=invoice.customer_id,
                source_type="invoice",
                source_id=invoice.id,
                order_id=invoice.order_id,
                number=invoice.shown_number,
                amount=invoice.gross,
                effective_on=invoice.effective_on,
                due_on=invoice.due_on,
            ),
        )
    await ledger.post(work, [_posting(invoice, lines, sign=1)])
    await _tell(work, invoice)
    return invoice


async def credit_order(
    work: Work,
    order_id: UUID,
    customer_id: UUID,
    lines: Sequence[IssueLine],
    *,
    effective_on: date,
) -> Invoice:
    """Credit what came back of an order: the opposite posting, off the open invoice.

    What was paid already stays the customer's credit: a payment that is not allocated.
    """
    made = _lines(lines, ())
    command = IssueInvoice(customer_id, order_id, effective_on, 0, lines)
    credits_id = await queries.last_invoice(work.sql, order_id)
    note = await _document(work, "credit_note", command, made, due_on=effective_on)
    note.credits_id = credits_id
    await queries.add_invoice(work, note, made)
    reduced = await settlement.reduce_item(work, credits_id, note.gross) if credits_id else ZERO
    await settlement.give_credit(
        work,
        customer_id,
        note.gross - reduced,
        effective_on=effective_on,
        reference=note.shown_number,
    )
    await ledger.post(work, [_posting(note, made, sign=-1)])
    await _tell(work, note)
    return note


def _lines(lines: Sequence[IssueLine], charges: Sequence[IssueCharge]) -> list[InvoiceLine]:
    made = [
        InvoiceLine(
            id=uuid7(),
            position=position,
            role="sales",
            order_line_id=line.order_line_id,
            item_id=line.item_id,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount,
            net=line.net,
            tax_code=ZERO_RATED,
        )
        for position, line in enumerate(lines, 1)
    ]
    made += [
        InvoiceLine(
            id=uuid7(),
            position=position,
            role=CHARGE_ROLES[charge.kind],
            description=charge.kind,
            quantity=Decimal(1),
            unit_price=charge.amount,
            discount=ZERO,
            net=charge.amount,
            tax_code=ZERO_RATED,
        )
        for position, charge in enumerate(charges, len(made) + 1)
    ]
    return made


async def _document(
    work: Work, kind: str, command: IssueInvoice, lines: Sequence[InvoiceLine], *, due_on: date
) -> Invoice:
    net = sum((line.net for line in lines), ZERO)
    taxes = tax_by_code(
        [(line.tax_code, line.net) for line in lines],
        await queries.rates(work.sql),
        decimals=digits_of(work.setting.currency),
    )
    tax = sum(taxes.values(), ZERO)
    series = f"{'INV' if kind == 'invoice' else 'CN'}-{command.effective_on.year}"
    return Invoice(
        id=uuid7(),
        version=1,
        created_at=work.now,
        updated_at=work.now,
        series=series,
        number=await queries.next_number(work, series, command.effective_on),
        kind=kind,
        customer_id=command.customer_id,
        order_id=command.order_id,
        credits_id=None,
        effective_on=command.effective_on,
        due_on=due_on,
        currency=work.setting.currency,
        net=net,
        tax=tax,
        gross=net + tax,
    )


def _posting(invoice: Invoice, lines: Sequence[InvoiceLine], *, sign: int) -> ledger.Posting:
    by_role: dict[str, Decimal] = {}
    for line in lines:
        by_role[line.role] = by_role.get(line.role, ZERO) + line.net
    income = tuple(ledger.credit(role, net * sign) for role, net in by_role.items())
    party = invoice.customer_id
    return ledger.Posting(
        id=uuid7(),
        effective_on=invoice.effective_on,
        source_type=invoice.kind,
        source_id=invoice.id,
        memo=invoice.shown_number,
        lines=(
            ledger.debit("receivable", invoice.gross * sign, party_id=party),
            *income,
            ledger.credit("tax_output", invoice.tax * sign),
        ),
    )


async def _tell(work: Work, invoice: Invoice) -> None:
    owes = await settlement.owed_by(work.sql, invoice.customer_id)
    names = InvoiceIssued.model_fields.keys() - {"number", "changed", "customer_owes"}
    await work.record(
        InvoiceIssued(
            **{name: getattr(invoice, name) for name in names},
            number=invoice.shown_number,
            customer_owes=owes,
            changed=sorted(names - {"id", "version"}),
        )
    )


async def see_invoice(sql: Sql, invoice_id: UUID) -> InvoiceView:
    """The invoice as callers see it. Raises NotFound."""
    seen = await queries.invoice_view(sql, invoice_id)
    if seen is None:
        raise NotFound(entity="invoice", id=invoice_id)
    return seen
