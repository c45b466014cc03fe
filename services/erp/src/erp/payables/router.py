"""Paths of bills."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, status

from chassis.actor import Actor
from chassis.http.dependencies import (
    InReading,
    InWork,
    Needs,
    OnlyOnce,
)
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
from erp.ledger.errors import ControlAccount, NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.payables import queries, service
from erp.payables.errors import (
    BillAlreadyReversed,
    BillCredited,
    BillPaid,
    BillWithoutLines,
    DuplicateBill,
)
from erp.payables.schemas import (
    BillQuery,
    BillView,
    NewBill,
    NewCreditNote,
    NewOpeningPayables,
    OpeningPayableQuery,
    OpeningPayableView,
    ReverseBill,
)
from erp.settlement.errors import CreditUsed, OpeningDiffers
from erp.settlement.schemas import OpeningsReply

__all__ = ["bill_router", "payable_router"]

Accountant = Annotated[Actor, Needs("payables.write")]
Reader = Annotated[Actor, Needs("payables.read")]

bill_router = api_router(
    prefix="/v1/bills",
    tag="bills",
    problems=(
        NotFound,
        MissingReference,
        PartyArchived,
        DuplicateBill,
        BillAlreadyReversed,
        BillPaid,
        CreditUsed,
        BillCredited,
        BillWithoutLines,
        CurrencyNotSupported,
        ControlAccount,
        NoPeriod,
        PeriodClosed,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        IdempotencyInFlight,
    ),
)
payable_router = api_router(
    prefix="/v1/payables",
    tag="payables",
    problems=(
        NotFound,
        DuplicateBill,
        OpeningDiffers,
        CurrencyNotSupported,
        NoPeriod,
        PeriodClosed,
        IdempotencyKeyRequired,
        IdempotencyKeyReused,
        IdempotencyInFlight,
    ),
)


@bill_router.get("")
async def bill_list(
    _by: Reader, wanted: Annotated[BillQuery, Query()], asked: SearchAsked, at: InReading
) -> Page[BillView]:
    """Suppliers' bills and credit notes, the newest first."""
    return await queries.bill_page(at.sql, asked, wanted)


@bill_router.get("/{bill_id}")
async def bill_get(bill_id: UUID, _by: Reader, at: InReading) -> BillView:
    """The bill or credit note."""
    return await service.get_bill(at.sql, bill_id)


@bill_router.post("", status_code=status.HTTP_201_CREATED)
async def bill_create(command: NewBill, _by: Accountant, _once: OnlyOnce, work: InWork) -> BillView:
    """Enter a bill that no purchase order stands for."""
    return await service.enter_manual_bill(work, command)


@bill_router.post("/credit-notes", status_code=status.HTTP_201_CREATED)
async def bill_credit_note_create(
    command: NewCreditNote, _by: Accountant, _once: OnlyOnce, work: InWork
) -> BillView:
    """Enter a supplier's credit note without goods: a price reduction, a bonus."""
    return await service.enter_manual_credit_note(work, command)


@bill_router.post("/{bill_id}/reverse")
async def bill_reverse(
    bill_id: UUID, command: ReverseBill, _by: Accountant, _once: OnlyOnce, work: InWork
) -> BillView:
    """Take a wrong bill or credit note back: its number may be entered again."""
    return await service.reverse_bill(work, bill_id, command)


@payable_router.post("/openings/batch")
async def payable_opening_create_batch(
    command: NewOpeningPayables, _by: Accountant, _once: OnlyOnce, work: InWork
) -> OpeningsReply:
    """Take over what we owed when the books were opened, all or none; each number once."""
    return await service.open_payables(work, command)


@payable_router.get("/openings")
async def payable_opening_list(
    _by: Reader,
    wanted: Annotated[OpeningPayableQuery, Query()],
    asked: SearchAsked,
    at: InReading,
) -> Page[OpeningPayableView]:
    """What we owed, or had paid ahead, when the books were opened, the newest first."""
    return await queries.opening_page(at.sql, asked, wanted)


@payable_router.get("/openings/{opening_id}")
async def payable_opening_get(opening_id: UUID, _by: Reader, at: InReading) -> OpeningPayableView:
    """The opening item, and what is left of it."""
    return await service.get_opening(at.sql, opening_id)
