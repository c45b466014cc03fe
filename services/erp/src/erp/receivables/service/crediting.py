"""Crediting invoices: the opposite posting, off what is open; the rest is the customer's credit."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.http.problems import FieldError, InvalidInput, MissingReference, NotFound
from chassis.ids import uuid7
from chassis.work.unit_of_work import Work
from erp.days import business_day_of
from erp.receivables import queries
from erp.receivables.errors import NothingToCredit
from erp.receivables.events import CreditedLine, CreditingOrder, InvoiceCredited
from erp.receivables.models import Invoice, InvoiceLine, InvoiceTax
from erp.receivables.queries import Document
from erp.receivables.schemas import CreditInvoice, Issued
from erp.receivables.service.building import (
    ZERO,
    number_at_last,
    post,
    store,
    tell_settled,
    totals,
)
from erp.receivables.service.issuing import issued
from erp.settlement import service as settlement
from erp.stock import service as stock
from values.money import digits_of

__all__ = ["credit_by_hand", "credit_order"]


class Note(NamedTuple):
    """When and why something is credited."""

    effective_on: date
    reason: str


async def credit_by_hand(work: Work, invoice_id: UUID, command: CreditInvoice) -> Issued:
    """Credit lines of an invoice, or all that is left of it.

    Raises NotFound, MissingReference (line), InvalidInput (before the invoice), OverCredited,
    NothingToCredit, and as an invoice.
    """
    note = Note(business_day_of(work, command.effective_on), command.reason)
    order_id = await queries.order_of(work.sql, invoice_id)
    if order_id:
        await work.record(CreditingOrder(order_id=order_id))
    await settlement.hold_documents(work, [invoice_id])
    found = await queries.documents_to_credit(work, [invoice_id])
    if not found:
        raise NotFound(entity="invoice", id=invoice_id)
    if note.effective_on < found[0].head.effective_on:
        wrong = FieldError(
            "/effective_on", "before_invoice", "It was not invoiced yet on this day."
        )
        raise InvalidInput(errors=[wrong])
    wanted = _wanted(found[0], command)
    counted = [
        (line.item_id, wanted[line.id])
        for line in found[0].lines
        if line.item_id and line.id in wanted
    ]
    await stock.require_countable(work.sql, counted)
    made = await _credit(work, found[0], wanted, note)
    if order_id:
        await work.record(_credited(found[0], wanted, made, order_id, again=command.invoice_again))
    number_at_last(work, made)
    return issued(made)


def _credited(
    document: Document,
    wanted: Mapping[UUID, Decimal],
    note: Invoice,
    order_id: UUID,
    *,
    again: bool,
) -> InvoiceCredited:
    """What the order is told of the credit."""
    lines = [line for line in document.lines if wanted.get(line.id)]
    return InvoiceCredited(
        order_id=order_id,
        lines=[
            CreditedLine(order_line_id=line.order_line_id, quantity=wanted[line.id])
            for line in lines
            if line.order_line_id
        ],
        charges=[line.net for line in lines if not line.order_line_id and not line.left],
        net=note.net,
        invoice_again=again,
    )


def _wanted(document: Document, command: CreditInvoice) -> dict[UUID, Decimal]:
    """How much of each line is credited."""
    if command.lines is None:
        return {line.id: line.left for line in document.lines if line.left}
    lines, wanted = {line.position: line for line in document.lines}, dict[UUID, Decimal]()
    for asked in command.lines:
        line = lines.get(asked.position)
        if line is None:
            raise MissingReference(entity="invoice line", reference=asked.position)
        wanted[line.id] = wanted.get(line.id, ZERO) + asked.quantity
    return wanted


async def credit_order(
    work: Work,
    order_id: UUID,
    quantities: Mapping[UUID, Decimal],
    *,
    effective_on: date,
    reason: str = "",
) -> list[Invoice]:
    """Credit so much of order lines, of the newest invoice first; the credit notes.

    What was not invoiced, or is credited already, is left out. What came back before it was
    invoiced is credited on the day of the invoice. Raises NoPeriod, PeriodClosed.
    """
    invoice_ids = await queries.documents_of_order(work.sql, order_id)
    await settlement.hold_documents(work, invoice_ids)
    left, notes = dict(quantities), []
    for document in await queries.documents_to_credit(work, invoice_ids):
        wanted = _taken(document, left)
        if wanted:
            day = max(effective_on, document.head.effective_on)
            notes.append(await _credit(work, document, wanted, Note(day, reason)))
    for made in notes:  # After all that is owed, also where the first note is of nothing.
        number_at_last(work, made)
    return notes


def _taken(document: Document, left: dict[UUID, Decimal]) -> dict[UUID, Decimal]:
    """What of the order lines this invoice has left to credit; taken off what is wanted."""
    wanted = {}
    for line in document.lines:
        asked = left.get(line.order_line_id, ZERO) if line.order_line_id else ZERO
        part = min(asked, line.left)
        if part > 0 and line.order_line_id:
            wanted[line.id] = part
            left[line.order_line_id] -= part
    return wanted


async def _credit(
    work: Work, document: Document, wanted: Mapping[UUID, Decimal], note: Note
) -> Invoice:
    """Make, post and settle the credit note of one held invoice; the caller numbers it.

    Raises NothingToCredit, DebtWrittenOff.
    """
    if not wanted:
        raise NothingToCredit
    made = _credit_note(work, document, wanted, note)
    document.must_be_owed(made.head.gross)
    await store(work, made)
    await queries.save_credited(work, document, made.head.gross)
    await post(work, made, memo=note.reason or "Credit note")
    if made.head.gross:
        await _settle(work, made.head)
    return made.head


async def _settle(work: Work, head: Invoice) -> None:
    """Off what is open of the invoice; it tells it, also when nothing was open."""
    invoice_id = head.credits_id or head.id
    settled = await settlement.give_credit(
        work,
        settlement.NewCredit(
            party_id=head.customer_id,
            source_id=head.id,
            document_id=invoice_id,
            amount=head.gross,
            effective_on=head.effective_on,
            reference=head.reason,
        ),
    )
    if not settled:
        await tell_settled(work, [invoice_id])


def _credit_note(
    work: Work, document: Document, wanted: Mapping[UUID, Decimal], note: Note
) -> Document:
    """The credit note; what it takes back is counted on the invoice."""
    decimals = digits_of(work.setting.currency)
    head = Invoice(
        id=uuid7(),
        version=1,
        kind="credit_note",
        state="issued",
        customer_id=document.head.customer_id,
        order_id=document.head.order_id,
        credits_id=document.head.id,
        effective_on=note.effective_on,
        due_on=note.effective_on,
        currency=document.head.currency,
        open_amount=ZERO,
        credited=ZERO,
        reason=note.reason,
    )
    lines = [
        _credit_line(line, head.id, wanted[line.id], decimals=decimals)
        for line in document.lines
        if line.id in wanted
    ]
    for position, line in enumerate(lines, 1):
        line.position = position
    taxes = _credit_taxes(document, head.id, lines, decimals=decimals)
    return Document(totals(head, lines, taxes), lines, taxes)


def _credit_line(
    line: InvoiceLine, note_id: UUID, quantity: Decimal, *, decimals: int
) -> InvoiceLine:
    return InvoiceLine(
        id=uuid7(),
        invoice_id=note_id,
        role=line.role,
        order_line_id=line.order_line_id,
        item_id=line.item_id,
        description=line.description,
        quantity=quantity,
        unit_price=line.unit_price,
        discount=line.discount,
        net=line.credit(quantity, decimals=decimals),
        tax_code=line.tax_code,
        credited_quantity=ZERO,
        credited_net=ZERO,
    )


def _credit_taxes(
    document: Document, note_id: UUID, lines: list[InvoiceLine], *, decimals: int
) -> list[InvoiceTax]:
    taxes = []
    for one in document.taxes:
        base = sum((line.net for line in lines if line.tax_code == one.tax_code), ZERO)
        tax = one.credit(base, decimals=decimals)
        if base or tax:
            taxes.append(
                InvoiceTax(
                    invoice_id=note_id, tax_code=one.tax_code, rate=one.rate, base=base, tax=tax
                )
            )
    return taxes
