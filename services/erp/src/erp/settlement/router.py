"""Paths of payments and open items."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.clock import utc_now
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import Filter, Page, PageAsked
from chassis.http.problems import (
    CurrencyNotSupported,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MissingReference,
)
from chassis.http.routing import house_router
from chassis.identity.actor import Actor
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.settlement import queries, service
from erp.settlement.errors import OverAllocated
from erp.settlement.schemas import (
    NewPayment,
    NewPayments,
    OpenItemView,
    PartyBalance,
    PaymentsReply,
    PaymentView,
    Side,
)

__all__ = ["open_item_router", "party_report_router", "payment_router"]

Cashier = Annotated[Actor, Needs("settlement.write")]
Reader = Annotated[Actor, Needs("settlement.read")]

payment_router = house_router(
    prefix="/v1/payments",
    tag="payments",
    problems=(
        MissingReference,
        OverAllocated,
        NoPeriod,
        PeriodClosed,
        CurrencyNotSupported,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        IdempotencyInFlight,
    ),
)
open_item_router = house_router(prefix="/v1/open-items", tag="open-items")
party_report_router = house_router(prefix="/v1/reports/balances", tag="reports")


@payment_router.get("")
async def list_payments(
    _by: Reader, asked: PageAsked, at: InReading, party_id: UUID | None = None
) -> Page[PaymentView]:
    """Payments, the newest first."""
    return await queries.payment_page(at.sql, asked, filters=[Filter("party_id = {}", party_id)])


@payment_router.post("", status_code=status.HTTP_201_CREATED)
async def book_payment(
    command: NewPayment, _by: Cashier, _once: OnlyOnce, work: InWork
) -> PaymentView:
    """Book a payment; without allocations it settles what is due first."""
    [payment] = await service.book_payments(work, [command])
    return payment


@payment_router.post("/batch", status_code=status.HTTP_201_CREATED)
async def book_payments(
    command: NewPayments, _by: Cashier, _once: OnlyOnce, work: InWork
) -> PaymentsReply:
    """Book many payments in one act, all or none."""
    return PaymentsReply(items=await service.book_payments(work, command.items))


@open_item_router.get("")
async def list_open_items(
    _by: Reader,
    asked: PageAsked,
    at: InReading,
    side: Side | None = None,
    party_id: UUID | None = None,
    order_id: UUID | None = None,
) -> Page[OpenItemView]:
    """What is left to be paid of documents, the newest first."""
    wanted = (("side", side), ("party_id", party_id), ("order_id", order_id))
    filters = [Filter(f"{column} = {{}}", value) for column, value in wanted]
    return await queries.open_item_page(at.sql, asked, filters=filters)


@party_report_router.get("")
async def party_balances(
    _by: Reader,
    at: InReading,
    side: Side = "receivable",
    party_id: UUID | None = None,
    on: date | None = None,
) -> Page[PartyBalance]:
    """What each party owes us (or we owe it), and what of it is overdue on a day."""
    day = on or utc_now().date()
    return Page(items=await queries.balances(at.sql, side, on=day, party_id=party_id))
