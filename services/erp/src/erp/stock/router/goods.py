"""Paths of stock."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
    NotFound,
)
from chassis.storage.paging import Page, PageQuery
from chassis.storage.reading import Reading
from erp.catalog.errors import FractionOfUnit
from erp.ledger.errors import NoPeriod, PeriodClosed
from erp.stock.errors import (
    CostNeeded,
    DuplicateLot,
    DuplicateSerial,
    LotDiffers,
    LotExpiresFirst,
    LotShortOnDay,
    LotsNeeded,
    LotsNotKept,
    NoCostOnDay,
    NotStocked,
    SerialExists,
    SerialMovedLater,
    SerialNotInStock,
    SerialsNeeded,
    SerialsNotKept,
    ShortOnDay,
    TooLittleInLot,
    TooLittleOnHand,
    UnknownLot,
    UnknownSerial,
)
from erp.stock.queries import serials
from erp.stock.queries.documents import DOCUMENT_FIELDS, DOCUMENTS
from erp.stock.queries.serials import SERIALS
from erp.stock.queries.views import LEVELS, MOVES, WAREHOUSES
from erp.stock.schemas.goods import (
    AdjustStock,
    AvailabilityQuery,
    AvailabilityView,
    LevelQuery,
    LevelView,
    OpenStocks,
    ReceiveStock,
    SerialHistory,
    StockPosted,
    ValuationLine,
    ValuationQuery,
    ValuationReport,
)
from erp.stock.service import booking, reporting
from erp.stock.withheld import SerialWithheld
from records.annotations import annotate
from records.asked import SearchAsked
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.senders import InBatch
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet
from records.sheets.reports import Report
from values.days import Day

__all__ = [
    "LISTS",
    "adjustment_router",
    "availability_router",
    "level_router",
    "move_router",
    "opening_router",
    "receipt_router",
    "serial_router",
    "stock_document_router",
    "valuation_router",
    "warehouse_router",
]

READ, WRITE = "stock.read", "stock.write"
Storekeeper = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]


warehouse_router = api_router(prefix="/v1/warehouses", tag="warehouses")
level_router = api_router(prefix="/v1/stock-levels", tag="stock-levels")
move_router = api_router(prefix="/v1/stock-moves", tag="stock-moves")
serial_router = api_router(prefix="/v1/serials", tag="serials")
stock_document_router = api_router(prefix="/v1/stock-documents", tag="stock-documents")
receipt_router = api_router(prefix="/v1/stock-receipts", tag="stock-receipts")
opening_router = api_router(prefix="/v1/opening-stock", tag="stock-receipts")
adjustment_router = api_router(prefix="/v1/stock-adjustments", tag="stock-adjustments")
availability_router = api_router(prefix="/v1/availability", tag="availability")
valuation_router = api_router(prefix="/v1/reports/stock-valuation", tag="reports")

_BOOKED = (
    MissingReference,
    CurrencyNotSupported,
    FractionOfUnit,
    NotStocked,
    SerialsNeeded,
    SerialsNotKept,
    DuplicateSerial,
    SerialExists,
    SerialMovedLater,
    LotsNeeded,
    LotsNotKept,
    DuplicateLot,
    LotDiffers,
    LotExpiresFirst,
    NoPeriod,
    PeriodClosed,
)


WAREHOUSE = RecordPaths(warehouse_router, WAREHOUSES, "warehouse", READ, WRITE)
list_route(WAREHOUSE, "Warehouses, by code.")
annotate(WAREHOUSE)


@level_router.get("")
async def stock_level_list(
    _by: Reader, wanted: Annotated[LevelQuery, Query()], asked: SearchAsked, at: InReading
) -> Page[LevelView]:
    """What lies where, by SKU."""
    return await LEVELS.page(at, wanted, asked)


@serial_router.get("/{serial_id}", responses=refuses(NotFound))
async def serial_get(serial_id: UUID, _by: Reader, at: InReading) -> SerialHistory:
    """Where a piece is, and every move that brought it there."""
    return await serials.serial_history(at, serial_id)


DOCUMENT = RecordPaths(
    stock_document_router,
    DOCUMENTS,
    "document",
    READ,
    WRITE,
    published_as=("purchase-return",),
    documents=DOCUMENT_FIELDS,
)
list_route(DOCUMENT, "Documents that moved goods, with what they moved, the newest first.")
get_route(DOCUMENT, "The document with what it moved.")
annotate(DOCUMENT)

MOVE = RecordPaths(move_router, MOVES, "stock move", READ, WRITE)
list_route(MOVE, "What went from where to where, the newest first.")
SERIAL = RecordPaths(serial_router, SERIALS, "serial", READ, WRITE)
list_route(SERIAL, "Serials and where they are, by number.")


@receipt_router.post("", status_code=status.HTTP_201_CREATED, responses=refuses(*_BOOKED))
async def stock_receipt_create(
    command: ReceiveStock, _by: Storekeeper, _once: OnlyOnce, work: InWork
) -> StockPosted:
    """Lay opening stock in, against the opening equity."""
    return await booking.receive_stock(work, command)


@opening_router.post("/by-external/{system}/batch")
async def opening_stock_upsert_batch(
    asked: InBatch, command: OpenStocks, _by: Storekeeper, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over opening stock as another system tells it, once; each item is judged alone."""
    return await booking.open_stocks(work, asked, command.items)


