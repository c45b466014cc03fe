"""The ERP as a service: its paths, permissions, events, and who acts on which event."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import records
from chassis.events.event import Event
from chassis.service import Schedule, Service
from chassis.work.states import States
from chassis.work.unit_of_work import Handler
from erp.approvals.events import DecisionMade, DecisionStarted
from erp.approvals.router import approval_router
from erp.base import Base
from erp.catalog.events import (
    GoodsAdded,
    ItemChanged,
    PriceChanged,
    PriceListChanged,
    TaxCodesNamed,
    TrackingChanging,
    UnitOrKindChanging,
)
from erp.catalog.router import (
    category_router,
    item_router,
    price_list_router,
    price_router,
    unit_router,
)
from erp.catalog.service.items import item_states
from erp.catalog.service.price_lists import price_list_states
from erp.catalog.service.prices import price_states
from erp.fulfilment.events import OrderChanged
from erp.fulfilment.handlers import check_unit_or_kind_change as keep_unit_ordered
from erp.fulfilment.handlers import (
    lock_credited_order,
    lock_order_first,
    record_credited_lines,
    refresh_expected_orders,
    refresh_filled_orders,
    refresh_paid_orders,
    reschedule_released_orders,
    resume_order,
)
from erp.fulfilment.router import order_router, shipment_router
from erp.fulfilment.service import REFRESH, order_states, refresh_orders
from erp.ledger.router import (
    account_router,
    entry_router,
    ledger_report_router,
    period_router,
    year_router,
)
from erp.metrics import METRICS
from erp.parties.events import CustomerChanged
from erp.parties.router import customer_router, supplier_router
from erp.parties.service.customers import customer_states
from erp.payables.events import BillChanged, BillReversed
from erp.payables.router import bill_router, payable_router
from erp.permissions import PERMISSIONS, ROLES
from erp.purchasing.events import PurchaseChanged, PurchaseReturned
from erp.purchasing.handlers import follow_shortages, unbill_lines
from erp.purchasing.handlers import keep_unit_and_kind as keep_unit_bought
from erp.purchasing.router import (
    purchase_order_router,
    purchase_receipt_router,
    purchase_return_router,
    suggestion_router,
    supplier_price_router,
)
from erp.receivables.events import (
    InvoiceChanged,
    InvoiceCredited,
    InvoiceCreditStarted,
    OpeningReceivableChanged,
)
from erp.receivables.handlers import publish_settled_invoices, require_tax_codes
from erp.receivables.router import (
    invoice_router,
    opening_receivable_router,
    tax_code_router,
    write_off_router,
)
from erp.settings import ErpSettings
from erp.settlement.events import (
    BalanceChanged,
    DocumentsSettled,
    OrdersPaid,
    PaymentReceived,
)
from erp.settlement.router import open_item_router, party_report_router, payment_router
from erp.settlement.service import balance_states
from erp.stock.events import (
    AvailabilityChanged,
    DemandFilled,
    GoodsExpected,
    ItemsShort,
    ReservationsReleased,
)
from erp.stock.handlers import check_tracking_change, create_stock_records
from erp.stock.handlers import check_unit_or_kind_change as keep_unit_in_stock
from erp.stock.router import (
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
from erp.stock.service import RESERVE, availability_states, reserve_due
from erp.tags import TAGS
from records.links import RESERVED_SYSTEMS

__all__ = ["HANDLERS", "SERVICE"]

_HERE = Path(__file__).parent

HANDLERS: Mapping[type[Event], Sequence[Handler]] = {
    TrackingChanging: (check_tracking_change,),
    UnitOrKindChanging: (
        keep_unit_in_stock,
        keep_unit_bought,
        keep_unit_ordered,
    ),
    TaxCodesNamed: (require_tax_codes,),
    GoodsAdded: (create_stock_records,),
    ItemsShort: (follow_shortages,),
    BillReversed: (unbill_lines,),
    DemandFilled: (refresh_filled_orders,),
    GoodsExpected: (refresh_expected_orders,),
    ReservationsReleased: (reschedule_released_orders,),
    DocumentsSettled: (publish_settled_invoices,),
    OrdersPaid: (refresh_paid_orders,),
    DecisionStarted: (lock_order_first,),
    DecisionMade: (resume_order,),
    InvoiceCreditStarted: (lock_credited_order,),
    InvoiceCredited: (record_credited_lines,),
}
"""Event -> who acts on it, in this order, in the same transaction. One that refuses ends all."""

STATES: Mapping[type[Event], States] = {
    AvailabilityChanged: States("availability", availability_states),
    BalanceChanged: States("customer_balance", balance_states),
    CustomerChanged: States("customer", customer_states),
    ItemChanged: States("item", item_states),
    OrderChanged: States("sales_order", order_states),
    PriceChanged: States("price", price_states),
    PriceListChanged: States("price_list", price_list_states),
}
"""Event -> where the present states of its records are read."""

SERVICE = Service(
    name="erp",
    title="Tandem ERP",
    description="Order to cash: customers, items, stock, purchasing, sales orders, ledger.",
    version="0.1.4",
    settings=ErpSettings,
    metadata=Base.metadata,
    migrations=_HERE / "migrations",
    locale=_HERE / "locale",
    shared_locales=(records.LOCALE,),
    routers=(
        customer_router,
        supplier_router,
        unit_router,
        category_router,
        item_router,
        price_list_router,
        price_router,
        account_router,
        year_router,
        period_router,
        entry_router,
        ledger_report_router,
        warehouse_router,
        level_router,
        move_router,
        serial_router,
        stock_document_router,
        receipt_router,
        opening_router,
        adjustment_router,
        availability_router,
        valuation_router,
        supplier_price_router,
        suggestion_router,
        purchase_order_router,
        purchase_receipt_router,
        purchase_return_router,
        approval_router,
        order_router,
        shipment_router,
        invoice_router,
        tax_code_router,
        write_off_router,
        opening_receivable_router,
        bill_router,
        payable_router,
        payment_router,
        open_item_router,
        party_report_router,
    ),
    metrics=METRICS,
    tags=TAGS,
    permissions=PERMISSIONS,
    roles=ROLES,
    reserved_systems=RESERVED_SYSTEMS,
    events=(
        AvailabilityChanged,
        BalanceChanged,
        BillChanged,
        CustomerChanged,
        InvoiceChanged,
        ItemChanged,
        OpeningReceivableChanged,
        OrderChanged,
        PaymentReceived,
        PriceChanged,
        PriceListChanged,
        PurchaseChanged,
        PurchaseReturned,
    ),
    states=STATES,
    handlers=HANDLERS,
    jobs={REFRESH: refresh_orders, RESERVE: reserve_due},
    # The business day begins at another hour in each zone: asked each hour, none is far behind.
    schedules=(Schedule(RESERVE, timedelta(hours=1), RESERVE),),
)
