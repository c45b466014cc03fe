"""Paths of lots."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.stock.errors import (
    DuplicateLotNumber,
    LotExpiresFirst,
    LotFixed,
    LotNotDecided,
    LotNotFollowing,
    LotNotForeign,
    LotsNotAlike,
    LotsNotKept,
    TooLittleInLot,
)
from erp.stock.schemas.lots import (
    ChangeLot,
    LotDecision,
    LotTrace,
    LotView,
    MergeLots,
    MoveForeign,
    NewLot,
    RecallList,
    SplitLot,
    TraceAsked,
    UpsertLot,
)
from erp.stock.service import tracing
from erp.stock.service.lots import LOT, decide
from erp.stock.service.repacking import (
    issue_foreign,
    merge_lots,
    receive_foreign,
    split_lot,
)
from erp.stock.states import LotQuality
from erp.stock.withheld import InspectionPending
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["lot", "lot_router"]

READ, WRITE = "lots.read", "lots.write"
Reader = Annotated[Actor, Needs(READ)]
Writer = Annotated[Actor, Needs(WRITE)]
Storekeeper = Annotated[Actor, Needs("stock.write")]
Decider = Annotated[Actor, Needs("lots.decide")]

_BOOKED = (NoPeriod, PeriodClosed)

lot_router = api_router(prefix="/v1/lots", tag="lots")
lot = RecordRoutes(
    lot_router,
    LOT,
    one="lot",
    many="lots",
    read=READ,
    write=WRITE,
    refuses=(MissingReference, LotExpiresFirst),
)
lot.list("Lots, the newest first; `sort` by created_at, updated_at, number or usable_until.")
lot.create(
    NewLot,
    "Make a lot; goods come into it by receipts.",
    refuses=(LotsNotKept, DuplicateLotNumber),
)
lot.upsert(UpsertLot, refuses=(LotsNotKept, LotFixed, LotNotDecided, DuplicateLotNumber))
lot.csv(
    references={
        "sku": Reference("item", codes=("sku",), take="sku"),
        "supplier_id": Reference("supplier", into="supplier_id"),
    },
)
lot.get()
lot.history()
lot.change(ChangeLot)


@lot_router.post(
    "/{lot_id}/release", responses=refuses(NotFound, LotNotFollowing, InspectionPending)
)
async def lot_release(
    lot_id: UUID,
    command: LotDecision,
    _by: Decider,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LotView:
    """Let a lot be used: who waits for the item gets it."""
    await decide(work, lot_id, LotQuality.RELEASED, command)
    return await lot.reply(response, work, lot_id)


@lot_router.post("/{lot_id}/inspect", responses=refuses(NotFound, LotNotFollowing))
async def lot_inspect(
    lot_id: UUID,
    command: LotDecision,
    _by: Decider,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LotView:
    """Let a lot be inspected; it is not used meanwhile, and what is reserved of it moves."""
    await decide(work, lot_id, LotQuality.INSPECTION, command)
    return await lot.reply(response, work, lot_id)


@lot_router.post("/{lot_id}/quarantine", responses=refuses(NotFound, LotNotFollowing))
async def lot_quarantine(
    lot_id: UUID,
    command: LotDecision,
    _by: Decider,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LotView:
    """Set a lot apart until it is decided what becomes of it; what is reserved of it moves."""
    await decide(work, lot_id, LotQuality.QUARANTINE, command)
    return await lot.reply(response, work, lot_id)


@lot_router.post("/{lot_id}/block", responses=refuses(NotFound, LotNotFollowing))
async def lot_block(
    lot_id: UUID,
    command: LotDecision,
    _by: Decider,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LotView:
    """Block a lot: it is not used until it was inspected; what is reserved of it moves."""
    await decide(work, lot_id, LotQuality.BLOCKED, command)
    return await lot.reply(response, work, lot_id)


@lot_router.post(
    "/{lot_id}/split",
    responses=refuses(
        *(NotFound, FractionOfUnit, TooLittleInLot, DuplicateLotNumber, InspectionPending),
        *_BOOKED,
    ),
)
async def lot_split(
    lot_id: UUID, command: SplitLot, _by: Writer, _once: OnlyOnce, work: InWork, response: Response
) -> LotView:
    """Let parts of a lot be lots of their own, which are what it is."""
    await split_lot(work, lot_id, command)
    return await lot.reply(response, work, lot_id)


@lot_router.post(
    "/{lot_id}/merge",
    responses=refuses(NotFound, LotsNotAlike, TooLittleInLot, InspectionPending, *_BOOKED),
)
async def lot_merge(
    lot_id: UUID, command: MergeLots, _by: Writer, _once: OnlyOnce, work: InWork, response: Response
) -> LotView:
    """Let all that lies of other lots be goods of this one."""
    await merge_lots(work, lot_id, command)
    return await lot.reply(response, work, lot_id)


@lot_router.post(
    "/{lot_id}/receive", responses=refuses(NotFound, LotNotForeign, FractionOfUnit, *_BOOKED)
)
async def lot_receive(
    lot_id: UUID,
    command: MoveForeign,
    _by: Storekeeper,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LotView:
    """Take goods in that stay a customer's or a supplier's: they have no value here."""
    await receive_foreign(work, lot_id, command)
    return await lot.reply(response, work, lot_id)


@lot_router.post(
    "/{lot_id}/issue",
    responses=refuses(NotFound, LotNotForeign, FractionOfUnit, TooLittleInLot, *_BOOKED),
)
async def lot_issue(
    lot_id: UUID,
    command: MoveForeign,
    _by: Storekeeper,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> LotView:
    """Give goods back to the customer or supplier whose they are."""
    await issue_foreign(work, lot_id, command)
    return await lot.reply(response, work, lot_id)


@lot_router.get("/{lot_id}/trace", responses=refuses(NotFound))
async def lot_trace(
    lot_id: UUID, _by: Reader, asked: Annotated[TraceAsked, Query()], at: InReading
) -> LotTrace:
    """Which lots a lot came of, or which came of it, and with which documents they moved."""
    return await tracing.trace(at, lot_id, asked.direction)


@lot_router.get("/{lot_id}/recall", responses=refuses(NotFound))
async def lot_recall(lot_id: UUID, _by: Reader, at: InReading) -> RecallList:
    """Which customers have goods of a lot and of all that came of it, and what lies here."""
    return await tracing.recall(at, lot_id)


@lot_router.post("/{lot_id}/hold", responses=refuses(NotFound))
async def lot_hold(
    lot_id: UUID, command: LotDecision, _by: Decider, _once: OnlyOnce, work: InWork
) -> RecallList:
    """Block a lot and all that came of it, at once; the recall list."""
    return await tracing.hold(work, lot_id, command)


lot.link()
lot.unlink()
annotate(lot.paths)
