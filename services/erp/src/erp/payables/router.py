"""Paths of bills."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import (
    InReading,
    InWork,
    Needs,
    OnlyOnce,
)
from chassis.http.etag import reply_with
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
    NotFound,
)
from chassis.storage.paging import Page
from erp.ledger.errors import ControlAccount, NoPeriod, PeriodClosed
from erp.parties.errors import PartyArchived
from erp.payables import queries
from erp.payables.errors import (
    BillAlreadyReversed,
    BillCredited,
    BillPaid,
    BillWithoutLines,
    DuplicateBill,
)
from erp.payables.schemas import (
    BillView,
    NewBill,
    NewCreditNote,
    NewOpeningPayables,
    OpeningPayableQuery,
    OpeningPayableView,
    ReverseBill,
)
from erp.payables.service.crediting import enter_manual_credit_note
from erp.payables.service.entering import enter_manual_bill
from erp.payables.service.opening import open_payables
from erp.payables.service.reversing import reverse_bill
from erp.settlement.errors import CreditUsed, OpeningDiffers
from erp.settlement.schemas import OpeningsReply
from records.annotations import annotate
from records.asked import RecordSearchAsked
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "bill_router", "payable_router"]

READ, WRITE = "payables.read", "payables.write"
Accountant = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]

bill_router = api_router(prefix="/v1/bills", tag="bills")
payable_router = api_router(prefix="/v1/payables", tag="payables")

_ENTERED = (DuplicateBill, CurrencyNotSupported, NoPeriod, PeriodClosed)


@bill_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_ENTERED, MissingReference, PartyArchived, ControlAccount),
)
async def bill_create(
    command: NewBill, _by: Accountant, _once: OnlyOnce, work: InWork, response: Response
) -> BillView:
    """Enter a bill that no purchase order stands for."""
    bill = await enter_manual_bill(work, command)
    reply_with(response, bill, location=f"/v1/bills/{bill.id}")
    return bill


@bill_router.post(
    "/credit-notes",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(*_ENTERED, MissingReference, ControlAccount),
)
async def bill_credit_note_create(
    command: NewCreditNote, _by: Accountant, _once: OnlyOnce, work: InWork, response: Response
) -> BillView:
    """Enter a supplier's credit note without goods: a price reduction, a bonus."""
    note = await enter_manual_credit_note(work, command)
    reply_with(response, note, location=f"/v1/bills/{note.id}")
    return note


@bill_router.post(
    "/{bill_id}/reverse",
    responses=refuses(
        NotFound,
        BillAlreadyReversed,
        BillPaid,
        BillCredited,
        BillWithoutLines,
        CreditUsed,
        NoPeriod,
        PeriodClosed,
    ),
)
async def bill_reverse(
    bill_id: UUID,
    command: ReverseBill,
    _by: Accountant,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> BillView:
    """Take a wrong bill or credit note back: its number may be entered again."""
    bill = await reverse_bill(work, bill_id, command)
    reply_with(response, bill)
    return bill


@payable_router.post("/openings/batch", responses=refuses(*_ENTERED, OpeningDiffers))
async def payable_opening_create_batch(
    command: NewOpeningPayables, _by: Accountant, _once: OnlyOnce, work: InWork
) -> OpeningsReply:
    """Take over what we owed when the books were opened, all or none; each number once."""
    return await open_payables(work, command)


@payable_router.get("/openings")
async def payable_opening_list(
    _by: Reader,
    wanted: Annotated[OpeningPayableQuery, Query()],
    asked: RecordSearchAsked,
    at: InReading,
) -> Page[OpeningPayableView]:
    """What we owed, or had paid ahead, when the books were opened, the newest first."""
    return await queries.OPENING_PAYABLES.page(at, wanted, asked)


@payable_router.get("/openings/{opening_id}", responses=refuses(NotFound))
async def payable_opening_get(opening_id: UUID, _by: Reader, at: InReading) -> OpeningPayableView:
    """The opening item, and what is left of it."""
    return await queries.OPENING_PAYABLES.get(at, opening_id)


BILL = RecordPaths(bill_router, queries.BILLS, "bill", READ, WRITE, documents=queries.BILL_FIELDS)
list_route(BILL, "Suppliers' bills and credit notes, the newest first.")
get_route(BILL, "The bill or credit note.")
annotate(BILL)

LISTS = (
    add_export(
        bill_router,
        RecordSheet(name="bill", reads=queries.BILLS, read=READ, lines=("lines", "expenses")),
        "bills",
    ),
    add_export(
        payable_router,
        RecordSheet(
            name="opening_payable", reads=queries.OPENING_PAYABLES, read=READ, tagged=False
        ),
        "opening items",
        path="/openings/export",
    ),
)
"""What leaves as files; the lines of a document are rows."""
