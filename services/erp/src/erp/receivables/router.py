"""Paths of invoices, credit notes and tax codes."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.etag import LOCATED, reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
    NotFound,
)
from chassis.storage.paging import Page
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import ControlAccount, NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.receivables.errors import (
    DebtWrittenOff,
    DuplicateTaxCode,
    InvoiceDateOrder,
    NoTaxKnown,
    NothingToCredit,
    OverCredited,
)
from erp.receivables.queries import invoices, openings
from erp.receivables.schemas import (
    CreditInvoice,
    IssuedInvoice,
    NewInvoice,
    NewOpenings,
    NewTaxCode,
    OpeningQuery,
    OpeningView,
    TaxCodeView,
    WriteOffDebt,
)
from erp.receivables.service.crediting import credit_invoice
from erp.receivables.service.issuing import add_tax_code, issue_manual_invoice
from erp.receivables.service.opening import open_receivables
from erp.receivables.service.writing_off import write_off_debt
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
from erp.settlement.service.writing_off import reverse_write_off
from erp.settlement.states import PaymentKind
from records.annotations import annotate
from records.asked import RecordSearchAsked
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = [
    "LISTS",
    "invoice_router",
    "opening_receivable_router",
    "tax_code_router",
    "write_off_router",
]

READ, WRITE = "receivables.read", "receivables.write"
Accountant = Annotated[Actor, Needs(WRITE)]
WriteOffClerk = Annotated[Actor, Needs("receivables.write_off")]
Reader = Annotated[Actor, Needs(READ)]

invoice_router = api_router(prefix="/v1/invoices", tag="invoices")
write_off_router = api_router(prefix="/v1/receivables/write-offs", tag="write-offs")
opening_receivable_router = api_router(prefix="/v1/receivables/openings", tag="opening-receivables")
tax_code_router = api_router(prefix="/v1/tax-codes", tag="tax-codes")

_BOOKED = (NoPeriod, PeriodClosed)


@invoice_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=LOCATED
    | refuses(MissingReference, PartyArchived, CurrencyNotSupported, InvoiceDateOrder, *_BOOKED),
)
async def invoice_create(
    command: NewInvoice, _by: Accountant, _once: OnlyOnce, work: InWork, response: Response
) -> IssuedInvoice:
    """Invoice what no order stands for; the number is given when it is committed."""
    invoice = await issue_manual_invoice(work, command)
    response.headers["Location"] = f"/v1/invoices/{invoice.id}"
    return invoice


@invoice_router.post(
    "/{invoice_id}/credit",
    status_code=status.HTTP_201_CREATED,
    responses=LOCATED
    | refuses(
        NotFound,
        MissingReference,
        FractionOfUnit,
        OverCredited,
        NothingToCredit,
        DebtWrittenOff,
        InvoiceDateOrder,
        *_BOOKED,
    ),
)
async def invoice_credit(
    invoice_id: UUID,
    command: CreditInvoice,
    _by: Accountant,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> IssuedInvoice:
    """Credit lines of an invoice, or all that is left of it; the credit note."""
    note = await credit_invoice(work, invoice_id, command)
    response.headers["Location"] = f"/v1/invoices/{note.id}"
    return note


@write_off_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        NotFound,
        MissingReference,
        CurrencyNotSupported,
        NothingToWriteOff,
        NoTaxKnown,
        OverAllocated,
        ControlAccount,
        *_BOOKED,
    ),
)
async def receivable_write_off_create(
    command: WriteOffDebt, _by: WriteOffClerk, _once: OnlyOnce, work: InWork, response: Response
) -> PaymentView:
    """Write off what nobody will pay of an invoice; it is listed among payments as `bad_debt`."""
    payment = await write_off_debt(work, command)
    reply_with(response, payment, location=f"/v1/payments/{payment.id}")
    return payment


@write_off_router.post(
    "/{payment_id}/reverse",
    responses=refuses(
        NotFound, WriteOffReversed, IsPayment, IsCreditNote, IsSmallDifference, *_BOOKED
    ),
)
async def receivable_write_off_reverse(
    payment_id: UUID,
    command: ReverseWriteOff,
    _by: WriteOffClerk,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PaymentView:
    """Take a bad debt back, such as when the customer pays after all: it is owed again."""
    payment = await reverse_write_off(work, payment_id, command, kind=PaymentKind.BAD_DEBT)
    reply_with(response, payment)
    return payment


@opening_receivable_router.post(
    "/batch", responses=refuses(CurrencyNotSupported, OpeningDiffers, *_BOOKED)
)
async def receivable_opening_create_batch(
    command: NewOpenings, _by: Accountant, _once: OnlyOnce, work: InWork
) -> OpeningsReply:
    """Take over what customers owed when the books were opened, all or none; each number once."""
    return await open_receivables(work, command)


@opening_receivable_router.get("")
async def receivable_opening_list(
    _by: Reader, wanted: Annotated[OpeningQuery, Query()], asked: RecordSearchAsked, at: InReading
) -> Page[OpeningView]:
    """What customers owed when the books were opened, the newest first."""
    return await openings.OPENING_RECEIVABLES.page(at, wanted, asked)


@opening_receivable_router.get("/{opening_id}", responses=refuses(NotFound))
async def receivable_opening_get(opening_id: UUID, _by: Reader, at: InReading) -> OpeningView:
    """The opening item, and what is left of it."""
    return await openings.OPENING_RECEIVABLES.get(at, opening_id)


@tax_code_router.get("")
async def tax_code_list(_by: Reader, at: InReading) -> Page[TaxCodeView]:
    """Every rate of tax, by code."""
    return Page(items=await invoices.tax_codes(at.sql))


@tax_code_router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(DuplicateTaxCode))
async def tax_code_create(
    command: NewTaxCode, _by: Accountant, _once: OnlyOnce, work: InWork
) -> TaxCodeView:
    """Add a rate of tax; it never changes."""
    return await add_tax_code(work, command)


INVOICE = RecordPaths(
    invoice_router, invoices.INVOICES, "invoice", READ, WRITE, documents=invoices.INVOICE_FIELDS
)
list_route(INVOICE, "Invoices and credit notes, the newest first.")
get_route(INVOICE, "The invoice or credit note.")
annotate(INVOICE)

LISTS = (
    add_export(
        invoice_router,
        RecordSheet(name="invoice", reads=invoices.INVOICES, read=READ, lines=("lines",)),
        "invoices",
    ),
    add_export(
        opening_receivable_router,
        RecordSheet(
            name="opening_receivable", reads=openings.OPENING_RECEIVABLES, read=READ, tagged=False
        ),
        "opening items",
    ),
)
"""What leaves as files; the lines of a document are rows."""
