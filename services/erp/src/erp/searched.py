"""What each list is searched by: texts of its records, and of the records they belong to.

The texts of documents stand in their indexes in the same words.
"""

from chassis.storage.folding import folded, number_words
from chassis.storage.searching import Kept, Related, Searched

__all__ = [
    "ACCOUNTS",
    "APPROVALS",
    "BILLS",
    "BOMS",
    "CALENDAR",
    "CALENDARS",
    "CATEGORIES",
    "CUSTOMER",
    "CUSTOMERS",
    "DEMAND_FORECASTS",
    "ENTRIES",
    "INSPECTIONS",
    "INSPECTION_PLANS",
    "INVOICES",
    "INVOICE_NUMBER",
    "ITEM",
    "ITEMS",
    "JOURNAL_NUMBER",
    "KEPT",
    "LEVELS",
    "LOTS",
    "LOT_NUMBERS",
    "MOVES",
    "NONCONFORMANCES",
    "NUMBER",
    "OPENING_RECEIVABLES",
    "OPEN_ITEMS",
    "PAYMENTS",
    "PLANNING_PARAMETERS",
    "PRICES",
    "PRICE_LISTS",
    "PRINTED",
    "PRODUCTION_ORDERS",
    "PURCHASE_ORDERS",
    "PURCHASE_RETURNS",
    "RECEIPTS",
    "REPAIR_ORDERS",
    "ROUTINGS",
    "RUSH_REQUESTS",
    "SALES_ORDERS",
    "SERIALS",
    "SHIPMENTS",
    "SOFT_RESERVATIONS",
    "STOCK_DOCUMENTS",
    "SUGGESTIONS",
    "SUPPLIER",
    "SUPPLIERS",
    "SUPPLIER_PRICES",
    "WAREHOUSES",
    "WORK_CENTRE",
    "WORK_CENTRES",
    "bill_text",
    "memo_text",
    "open_item_text",
    "payment_text",
    "shipment_text",
]

_OF_PARTY = "number, name, sort_key, legal_name, email, tax_id, phone"
_PARTY = (
    "search_number(new.number) || ' ' || search_name(new.name, new.sort_key)"
    " || ' ' || new.legal_name || ' ' || translate(new.legal_name, '-.', '')"
    " || ' ' || new.email || ' ' || search_number(new.tax_id) || ' ' || new.phone"
    " || ' ' || regexp_replace(normalize(new.phone, NFKC), '[^0-9]', '', 'g')"
)
CUSTOMER = Kept("customer", _OF_PARTY, _PARTY)
SUPPLIER = Kept("supplier", _OF_PARTY, _PARTY)
ITEM = Kept(
    "item",
    "sku, name, sort_key, barcode",
    "search_number(new.sku) || ' ' || search_name(new.name, new.sort_key) || ' ' || new.barcode",
)
CALENDAR = Kept("calendar", "name, sort_key", "search_name(new.name, new.sort_key)")
WORK_CENTRE = Kept(
    "work_centre",
    "code, name, sort_key",
    "search_number(new.code) || ' ' || search_name(new.name, new.sort_key)",
)
KEPT = (CUSTOMER, SUPPLIER, ITEM, CALENDAR, WORK_CENTRE)

NUMBER = folded(number_words("number"))
CODE = folded(number_words("code"))
PRINTED = "(({of}series || '-') || lpad({of}number::text, 6, '0'))"
"""An invoice's number as it is printed."""
INVOICE_NUMBER = folded(number_words(PRINTED.format(of="")))
JOURNAL_NUMBER = folded("number::text")
# What came is told by the moves of a receipt that an earlier release booked without lines.
_CAME = """select purchase_receipt_id as receipt_id, item_id from purchase_receipt_line
  union all select m.source_id, m.item_id from stock_move m
    where m.source_type = 'purchase_receipt' and not exists (
      select from purchase_receipt_line c where c.purchase_receipt_id = m.source_id)"""


def shipment_text(of: str = "") -> str:
    """A shipment's number and that of its parcel."""
    return folded(number_words(f"{of}number"), f"{of}tracking_number")


def payment_text(of: str = "") -> str:
    """A payment's number and what the bank said of it."""
    return folded(number_words(f"{of}number"), f"{of}reference")


