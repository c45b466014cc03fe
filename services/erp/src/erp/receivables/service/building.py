"""What an invoice is made of: lines, nets and taxes; how it is posted, numbered and published."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.unit_of_work import Work
from erp.ledger.posting import Posting, credit, debit
from erp.ledger.service.entries import in_open_periods
from erp.ledger.service.entries import post as ledger_post
from erp.receivables.errors import InvoiceDateOrder
from erp.receivables.events import InvoiceChanged
from erp.receivables.models import Invoice, InvoiceLine, InvoiceTax
from erp.receivables.queries import invoices
from erp.receivables.queries.invoices import InvoiceDocument
from erp.receivables.rules.amounts import line_net, tax_by_code
from erp.receivables.states import InvoiceKind
from erp.sums import require_bookable
from values.money import digits_of

__all__ = [
    "IssueCharge",
    "IssueInvoice",
    "IssueLine",
    "build_document",
    "build_lines",
    "number_at_commit",
    "post",
    "publish_settled",
    "set_totals",
    "store",
    "tax_rates_of",
]

ZERO = Decimal(0)
ZERO_RATED = "Z0"
CHARGE_ROLES = {"freight": "freight_income"}
ALL_FIELDS = sorted(InvoiceChanged.model_fields.keys() - {"id", "version", "changed"})
STATE = InvoiceChanged.model_fields.keys() - {"number", "changed"}


@dataclass(frozen=True, slots=True)
class IssueLine:
    """What is invoiced; without a tax code, it is not taxed.

    Without a net: price x quantity less the discount, rounded half-up.
    """

    order_line_id: UUID | None
    item_id: UUID | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = ZERO
    net: Decimal | None = None
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class IssueCharge:
    """A charge added to the goods: `freight`; without a tax code, it is not taxed."""

    kind: str
    amount: Decimal
    tax_code: str | None = None


@dataclass(frozen=True, slots=True)
class IssueInvoice:
    """An invoice to be issued."""

    customer_id: UUID
    order_id: UUID | None
    effective_on: date
    payment_terms_days: int
    lines: Sequence[IssueLine]
    charges: Sequence[IssueCharge] = field(default=())
    custom: Mapping[str, Any] | None = None


def build_lines(
    invoice_id: UUID, lines: Sequence[IssueLine], charges: Sequence[IssueCharge], *, decimals: int
) -> list[InvoiceLine]:
    """The lines of an invoice, charges last."""
    asked = [(_net(line, decimals), line, "sales") for line in lines]
    asked += [(one.amount, _line_of(one), CHARGE_ROLES[one.kind]) for one in charges if one.amount]
    return [
        InvoiceLine(
            id=uuid7(),
            invoice_id=invoice_id,
            position=position,
            role=role,
            order_line_id=line.order_line_id,
            item_id=line.item_id,
            description=line.description,
            quantity=line.quantity,
            unit_price=line.unit_price,
            discount=line.discount,
            net=net,
            tax_code=line.tax_code or ZERO_RATED,
            credited_quantity=ZERO,
            credited_net=ZERO,
        )
        for position, (net, line, role) in enumerate(asked, 1)
    ]


def _net(line: IssueLine, decimals: int) -> Decimal:
    if line.net is not None:
        return line.net
    return line_net(line.unit_price, line.quantity, line.discount, decimals=decimals)


def _line_of(charge: IssueCharge) -> IssueLine:
    return IssueLine(None, None, charge.kind, Decimal(1), charge.amount, tax_code=charge.tax_code)


async def tax_rates_of(work: Work, codes: Sequence[str]) -> dict[str, Decimal]:
    """The rates of tax codes. Raises MissingReference for the first that there is not."""
    rates = await invoices.rates(work.sql, codes)
    for code in codes:
        if code not in rates:
            raise MissingReference(entity="tax_code", reference=code)
    return rates


async def build_document(work: Work, head: Invoice, lines: list[InvoiceLine]) -> InvoiceDocument:
    """The document with the tax of each code on it.

    Raises MissingReference (tax code), InvalidInput (too large).
    """
    rates = await tax_rates_of(work, sorted({line.tax_code for line in lines}))
    decimals = digits_of(work.setting.currency)
    found = tax_by_code([(one.tax_code, one.net) for one in lines], rates, decimals=decimals)
    taxes = [
        InvoiceTax(invoice_id=head.id, tax_code=code, rate=rates[code], base=base, tax=tax)
        for code, (base, tax) in found.items()
    ]
    require_bookable(set_totals(head, lines, taxes).gross)
    return InvoiceDocument(head, lines, taxes)


def set_totals(head: Invoice, lines: Iterable[InvoiceLine], taxes: Iterable[InvoiceTax]) -> Invoice:
    """Net is the sum of the lines, tax that of the taxes, gross both."""
    head.net = sum((line.net for line in lines), ZERO)
    head.tax = sum((one.tax for one in taxes), ZERO)
    head.gross = head.net + head.tax
    return head


async def store(work: Work, document: InvoiceDocument) -> None:
    """Store the document. Raises NoPeriod, PeriodClosed, also of one that asks for nothing (E6)."""
    with in_open_periods([document.head.effective_on]):
        await invoices.add_document(work, document)


async def post(work: Work, document: InvoiceDocument, *, memo: str) -> None:
    """Dr receivable, Cr income by role and tax; a credit note the other way round.

    Raises NoPeriod, PeriodClosed.
    """
    head, sign = document.head, -1 if document.head.kind == InvoiceKind.CREDIT_NOTE else 1
    by_role: dict[str, Decimal] = {}
    for line in document.lines:
        by_role[line.role] = by_role.get(line.role, ZERO) + line.net
    posting = Posting(
        id=uuid7(),
        effective_on=head.effective_on,
        source_type=head.kind,
        source_id=head.id,
        memo=memo,
        lines=(
            debit("receivable", head.gross * sign, party_id=head.customer_id),
            *(credit(role, net * sign) for role, net in by_role.items()),
            credit("tax_output", head.tax * sign),
        ),
    )
    await ledger_post(work, [posting])


def number_at_commit(work: Work, head: Invoice) -> None:
    """Number the document at the end of the act, and publish it with its number (E12)."""
    work.at_last(_number_all, head)


async def _number_all(work: Work, heads: list[Invoice]) -> None:
    """Raises InvoiceDateOrder."""
    try:
        numbers = await invoices.take_numbers(work, [head.id for head in heads])
    except asyncpg.CheckViolationError as refused:
        if refused.constraint_name != "ck_invoice_series_in_order":
            raise
        late = next((head for head in heads if str(head.effective_on) in str(refused)), heads[0])
        raise InvoiceDateOrder(
            kind=late.kind.replace("_", " "), effective_on=late.effective_on
        ) from refused
    for head in heads:
        state = {name: getattr(head, name) for name in STATE}
        await _publish(work, state | {"number": numbers[head.id]}, ALL_FIELDS)


async def publish_settled(work: Work, invoice_ids: Sequence[UUID]) -> None:
    """Take over what is open of invoices, and publish it. Their open items are locked."""
    for state in await invoices.update_settled(work, invoice_ids):
        await _publish(work, state, ["credited", "open_amount", "state"])


async def _publish(work: Work, state: Mapping[str, Any], changed: Sequence[str]) -> None:
    await work.record(InvoiceChanged(**state, changed=list(changed)))
