"""Paths of payments, open items, and what parties owe."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from chassis.actor import Actor
from chassis.clock import business_day
from chassis.http.batch import BatchReply
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
    NotFound,
)
from chassis.storage.paging import Page, PageQuery
from chassis.storage.reading import Reading
from erp.ledger.errors import ControlAccount, NoPeriod, PeriodClosed
from erp.settlement import queries
from erp.settlement.errors import (
    IsBadDebt,
    IsCreditNote,
    IsPayment,
    NotAllocated,
    NothingToRefund,
    NothingToWriteOff,
    OverAllocated,
    RefundNotReleasable,
    RestNotWrittenOff,
    RestTooLarge,
    RestWrittenOff,
    WriteOffNotReleasable,
    WriteOffReversed,
    WriteOffTooLarge,
)
from erp.settlement.schemas import (
    AllocatePayment,
    NewPayment,
    NewPayments,
    PartyBalance,
    PartyReport,
    PartyReportQuery,
    PaymentsReply,
    PaymentView,
    Refund,
    ReleasePayment,
    ReverseWriteOff,
    SentPayments,
    WriteOffRest,
)
from erp.settlement.service.overpaid import reverse_rest_write_off, write_off_rest
from erp.settlement.service.payments import allocate_payment, book_payments, release_payment
from erp.settlement.service.refunding import refund_payment
from erp.settlement.service.reporting import party_report
from erp.settlement.service.sent import upsert_payments
from erp.settlement.service.writing_off import reverse_write_off
from erp.settlement.states import PaymentKind, Side
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.senders import InBatch
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet
from records.sheets.reports import Report
from values.days import Day

__all__ = ["LISTS", "open_item_router", "party_report_router", "payment_router"]

READ, WRITE = "settlement.read", "settlement.write"
Cashier = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]

payment_router = api_router(prefix="/v1/payments", tag="payments")
open_item_router = api_router(prefix="/v1/open-items", tag="open-items")
party_report_router = api_router(prefix="/v1/reports", tag="reports")

_BOOKED = (MissingReference, ControlAccount, NoPeriod, PeriodClosed)
_SETTLED = (CurrencyNotSupported, OverAllocated, WriteOffTooLarge, *_BOOKED)
_REST = (NotFound, *_BOOKED)


@payment_router.post(
    "", status_code=status.HTTP_201_CREATED, responses=refuses(*_SETTLED, RestTooLarge)
)
async def payment_create(
    command: NewPayment, _by: Cashier, _once: OnlyOnce, work: InWork, response: Response
) -> PaymentView:
    """Book a payment; without allocations it settles what is due first."""
    [payment] = await book_payments(work, [command])
    reply_with(response, payment, location=f"/v1/payments/{payment.id}")
    return payment


@payment_router.post(
    "/batch", status_code=status.HTTP_201_CREATED, responses=refuses(*_SETTLED, RestTooLarge)
)
async def payment_create_batch(
    command: NewPayments, _by: Cashier, _once: OnlyOnce, work: InWork
) -> PaymentsReply:
    """Book many payments in one act, all or none."""
    return PaymentsReply(items=await book_payments(work, command.items))


@payment_router.post("/by-external/{system}/batch")
async def payment_upsert_batch(
    asked: InBatch, command: SentPayments, _by: Cashier, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Book payments as another system tells them, each once; each item is judged alone."""
    return await upsert_payments(work, asked, command.items)


