"""What stock brings into the ERP."""

from datetime import timedelta

from chassis.service import Module, Schedule
from chassis.work.states import States
from erp.catalog.events import GoodsAdded, TrackingChanging, UnitOrKindChanging
from erp.stock.events import AvailabilityChanged, LotChanged, SoftReservationChanged
from erp.stock.handlers import (
    check_tracking_change,
    check_unit_or_kind_change,
    create_stock_records,
)
from erp.stock.models.demand import Availability, Demand, Incoming
from erp.stock.models.goods import (
    ItemValuation,
    Level,
    Location,
    Move,
    OpeningStock,
    Serial,
    StockProof,
    Warehouse,
)
from erp.stock.models.holds import StockHold
from erp.stock.models.lots import Lot, LotEdge, LotProof, LotStock
from erp.stock.models.soft_reservations import SoftReservation
from erp.stock.router.goods import (
    adjustment_router,
    availability_router,
    level_router,
    move_router,
    opening_router,
    receipt_router,
    serial_router,
    stock_document_router,
    valuation_router,
    warehouse_router,
)
from erp.stock.router.lots import lot_router
from erp.stock.router.soft_reservations import soft_reservation_router
from erp.stock.service.lot_states import EXPIRE, expire_lots
from erp.stock.service.lots import lot_states
from erp.stock.service.publishing import availability_states
from erp.stock.service.reserving import RESERVE, reserve_due
from erp.stock.service.soft_reservations import soft_reservation_states

__all__ = ["MODULE"]

MODULE = Module(
    name="stock",
    routers=(
        warehouse_router,
        level_router,
        lot_router,
        move_router,
        serial_router,
        stock_document_router,
        receipt_router,
        opening_router,
        adjustment_router,
        availability_router,
        valuation_router,
        soft_reservation_router,
    ),
    tags={
        "availability": "How much of an item can be promised, and from which day.",
        "lots": "Lots of goods: where they came from, how long they keep, and whether to use them.",
        "serials": "Numbered pieces: where each one is and where it has been.",
        "soft-reservations": "Goods promised for a time, until an order uses the promise.",
        "stock-adjustments": "Corrections of stock after a count, with the reason.",
        "stock-documents": "What moved stock: receipts, shipments, adjustments, returns.",
        "stock-levels": "Quantity on hand, reserved and free by item and warehouse.",
        "stock-moves": "Every movement of stock with its quantity and value.",
        "stock-receipts": "Goods received without an order, and stock of the time before Tandem.",
        "warehouses": "Places that stock is kept in.",
    },
    permissions={
        "lots.decide": "Release, inspect, quarantine and block lots.",
        "lots.read": "See lots, where they came from and where they went.",
        "lots.write": "Make and change lots, split and merge them.",
        "soft_reservations.write": "Promise goods for a time, extend and release such promises.",
        "stock.read": "See stock, its moves and worth, and what can be promised.",
        "stock.write": "Lay in opening stock and adjust stock.",
    },
    roles={
        "accountant": {"lots.read", "stock.read"},
        "buyer": {"lots.read", "stock.read"},
        "planner": {"lots.decide", "lots.read", "soft_reservations.write", "stock.read"},
        "seller": {"lots.read", "soft_reservations.write", "stock.read"},
        "storekeeper": {"lots.decide", "lots.read", "lots.write", "stock.read", "stock.write"},
    },
    tables=(
        Warehouse,
        Location,
        Level,
        Lot,
        LotStock,
        LotProof,
        LotEdge,
        StockHold,
        Serial,
        Move,
        ItemValuation,
        StockProof,
        OpeningStock,
        Demand,
        Incoming,
        Availability,
        SoftReservation,
    ),
    rights={
        "lot_genealogy": "select, insert",
        "stock_move": "select, insert",
        "stock_hold": "select, insert, update, delete",
        "incoming": "select, insert, update, delete",
    },
    events=(AvailabilityChanged, LotChanged, SoftReservationChanged),
    states={
        AvailabilityChanged: States("availability", availability_states),
        LotChanged: States("lot", lot_states),
        SoftReservationChanged: States("soft_reservation", soft_reservation_states),
    },
    handlers={
        TrackingChanging: (check_tracking_change,),
        UnitOrKindChanging: (check_unit_or_kind_change,),
        GoodsAdded: (create_stock_records,),
    },
    jobs={EXPIRE: expire_lots, RESERVE: reserve_due},
    # The business day begins at another hour in each zone: asked each hour, none is far behind.
    schedules=(
        Schedule(RESERVE, timedelta(hours=1), RESERVE),
        Schedule(EXPIRE, timedelta(hours=1), EXPIRE),
    ),
)