def bill_text(of: str = "") -> str:
    """The supplier's number of a bill."""
    return folded(number_words(f"{of}supplier_number"))


def open_item_text(of: str = "") -> str:
    """The number of what is to be paid."""
    return folded(number_words(f"{of}document_number"))


def memo_text(of: str = "") -> str:
    """What was noted of a posting or a move."""
    return folded(f"{of}memo")


def _parties(column: str) -> list[Related]:
    return [CUSTOMER.of(column), SUPPLIER.of(column)]


def _number(of: str) -> str:
    return folded(number_words(f"{of}.number"))


def _items(lines: str, record: str, *, column: str = "l.item_id", of: str = "") -> Related:
    return ITEM.of(column, lines=lines, record=record, of=of)


def _credited(of: str, table: str, text: str, key: str) -> Related:
    """The number of what a credit note takes back."""
    return Related(f"{table} credited", f"{of}.credits_id", text=text, id=f"credited.{key}")


def _named(table: str, names: str = "") -> Searched:
    """Few records with a code, and with a sort key beside their name unless `names` are all."""
    names = names or f"search_name({table}.name, {table}.sort_key)"
    text = f"search_fold(search_number({table}.code) || ' ' || {names})"
    return Searched(text, table, f"{table}.id", indexed=False)


CATEGORIES, PRICE_LISTS = _named("item_category"), _named("price_list")
WAREHOUSES = _named("warehouse", "warehouse.name")
ACCOUNTS = _named("account", "account.name || ' ' || account.name_zh")
CUSTOMERS, SUPPLIERS, ITEMS = CUSTOMER.searched(), SUPPLIER.searched(), ITEM.searched()
CALENDARS, WORK_CENTRES = CALENDAR.searched(), WORK_CENTRE.searched()
ROUTINGS = Searched("", "routing", "routing.id", [ITEM.of("routing.item_id")])
INSPECTION_PLANS = Searched(
    folded(number_words("inspection_plan.code")),
    "inspection_plan",
    "inspection_plan.id",
    [ITEM.of("inspection_plan.item_id")],
)
PRICES = Searched("", "price", "price.id", [ITEM.of("price.item_id")])
BOMS = Searched(
    "", "bill_of_material", "bill_of_material.id", [ITEM.of("bill_of_material.item_id")]
)
PLANNING_PARAMETERS = Searched(
    "", "planning_parameter", "planning_parameter.id", [ITEM.of("planning_parameter.item_id")]
)
DEMAND_FORECASTS = Searched(
    "", "demand_forecast", "demand_forecast.id", [ITEM.of("demand_forecast.item_id")]
)
SUPPLIER_PRICES = Searched(
    "",
    "supplier_price",
    "supplier_price.id",
    [
        ITEM.of("supplier_price.item_id"),
        SUPPLIER.of("supplier_price.supplier_id"),
    ],
)
SUGGESTIONS = Searched(
    "",
    "purchase_suggestion s",
    "s.id",
    [ITEM.of("s.item_id"), SUPPLIER.of("s.supplier_id")],
)
LEVELS = Searched("", "stock_level s", "s.item_id", [ITEM.of("s.item_id")])
LOT_NUMBERS = folded(number_words("number"), "supplier_lot")
LOTS = Searched(
    folded(number_words("lot.number"), "lot.supplier_lot"),
    "lot",
    "lot.id",
    [ITEM.of("lot.item_id")],
)
SERIALS = Searched(folded(number_words("s.number")), "serial s", "s.id", [ITEM.of("s.item_id")])
MOVES = Searched(memo_text("m."), "stock_move m", "m.id", [ITEM.of("m.item_id")])
STOCK_DOCUMENTS = Searched(
    memo_text("d."),
    "stock_move d",
    "d.id",
    [_items("stock_move l", "l.source_id", of="d.source_id")],
)
ENTRIES = Searched(
    memo_text("e."),
    "journal_entry e",
    "e.id",
    [Related("journal_number", "e.id", text=JOURNAL_NUMBER, id="entry_id")],
)