@payment_router.post("/{payment_id}/allocate", responses=refuses(NotFound, *_SETTLED))
async def payment_allocate(
    payment_id: UUID,
    command: AllocatePayment,
    _by: Cashier,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PaymentView:
    """Settle documents with what is left of a payment or credit note."""
    payment = await allocate_payment(work, payment_id, command)
    reply_with(response, payment)
    return payment


@payment_router.post(
    "/{payment_id}/release",
    responses=refuses(NotFound, NotAllocated, WriteOffNotReleasable, RefundNotReleasable),
)
async def payment_release(
    payment_id: UUID,
    command: ReleasePayment,
    _by: Cashier,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PaymentView:
    """Take back what of a payment settled a document: that is open again."""
    payment = await release_payment(work, payment_id, command)
    reply_with(response, payment)
    return payment


@payment_router.post(
    "/{payment_id}/refund",
    responses=refuses(
        NotFound, NothingToRefund, OverAllocated, CurrencyNotSupported, NoPeriod, PeriodClosed
    ),
)
async def payment_refund(
    payment_id: UUID,
    command: Refund,
    _by: Cashier,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PaymentView:
    """Give back what is left of a payment or credit note."""
    payment = await refund_payment(work, payment_id, command)
    reply_with(response, payment)
    return payment


@payment_router.post(
    "/{payment_id}/write-off",
    responses=refuses(NotFound, NothingToWriteOff, RestTooLarge, RestWrittenOff, *_BOOKED),
)
async def payment_write_off(
    payment_id: UUID,
    command: WriteOffRest,
    _by: Cashier,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PaymentView:
    """Write off the cent that is left of a payment or credit note."""
    payment = await write_off_rest(work, payment_id, command)
    reply_with(response, payment)
    return payment


@payment_router.post(
    "/{payment_id}/write-off/reverse", responses=refuses(NotFound, RestNotWrittenOff, *_BOOKED)
)
async def payment_write_off_reverse(
    payment_id: UUID,
    command: ReverseWriteOff,
    _by: Cashier,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PaymentView:
    """Take back that the rest of a payment was written off: it is left of it again."""
    payment = await reverse_rest_write_off(work, payment_id, command)
    reply_with(response, payment)
    return payment


@payment_router.post(
    "/{payment_id}/reverse",
    responses=refuses(
        NotFound, WriteOffReversed, IsPayment, IsCreditNote, IsBadDebt, NoPeriod, PeriodClosed
    ),
)
async def payment_reverse(
    payment_id: UUID,
    command: ReverseWriteOff,
    _by: Cashier,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> PaymentView:
    """Take a small difference back that was written off: it is owed again."""
    payment = await reverse_write_off(work, payment_id, command, kind=PaymentKind.SMALL_DIFFERENCE)
    reply_with(response, payment)
    return payment


async def _today(request: Request) -> date:
    """The business date of the request in the installation's zone."""
    return business_day(request.app.state.settings.time_zone)


async def _currency(request: Request) -> str:
    return str(request.app.state.settings.currency)


async def _report(
    side: Side, at: InReading, party_id: UUID | None, on: date, currency: str
) -> PartyReport:
    return await party_report(at.sql, side, on=on, currency=currency, party_id=party_id)


@party_report_router.get("/receivables")
async def receivable_report_get(
    _by: Reader,
    at: InReading,
    today: Annotated[date, Depends(_today)],
    currency: Annotated[str, Depends(_currency)],
    party_id: UUID | None = None,
    on: Annotated[Day | None, Query()] = None,
) -> PartyReport:
    """What customers owe at the end of a day (today), by days overdue; equal to the account."""
    return await _report(Side.RECEIVABLE, at, party_id, on or today, currency)


@party_report_router.get("/payables")
async def payable_report_get(
    _by: Reader,
    at: InReading,
    today: Annotated[date, Depends(_today)],
    currency: Annotated[str, Depends(_currency)],
    party_id: UUID | None = None,
    on: Annotated[Day | None, Query()] = None,
) -> PartyReport:
    """What we owe suppliers at the end of a day (today), by days overdue; equal to the account."""
    return await _report(Side.PAYABLE, at, party_id, on or today, currency)


PAYMENT = RecordPaths(
    payment_router, queries.PAYMENTS, "payment", READ, WRITE, documents=queries.PAYMENT_FIELDS
)
list_route(
    PAYMENT, "Payments, credit notes and write-offs with what they settle, the newest first."
)
get_route(PAYMENT, "The payment, and what it settles.")
annotate(PAYMENT)

OPEN_ITEM = RecordPaths(open_item_router, queries.OPEN_ITEMS, "open item", READ, WRITE)
list_route(OPEN_ITEM, "What is, or was, to be paid of documents, the newest first.")


def _owed(side: Side) -> Report:
    """What is owed on the side, by days overdue."""

    async def rows(at: Reading, wanted: PartyReportQuery, _asked: PageQuery) -> Page[PartyBalance]:
        on, party_id = wanted.on or at.today(), wanted.party_id
        found = await queries.balances_of_parties(
            at.sql, side, on=on, currency=at.setting.currency, party_id=party_id
        )
        return Page(items=found)

    return Report(view=PartyBalance, query=PartyReportQuery, rows=rows)


LISTS = (
    add_export(
        payment_router,
        RecordSheet(name="payment", reads=queries.PAYMENTS, read=READ, lines=("allocations",)),
        "payments",
    ),
    add_export(
        open_item_router,
        RecordSheet(name="open_item", reads=queries.OPEN_ITEMS, read=READ, tagged=False),
        "open items",
    ),
    *(
        add_export(
            party_report_router,
            RecordSheet(name=name, reads=_owed(side), read=READ, tagged=False),
            text,
            path=path,
        )
        for side, name, text, path in (
            (Side.RECEIVABLE, "receivable_report", "debts of customers", "/receivables/export"),
            (Side.PAYABLE, "payable_report", "debts to suppliers", "/payables/export"),
        )
    ),
)
"""What leaves as files; what a payment settles is a row each."""
