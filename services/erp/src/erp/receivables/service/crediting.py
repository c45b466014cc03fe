"""Crediting invoices: the opposite posting, off what is open; the rest is the customer's credit."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.work.company_rules import business_day_of
from chassis.work.unit_of_work import Work
from erp.receivables.errors import NothingToCredit
from erp.receivables.events import CreditedLine, InvoiceCredited, InvoiceCreditStarted
from erp.receivables.models import Invoice, InvoiceLine, InvoiceTax
from erp.receivables.queries import invoices
from erp.receivables.queries.invoices import InvoiceDocument
from erp.receivables.schemas import CreditInvoice, IssuedInvoice
from erp.receivables.service.building import (
    ZERO,
    number_at_commit,
    post,
    publish_settled,
    set_totals,
    store,
)
from erp.receivables.service.issuing import issued_view
from erp.receivables.states import InvoiceKind, InvoiceState
from erp.settlement.service.items import lock_documents
from erp.settlement.service.payments import NewCredit, apply_credit
from erp.stock.service.booking import check_quantities
from values.money import digits_of

__all__ = ["credit_invoice", "credit_order"]


class CreditNoteHeader(NamedTuple):
    """When and why something is credited."""

    effective_on: date
    reason: str


async def credit_invoice(work: Work, invoice_id: UUID, command: CreditInvoice) -> IssuedInvoice:
    """Credit lines of an invoice, or all that is left of it.

    Raises NotFound, MissingReference (line), InvalidInput (before the invoice), OverCredited,
    NothingToCredit, and as an invoice.
    """
    note = CreditNoteHeader(business_day_of(work, command.effective_on), command.reason)
    order_id = await invoices.order_of_invoice(work.sql, invoice_id)
    if order_id:
        await work.record(InvoiceCreditStarted(order_id=order_id))
    await lock_documents(work, [invoice_id])
    found = await invoices.documents_to_credit(work, [invoice_id])
    if not found:
        raise NotFound(entity="invoice", id=invoice_id)
    if note.effective_on < found[0].head.effective_on:
        wrong = FieldError(
            "/effective_on", "before_invoice", "It was not invoiced yet on this day."
        )
        raise InvalidInput(errors=[wrong])
    quantities = _quantities(found[0], command)
    counted = [
        (line.item_id, quantities[line.id])
        for line in found[0].lines
        if line.item_id and line.id in quantities
    ]
    await check_quantities(work.sql, counted)
    credit_note = await _credit(work, found[0], quantities, note)
    if order_id:
        await work.record(
            _credited(found[0], quantities, credit_note, order_id, again=command.invoice_again)
        )
    number_at_commit(work, credit_note)
    return issued_view(credit_note)


def _credited(
    document: InvoiceDocument,
    quantities: Mapping[UUID, Decimal],
    note: Invoice,
    order_id: UUID,
    *,
    again: bool,
) -> InvoiceCredited:
    """What the order has to know of the credit."""
    lines = [line for line in document.lines if quantities.get(line.id)]
    return InvoiceCredited(
        order_id=order_id,
        lines=[
            CreditedLine(order_line_id=line.order_line_id, quantity=quantities[line.id])
            for line in lines
            if line.order_line_id
        ],
        charges=[line.net for line in lines if not line.order_line_id and not line.left],
        net=note.net,
        invoice_again=again,
    )


def _quantities(document: InvoiceDocument, command: CreditInvoice) -> dict[UUID, Decimal]:
    """How much of each line is credited."""
    if command.lines is None:
        return {line.id: line.left for line in document.lines if line.left}
    lines, quantities = {line.position: line for line in document.lines}, dict[UUID, Decimal]()
    for asked in command.lines:
        line = lines.get(asked.position)
        if line is None:
            raise MissingReference(entity="invoice_line", reference=asked.position)
        quantities[line.id] = quantities.get(line.id, ZERO) + asked.quantity
    return quantities


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
    invoice_ids = await invoices.documents_of_order(work.sql, order_id)
    await lock_documents(work, invoice_ids)
    left, notes = dict(quantities), []
    for document in await invoices.documents_to_credit(work, invoice_ids):
        quantities = _take_from_line_quantities(document, left)
        if quantities:
            day = max(effective_on, document.head.effective_on)
            notes.append(await _credit(work, document, quantities, CreditNoteHeader(day, reason)))
    for credit_note in notes:  # After all that is owed, also where the first note is of nothing.
        number_at_commit(work, credit_note)
    return notes


def _take_from_line_quantities(
    document: InvoiceDocument, left: dict[UUID, Decimal]
) -> dict[UUID, Decimal]:
    """What of the order lines this invoice has left to credit; taken off what is wanted."""
    quantities = {}
    for line in document.lines:
        asked = left.get(line.order_line_id, ZERO) if line.order_line_id else ZERO
        part = min(asked, line.left)
        if part > 0 and line.order_line_id:
            quantities[line.id] = part
            left[line.order_line_id] -= part
    return quantities


async def _credit(
    work: Work,
    document: InvoiceDocument,
    quantities: Mapping[UUID, Decimal],
    note: CreditNoteHeader,
) -> Invoice:
    """Make, post and settle the credit note of one locked invoice; the caller numbers it.

    Raises NothingToCredit, DebtWrittenOff.
    """
    if not quantities:
        raise NothingToCredit
    credit_note = _credit_note(work, document, quantities, note)
    document.require_owed(credit_note.head.gross)
    await store(work, credit_note)
    await invoices.save_credited(work, document, credit_note.head.gross)
    await post(work, credit_note, memo=note.reason or "Credit note")
    if credit_note.head.gross:
        await _settle(work, credit_note.head)
    return credit_note.head


async def _settle(work: Work, head: Invoice) -> None:
    """Off what is open of the invoice, which is published, also when nothing was open."""
    invoice_id = head.credits_id or head.id
    settled = await apply_credit(
        work,
        NewCredit(
            party_id=head.customer_id,
            source_id=head.id,
            document_id=invoice_id,
            amount=head.gross,
            effective_on=head.effective_on,
            reference=head.reason,
        ),
    )
    if not settled:
        await publish_settled(work, [invoice_id])


def _credit_note(
    work: Work,
    document: InvoiceDocument,
    quantities: Mapping[UUID, Decimal],
    note: CreditNoteHeader,
) -> InvoiceDocument:
    """The credit note; what it takes back is counted on the invoice."""
    decimals = digits_of(work.setting.currency)
    head = Invoice(
        id=uuid7(),
        version=1,
        kind=InvoiceKind.CREDIT_NOTE,
        state=InvoiceState.ISSUED,
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
        _credit_line(line, head.id, quantities[line.id], decimals=decimals)
        for line in document.lines
        if line.id in quantities
    ]
    for position, line in enumerate(lines, 1):
        line.position = position
    taxes = _credit_taxes(document, head.id, lines, decimals=decimals)
    return InvoiceDocument(set_totals(head, lines, taxes), lines, taxes)


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
    document: InvoiceDocument, note_id: UUID, lines: list[InvoiceLine], *, decimals: int
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
