"""Paths of invoices, credit notes and tax codes."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import SearchAsked
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MissingReference,
    NotFound,
)
from chassis.storage.paging import Page
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import ControlAccount, NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.receivables import queries, service
from erp.receivables.errors import (
    DebtWrittenOff,
    DuplicateTaxCode,
    InvoiceDateOrder,
    NoTaxKnown,
    NothingToCredit,
    OverCredited,
)
from erp.receivables.schemas import (
    CreditInvoice,
    InvoiceQuery,
    InvoiceView,
    IssuedInvoice,
    NewInvoice,
    NewOpenings,
    NewTaxCode,
    OpeningQuery,
    OpeningView,
    TaxCodeView,
    WriteOffDebt,
)
from erp.settlement.errors import (
    IsCreditNote,
    IsPayment,
    IsSmallDifference,
    NothingToWriteOff,
    OpeningDiffers,
    OverAllocated,
    WriteOffReversed,
)
from erp.settlement.schemas import OpeningsReply, PaymentView, ReverseWriteOff
from erp.settlement.service import reverse_write_off
from erp.settlement.states import PaymentKind

__all__ = ["invoice_router", "opening_receivable_router", "tax_code_router", "write_off_router"]

Accountant = Annotated[Actor, Needs("receivables.write")]
WriteOffClerk = Annotated[Actor, Needs("receivables.write_off")]
Reader = Annotated[Actor, Needs("receivables.read")]

_KEYED = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight)

invoice_router = api_router(
    prefix="/v1/invoices",
    tag="invoices",
    problems=(
        *_KEYED,
        NotFound,
        MissingReference,
        PartyArchived,
        FractionOfUnit,
        CurrencyNotSupported,
        NoPeriod,
        PeriodClosed,
        InvoiceDateOrder,
        OverCredited,
        NothingToCredit,
        DebtWrittenOff,
    ),
)
write_off_router = api_router(
    prefix="/v1/receivables/write-offs",
    tag="write-offs",
    problems=(
        *_KEYED,
        NotFound,
        MissingReference,
        CurrencyNotSupported,
        NothingToWriteOff,
        NoTaxKnown,
        OverAllocated,
        WriteOffReversed,
        IsPayment,
        IsCreditNote,
        IsSmallDifference,
        ControlAccount,
        NoPeriod,
        PeriodClosed,
    ),
)
opening_receivable_router = api_router(
    prefix="/v1/receivables/openings",
    tag="opening-receivables",
    problems=(
        *_KEYED,
        NotFound,
        CurrencyNotSupported,
        OpeningDiffers,
        NoPeriod,
        PeriodClosed,
    ),
)
tax_code_router = api_router(
    prefix="/v1/tax-codes", tag="tax-codes", problems=(*_KEYED, DuplicateTaxCode)
)


@invoice_router.get("")
async def invoice_list(
    _by: Reader, wanted: Annotated[InvoiceQuery, Query()], asked: SearchAsked, at: InReading
) -> Page[InvoiceView]:
    """Invoices and credit notes, the newest first."""
    return await queries.invoice_page(at.sql, asked, wanted)


@invoice_router.get("/{invoice_id}")
async def invoice_get(invoice_id: UUID, _by: Reader, at: InReading) -> InvoiceView:
    """The invoice or credit note."""
    return await service.get_invoice(at.sql, invoice_id)


@invoice_router.post("", status_code=status.HTTP_201_CREATED)
async def invoice_create(
    command: NewInvoice, _by: Accountant, _once: OnlyOnce, work: InWork
) -> IssuedInvoice:
    """Invoice what no order stands for; the number is given when it is committed."""
    return await service.issue_manual_invoice(work, command)


@invoice_router.post("/{invoice_id}/credit", status_code=status.HTTP_201_CREATED)
async def invoice_credit(
    invoice_id: UUID, command: CreditInvoice, _by: Accountant, _once: OnlyOnce, work: InWork
) -> IssuedInvoice:
    """Credit lines of an invoice, or all that is left of it; the credit note."""
    return await service.credit_invoice(work, invoice_id, command)


@write_off_router.post("", status_code=status.HTTP_201_CREATED)
async def receivable_write_off_create(
    command: WriteOffDebt, _by: WriteOffClerk, _once: OnlyOnce, work: InWork
) -> PaymentView:
    """Write off what nobody will pay of an invoice; it is listed among payments as `bad_debt`."""
    return await service.write_off_debt(work, command)


@write_off_router.post("/{payment_id}/reverse")
async def receivable_write_off_reverse(
    payment_id: UUID, command: ReverseWriteOff, _by: WriteOffClerk, _once: OnlyOnce, work: InWork
) -> PaymentView:
    """Take a bad debt back, such as when the customer pays after all: it is owed again."""
    return await reverse_write_off(work, payment_id, command, kind=PaymentKind.BAD_DEBT)


@opening_receivable_router.post("/batch")
async def receivable_opening_create_batch(
    command: NewOpenings, _by: Accountant, _once: OnlyOnce, work: InWork
) -> OpeningsReply:
    """Take over what customers owed when the books were opened, all or none; each number once."""
    return await service.open_receivables(work, command)


@opening_receivable_router.get("")
async def receivable_opening_list(
    _by: Reader, wanted: Annotated[OpeningQuery, Query()], asked: SearchAsked, at: InReading
) -> Page[OpeningView]:
    """What customers owed when the books were opened, the newest first."""
    return await queries.opening_page(at.sql, asked, wanted)


@opening_receivable_router.get("/{opening_id}")
async def receivable_opening_get(opening_id: UUID, _by: Reader, at: InReading) -> OpeningView:
    """The opening item, and what is left of it."""
    return await service.get_opening(at.sql, opening_id)


@tax_code_router.get("")
async def tax_code_list(_by: Reader, at: InReading) -> Page[TaxCodeView]:
    """Every rate of tax, by code."""
    return Page(items=await queries.tax_codes(at.sql))


@tax_code_router.post("", status_code=status.HTTP_201_CREATED)
async def tax_code_create(
    command: NewTaxCode, _by: Accountant, _once: OnlyOnce, work: InWork
) -> TaxCodeView:
    """Add a rate of tax; it never changes."""
    return await service.add_tax_code(work, command)
