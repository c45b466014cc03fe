"""Issuing invoices: posted, opened and numbered in one act."""

from datetime import timedelta
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.company_rules import business_day_of, require_supported_currency
from chassis.work.unit_of_work import Work
from erp.parties.errors import PartyArchived
from erp.receivables.errors import DuplicateTaxCode
from erp.receivables.models import Invoice, TaxCode
from erp.receivables.queries import invoices
from erp.receivables.schemas import (
    IssuedInvoice,
    NewInvoice,
    NewInvoiceLine,
    NewTaxCode,
    TaxCodeView,
)
from erp.receivables.service.building import (
    ZERO,
    IssueInvoice,
    IssueLine,
    build_document,
    build_lines,
    number_at_commit,
    post,
    store,
)
from erp.receivables.states import InvoiceKind, InvoiceState
from erp.settlement.service.items import NewOpenItem, open_item
from erp.settlement.states import Side
from records.document_fields.service import keep_fields_of_new
from values.money import MoneyView, digits_of

__all__ = ["add_tax_code", "is_invoiced", "issue", "issue_manual_invoice"]


async def issue(work: Work, command: IssueInvoice) -> Invoice:
    """Issue an invoice: Dr receivable, Cr sales, charges and tax; opens what is owed.

    Its number is taken at the end of the act, and published then. Five statements, and two at
    the end. Raises MissingReference (tax code), NoPeriod, PeriodClosed; InvoiceDateOrder then.
    """
    head = Invoice(
        id=uuid7(),
        version=1,
        kind=InvoiceKind.INVOICE,
        state=InvoiceState.ISSUED,
        customer_id=command.customer_id,
        order_id=command.order_id,
        credits_id=None,
        effective_on=command.effective_on,
        due_on=command.effective_on + timedelta(days=command.payment_terms_days),
        currency=work.setting.currency,
        credited=ZERO,
        reason="",
    )
    decimals = digits_of(work.setting.currency)
    lines = build_lines(head.id, command.lines, command.charges, decimals=decimals)
    document = await build_document(work, head, lines)
    head.open_amount = head.gross
    if not head.gross:
        head.state = InvoiceState.PAID
    await store(work, document)
    await post(work, document, memo="Invoice")
    if head.gross:
        await open_item(work, _open_item(head))
    await keep_fields_of_new(work, invoices.INVOICE_FIELDS, {head.id: command.custom})
    number_at_commit(work, head)
    return head


def _open_item(head: Invoice) -> NewOpenItem:
    return NewOpenItem(
        side=Side.RECEIVABLE,
        party_id=head.customer_id,
        source_type="invoice",
        source_id=head.id,
        order_id=head.order_id,
        number="",
        amount=head.gross,
        effective_on=head.effective_on,
        due_on=head.due_on,
    )


async def issue_manual_invoice(work: Work, command: NewInvoice) -> IssuedInvoice:
    """Invoice what no order stands for.

    Raises MissingReference (customer, tax code), PartyArchived, CurrencyNotSupported, and as
    `issue`.
    """
    require_supported_currency(work, *(line.unit_price.currency for line in command.lines))
    terms = await invoices.customer_terms(work.sql, command.customer_id)
    if terms is None:
        raise MissingReference(entity="customer", reference=command.customer_id)
    if terms["status"] == "archived":
        raise PartyArchived(number=terms["number"])
    invoice = IssueInvoice(
        customer_id=command.customer_id,
        order_id=None,
        effective_on=business_day_of(work, command.effective_on),
        payment_terms_days=terms["payment_terms_days"],
        lines=[_line(line) for line in command.lines],
        custom=command.custom,
    )
    return issued_view(await issue(work, invoice))


def _line(line: NewInvoiceLine) -> IssueLine:
    return IssueLine(
        order_line_id=None,
        item_id=None,
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price.amount,
        discount=line.discount,
        tax_code=line.tax_code,
    )


def issued_view(head: Invoice) -> IssuedInvoice:
    """What the caller sees before the number is taken."""
    return IssuedInvoice(id=head.id, gross=MoneyView(amount=head.gross, currency=head.currency))


async def add_tax_code(work: Work, command: NewTaxCode) -> TaxCodeView:
    """Add a rate of tax. Raises DuplicateTaxCode."""
    if await invoices.rates(work.sql, [command.code]):
        raise DuplicateTaxCode(tax_code=command.code)
    code = TaxCode(**command.model_dump())
    work.session.add(code)
    await work.flush()
    return TaxCodeView.model_validate(code)


async def is_invoiced(work: Work, order_id: UUID) -> bool:
    """Whether anything of an invoice of the order is not credited."""
    return await invoices.is_invoiced(work.sql, order_id)