@adjustment_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(
        *_BOOKED,
        TooLittleOnHand,
        ShortOnDay,
        NoCostOnDay,
        CostNeeded,
        UnknownSerial,
        SerialNotInStock,
        SerialWithheld,
        UnknownLot,
        TooLittleInLot,
        LotShortOnDay,
    ),
)
async def stock_adjustment_create(
    command: AdjustStock, _by: Storekeeper, _once: OnlyOnce, work: InWork
) -> StockPosted:
    """Book what counting found, or what was damaged or lost."""
    return await booking.adjust_stock(work, command)


@availability_router.get("", responses=refuses(NotFound))
async def availability_get(
    _by: Reader,
    asked: Annotated[AvailabilityQuery, Query()],
    at: InReading,
) -> AvailabilityView:
    """What of an item is there and to come, and for when a quantity could be promised."""
    return await reporting.availability(at, asked)


@valuation_router.get("")
async def stock_valuation_get(
    _by: Reader, at: InReading, request: Request, on: Annotated[Day | None, Query()] = None
) -> ValuationReport:
    """What every item on hand is worth now, or was at the end of a day, beside its account."""
    currency = request.app.state.settings.currency
    return await reporting.valuation(at.sql, on=on, currency=currency)


async def _valuation(at: Reading, wanted: ValuationQuery, _asked: PageQuery) -> Page[ValuationLine]:
    return Page(
        items=await reporting.valuation_lines(at.sql, on=wanted.on, currency=at.setting.currency)
    )


_VALUES = Report(view=ValuationLine, query=ValuationQuery, rows=_valuation)

LISTS = (
    add_export(
        stock_document_router,
        RecordSheet(name="stock_document", reads=DOCUMENTS, read=READ, lines=("lines",)),
        "stock documents",
    ),
    add_export(
        move_router,
        RecordSheet(name="stock_move", reads=MOVES, read=READ, tagged=False),
        "moves",
    ),
    add_export(
        serial_router,
        RecordSheet(name="serial", reads=SERIALS, read=READ, tagged=False),
        "serials",
    ),
    add_export(
        level_router,
        RecordSheet(name="stock_level", reads=LEVELS, read=READ, tagged=False),
        "stock levels",
    ),
    add_export(
        valuation_router,
        RecordSheet(name="stock_valuation", reads=_VALUES, read=READ, tagged=False),
        "values of stock",
    ),
)
"""What leaves as files; the lines of a document are rows."""