SALES_ORDERS = Searched(
    _number("sales_order"),
    "sales_order",
    "sales_order.id",
    [
        CUSTOMER.of("sales_order.customer_id"),
        _items("sales_order_line l", "l.order_id"),
    ],
)
SHIPMENTS = Searched(
    shipment_text("s."),
    "shipment s join sales_order o on o.id = s.order_id",
    "s.id",
    [
        CUSTOMER.of("o.customer_id"),
        Related("sales_order", "s.order_id", text=NUMBER),
        _items(
            "shipment_line l join sales_order_line ol on ol.id = l.order_line_id",
            "l.shipment_id",
            column="ol.item_id",
        ),
    ],
)
INVOICES = Searched(
    "",
    "invoice",
    "invoice.id",
    [
        Related("invoice_number", "invoice.id", text=INVOICE_NUMBER, id="invoice_id"),
        CUSTOMER.of("invoice.customer_id"),
        Related("sales_order", "invoice.order_id", text=NUMBER),
        _credited("invoice", "invoice_number", INVOICE_NUMBER, "invoice_id"),
        _items("invoice_line l", "l.invoice_id"),
    ],
)
PURCHASE_ORDERS = Searched(
    _number("o"),
    "purchase_order o",
    "o.id",
    [
        SUPPLIER.of("o.supplier_id"),
        _items("purchase_order_line l", "l.purchase_order_id"),
    ],
)
NONCONFORMANCES = Searched(_number("n"), "nonconformance n", "n.id", [ITEM.of("n.item_id")])
RUSH_REQUESTS = Searched(_number("r"), "rush_request r", "r.id", [])
INSPECTIONS = Searched(_number("n"), "inspection n", "n.id", [ITEM.of("n.item_id")])
SOFT_RESERVATIONS = Searched(
    _number("n"), "soft_reservation n", "n.id", [ITEM.of("n.item_id"), CUSTOMER.of("n.customer_id")]
)
REPAIR_ORDERS = Searched(
    _number("r"),
    "repair_order r",
    "r.id",
    [ITEM.of("r.item_id"), CUSTOMER.of("r.customer_id")],
)
PRODUCTION_ORDERS = Searched(
    _number("production_order"),
    "production_order",
    "production_order.id",
    [ITEM.of("production_order.item_id")],
)
RECEIPTS = Searched(
    _number("r"),
    "purchase_receipt r join purchase_order o on o.id = r.purchase_order_id",
    "r.id",
    [
        SUPPLIER.of("o.supplier_id"),
        Related("purchase_order", "r.purchase_order_id", text=NUMBER),
        _items(f"({_CAME}) l", "l.receipt_id"),
    ],
)
PURCHASE_RETURNS = Searched(
    _number("r"),
    "purchase_return r join purchase_order o on o.id = r.purchase_order_id",
    "r.id",
    [
        SUPPLIER.of("o.supplier_id"),
        Related("purchase_order", "r.purchase_order_id", text=NUMBER),
        Related("purchase_receipt", "r.purchase_receipt_id", text=NUMBER),
        _items(
            "purchase_return_line l join purchase_receipt_line c on c.id = l.receipt_line_id",
            "l.purchase_return_id",
            column="c.item_id",
        ),
    ],
)
BILLS = Searched(
    bill_text("bill."),
    "bill",
    "bill.id",
    [
        SUPPLIER.of("bill.supplier_id"),
        Related("purchase_order", "bill.purchase_order_id", text=NUMBER),
        _credited("bill", "bill", bill_text("credited."), "id"),
        _items(
            "bill_line l join purchase_order_line ol on ol.id = l.order_line_id",
            "l.bill_id",
            column="ol.item_id",
        ),
    ],
)
PAYMENTS = Searched(payment_text("payment."), "payment", "payment.id", _parties("payment.party_id"))
OPENING_RECEIVABLES = Searched(
    _number("r"), "opening_receivable r", "r.id", [CUSTOMER.of("r.customer_id")]
)
OPEN_ITEMS = Searched(
    open_item_text("open_item."), "open_item", "open_item.id", _parties("open_item.party_id")
)
APPROVALS = Searched(
    "",
    "approval",
    "approval.id",
    [
        Related("sales_order", "approval.subject_id", text=NUMBER),
        CUSTOMER.of(
            "o.customer_id", lines="sales_order o", record="o.id", of="approval.subject_id"
        ),
        Related("purchase_order", "approval.subject_id", text=NUMBER),
        SUPPLIER.of(
            "o.supplier_id", lines="purchase_order o", record="o.id", of="approval.subject_id"
        ),
    ],
)
