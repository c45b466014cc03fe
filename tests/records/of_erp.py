"""The record types of the ERP."""

from erp.ledger.service.years import ensure_year
from identity.testing.desk import Desk
from tests.records.kind import (
    ADDRESS,
    CNY,
    EMPTY_ADDRESS,
    NEVER_EMPTY,
    PERIOD,
    REACHABLE,
    TWO,
    Fields,
    Kind,
    Values,
    both,
    coded,
    given,
)

HOURS = [{"weekday": 1, "start": "09:00", "end": "18:00"}]
"""Mondays only."""


async def item(desk: Desk) -> str:
    """SKU of an item."""
    sku = desk.word("SKU")
    await desk.add("/v1/items", sku=sku, name="Bolt")
    return sku


async def item_new(desk: Desk) -> Values:
    """An item, and the category and tax code that another one may get."""
    if not (await desk.see("/v1/tax-codes?limit=200"))["items"]:
        await desk.server.post("/v1/tax-codes", {"code": "VAT13", "name": "VAT", "rate": "0.13"})
    return {"sku": desk.word("SKU"), "name": "Bolt"} | await with_category(desk)


async def routing_new(desk: Desk) -> Values:
    hours = [{"weekday": 1, "start": "08:00", "end": "16:00"}]
    name = desk.word("Saws")
    calendar = await desk.add("/v1/calendars", name=name, zone="UTC", hours=hours)
    centre = await desk.add(
        "/v1/work-centres", code=desk.word("W"), name=name, calendar_id=calendar["id"]
    )
    operation = {"sequence": 10, "work_centre": centre["code"], "run_minutes": "2.5"}
    return {"sku": await item(desk), "label": "A", "operations": [operation], "note": "Soon."}


async def inspection_plan_new(desk: Desk) -> Values:
    looked_at = {"number": 10, "name": "Diameter", "unit": "mm", "upper_limit": "8.1"}
    facts = {"code": desk.word("IP"), "label": "A", "stage": "receipt", "note": "Gauge."}
    return facts | {"sku": await item(desk), "characteristics": [looked_at]}


async def production_order_new(desk: Desk) -> Values:
    days = {"start_on": "2026-12-01", "due_on": "2026-12-04"}
    return {"sku": await item(desk), "quantity": "2", "note": "Soon."} | days


async def with_category(desk: Desk) -> Values:
    """There is a category `MERGED` afterwards."""
    await desk.server.post("/v1/item-categories", {"code": "MERGED", "name": "Merged"})
    return {}


async def category_new(desk: Desk) -> Values:
    return {"code": desk.word("C"), "name": "Lamps"} | await with_category(desk)


async def price_sent(desk: Desk) -> Values:
    return {"sku": await item(desk), "price": CNY, "min_quantity": "1.0"}


async def sales_order_sent(desk: Desk) -> Values:
    customer = await desk.add("/v1/customers", name=desk.word("Customer"))
    line = {"sku": await item(desk), "quantity": "2.0", "unit_price": CNY, "discount": "0.10"}
    return {"customer_id": customer["id"], "lines": [line], "note": "Today."}


async def opening_stock_sent(desk: Desk) -> Values:
    async with desk.server.database.transaction() as work:
        await ensure_year(work, work.today())
    return {"sku": await item(desk), "quantity": "1.0", "unit_cost": CNY}


async def supplier_price_new(desk: Desk) -> Values:
    supplier = await desk.add("/v1/suppliers", name="Mill")
    return {"supplier_number": supplier["number"], "sku": await item(desk), "price": CNY}


async def supplier_price_sent(desk: Desk) -> Values:
    known, terms = desk.word(), {"lead_time_days": 1, "min_quantity": "2.0"}
    await desk.send("/v1/suppliers", known, 1, system="shop", name="Mill")
    return {"supplier_external_id": known, "sku": await item(desk), "price": CNY} | terms


async def planning_parameter_new(desk: Desk) -> Values:
    return {"sku": await item(desk), "lead_days": 3, "yield_part": "0.95"}


async def changeover_new(desk: Desk) -> Values:
    return {"from_family": desk.word("F"), "to_family": desk.word("T"), "minutes": 30}


async def shared_resource_new(desk: Desk) -> Values:
    return {"kind": "skill", "name": desk.word("Skill"), "capacity": 2}


async def demand_forecast_new(desk: Desk) -> Values:
    days = {"from_on": "2030-06-01", "to_on": "2030-06-30"}
    return {"sku": await item(desk), "quantity": "40", "note": "As said."} | days


async def bom_new(desk: Desk) -> Values:
    line = {"sku": await item(desk), "quantity": "2", "scrap": "0.05"}
    return {"sku": await item(desk), "label": desk.word("R"), "note": "As drawn.", "lines": [line]}


async def lot_new(desk: Desk) -> Values:
    made = await desk.add("/v1/items", sku=desk.word("SKU"), name="Milk", tracking="lot")
    return {"sku": made["sku"], "number": desk.word("L"), "note": "By night."}


async def purchase_order_sent(desk: Desk) -> Values:
    supplier = await desk.add("/v1/suppliers", name="Mill")
    line = {"sku": await item(desk), "quantity": "2.0", "unit_price": CNY}
    return {"supplier_number": supplier["number"], "lines": [line]}


async def journal_entry_sent(desk: Desk) -> Values:
    async with desk.server.database.transaction() as work:
        await ensure_year(work, work.today())
    expenses = (await desk.see("/v1/accounts?kind=expense&limit=200"))["items"]
    sides = [(expenses[-1]["code"], "debit"), ("bank", "credit")]
    return {"memo": "Rent", "lines": [{"account": one, side: "7.00"} for one, side in sides]}


async def ledger_opening_sent(desk: Desk) -> Values:
    async with desk.server.database.transaction() as work:
        await ensure_year(work, work.today())
        day = work.today().isoformat()
    till = await desk.add("/v1/accounts", code=desk.word("T"), name="Till", kind="asset")
    lines = [{"account": till["code"], "debit": "7.00"}]
    return {"memo": "Opening", "effective_on": day, "lines": lines}


async def payment_sent(desk: Desk) -> Values:
    customer = await desk.add("/v1/customers", name=desk.word("Customer"))
    return {"party_id": customer["id"], "amount": CNY, "reference": "Transfer"}


PARTY: Fields = REACHABLE | {
    "kind": ("person", NEVER_EMPTY),
    "legal_name": ("Other Ltd", ""),
    "tax_id_shared": (True, NEVER_EMPTY),
    "payment_terms_days": (7, NEVER_EMPTY),
}
DOZEN = {"unit": "DZN", "numerator": 12}

OF_ERP = (
    Kind(
        half="erp",
        path="/v1/customers",
        table="customer",
        **both(given(name="Mill", phone="1", bill_to={"city": "Ningbo"})),
        change={"phone": "2"},
        fields=PARTY
        | {
            "credit_limit": (CNY, None),
            "dunning_block": (True, NEVER_EMPTY),
            "price_list": ("standard", None),
            "bill_to": (ADDRESS, EMPTY_ADDRESS),
            "ship_to": (ADDRESS, EMPTY_ADDRESS),
        },
        found=True,
    ),
    Kind(
        half="erp",
        path="/v1/suppliers",
        table="supplier",
        **both(given(name="Mill", phone="1", address={"city": "Ningbo"})),
        change={"phone": "2"},
        fields=PARTY | {"address": (ADDRESS, EMPTY_ADDRESS)},
        found=True,
    ),
    Kind(
        half="erp",
        path="/v1/item-categories",
        table="item_category",
        **both(category_new),
        change={"name": "Others"},
        fields={"name": ("Other", NEVER_EMPTY), "parent": ("MERGED", None)},
        code="code",
        found=True,
    ),
    Kind(
        half="erp",
        path="/v1/items",
        table="item",
        new=item_new,
        sent=coded("sku", "SKU", name="Lamp", conversions=[DOZEN]),
        change={"name": "Other"},
        fields={
            "sku": ("S-94A1B2C3D", NEVER_EMPTY),
            "name": ("Other", NEVER_EMPTY),
            "description": ("Of steel.", ""),
            "category": ("MERGED", None),
            "kind": ("goods", NEVER_EMPTY),
            "tracking": ("serial", NEVER_EMPTY),
            "picking": ("fifo", NEVER_EMPTY),
            "shelf_life_days": (30, None),
            "warranty_months": (24, None),
            "conversions": ([DOZEN | {"denominator": 1}], []),
            "barcode": ("4006381333931", ""),
            "sold": (False, NEVER_EMPTY),
            "bought": (False, NEVER_EMPTY),
            "discontinued_on": ("2030-01-01", None),
            "unit": ("C62", NEVER_EMPTY),
        },
        apart=frozenset({"tax_code"}),
        code="sku",
        found=True,
    ),
    Kind(
        half="erp",
        path="/v1/price-lists",
        table="price_list",
        new=coded("code", "L", name="Trade"),
        fields={"name": ("Other", NEVER_EMPTY)},
    ),
    Kind(
        half="erp",
        path="/v1/prices",
        table="price",
        **both(price_sent),
        change={"price": TWO},
        fields=PERIOD | {"price": (TWO, NEVER_EMPTY)},
    ),
    Kind(
        half="erp",
        path="/v1/supplier-prices",
        table="supplier_price",
        new=supplier_price_new,
        sent=supplier_price_sent,
        change={"lead_time_days": 9},
        fields={
            "lead_time_days": (3, NEVER_EMPTY),
            "min_quantity": ("2", NEVER_EMPTY),
            "multiple": ("3", NEVER_EMPTY),
            "price": (TWO, NEVER_EMPTY),
        },
    ),
    Kind(
        half="erp",
        path="/v1/bills-of-material",
        table="bill_of_material",
        **both(bom_new),
        change={"note": "Other"},
        fields={
            "label": ("B", NEVER_EMPTY),
            "quantity": ("2", NEVER_EMPTY),
            "kind": ("phantom", NEVER_EMPTY),
            "effective_from": ("2030-01-01", None),
            "effective_to": ("2031-01-01", None),
            "note": ("Oak only.", ""),
            "by_products": ([], NEVER_EMPTY),
        },
        apart=frozenset({"lines"}),
    ),
    Kind(
        half="erp",
        path="/v1/lots",
        table="lot",
        **both(lot_new),
        change={"note": "Other"},
        fields={
            "supplier_lot": ("S-7", ""),
            "made_on": ("2030-01-01", None),
            "expires_on": ("2031-01-01", None),
            "note": ("Cool.", ""),
        },
        apart=frozenset({"supplier_id"}),
    ),
    Kind(
        half="erp",
        path="/v1/planning-parameters",
        table="planning_parameter",
        **both(planning_parameter_new),
        change={"lead_days": 9},
        fields={
            "policy": ("make_to_order", None),
            "lot_rule": ("multiple", NEVER_EMPTY),
            "lot_quantity": ("7", NEVER_EMPTY),
            "lot_minimum": ("2", NEVER_EMPTY),
            "lot_maximum": ("90", NEVER_EMPTY),
            "lot_multiple": ("5", NEVER_EMPTY),
            "lot_days": (14, NEVER_EMPTY),
            "setup_cost": ("40.5", NEVER_EMPTY),
            "holding_cost": ("0.01", NEVER_EMPTY),
            "lead_days": (4, None),
            "safety_stock": ("6", NEVER_EMPTY),
            "yield_part": ("0.9", NEVER_EMPTY),
            "fence_days": (5, NEVER_EMPTY),
            "forecast_backward_days": (7, NEVER_EMPTY),
            "forecast_forward_days": (14, NEVER_EMPTY),
        },
    ),
    Kind(
        half="erp",
        path="/v1/demand-forecasts",
        table="demand_forecast",
        **both(demand_forecast_new),
        change={"quantity": "9"},
        fields={
            "from_on": ("2030-05-30", NEVER_EMPTY),
            "to_on": ("2030-07-05", NEVER_EMPTY),
            "quantity": ("50", NEVER_EMPTY),
            "source": ("holt", NEVER_EMPTY),
            "note": ("Soon.", ""),
        },
    ),
    Kind(
        half="erp",
        path="/v1/changeovers",
        table="changeover",
        **both(changeover_new),
        change={"minutes": 45},
        fields={"minutes": (50, NEVER_EMPTY), "note": ("By crane.", "")},
    ),
    Kind(
        half="erp",
        path="/v1/shared-resources",
        table="shared_resource",
        **both(shared_resource_new),
        change={"capacity": 5},
        fields={"capacity": (7, NEVER_EMPTY), "note": ("By night.", "")},
        apart=frozenset({"calendar_id"}),
    ),
    Kind(
        half="erp",
        path="/v1/scheduling-profiles",
        table="scheduling_profile",
        **both(coded("code", "P", frozen_hours=4)),
        change={"frozen_hours": 9},
        fields={
            "horizon_days": (30, NEVER_EMPTY),
            "frozen_hours": (16, NEVER_EMPTY),
            "lateness_weight": (20, NEVER_EMPTY),
            "setup_weight": (2, NEVER_EMPTY),
            "makespan_weight": (0, NEVER_EMPTY),
            "stability_weight": (9, NEVER_EMPTY),
            "solver_seconds": (5, NEVER_EMPTY),
            "note": ("In summer.", ""),
        },
        code="code",
    ),
    Kind(
        half="erp",
        path="/v1/sales-orders",
        table="sales_order",
        sent=sales_order_sent,
        change={"note": "Soon, please."},
    ),
    Kind(half="erp", path="/v1/purchase-orders", table="purchase_order", sent=purchase_order_sent),
    Kind(half="erp", path="/v1/opening-stock", table="opening_stock", sent=opening_stock_sent),
    Kind(half="erp", path="/v1/journal-entries", table="journal_entry", sent=journal_entry_sent),
    Kind(
        half="erp",
        path="/v1/journal-entries/openings",
        table="journal_entry",
        sent=ledger_opening_sent,
    ),
    Kind(half="erp", path="/v1/payments", table="payment", sent=payment_sent),
    Kind(
        half="erp",
        path="/v1/accounts",
        table="account",
        new=coded("code", "A", name="Postage", kind="expense"),
    ),
    Kind(
        half="erp",
        path="/v1/calendars",
        table="calendar",
        **both(coded("name", "N", zone="Asia/Shanghai", hours=HOURS)),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "zone": ("Europe/Berlin", NEVER_EMPTY),
            "country": ("CN", ""),
            "hours": ([{"weekday": 2, "start": "10:00", "end": "12:00"}], NEVER_EMPTY),
            "exceptions": ([{"day": "2030-01-02", "name": "", "hours": []}], []),
        },
        apart=frozenset({"region"}),
        found=True,
    ),
    Kind(
        half="erp",
        path="/v1/work-centres",
        table="work_centre",
        **both(coded("code", "W", name="Saws")),
        change={"name": "Other"},
        fields={
            "name": ("Other", NEVER_EMPTY),
            "note": ("Soon.", ""),
            "capacity": (3, NEVER_EMPTY),
            "cost_per_hour": ("60.5", NEVER_EMPTY),
            "overhead_per_hour": ("12", NEVER_EMPTY),
            "efficiency": ("80", NEVER_EMPTY),
            "skills": (["welding"], []),
            "tools": (["jig"], []),
        },
        apart=frozenset({"calendar_id"}),
        code="code",
        found=True,
    ),
    Kind(
        half="erp",
        path="/v1/routings",
        table="routing",
        **both(routing_new),
        change={"note": "Other"},
        fields={
            "label": ("B", NEVER_EMPTY),
            "effective_from": ("2030-01-01", None),
            "effective_to": ("2031-01-01", None),
            "note": ("By hand.", ""),
        },
        apart=frozenset({"operations"}),
    ),
    Kind(
        half="erp",
        path="/v1/inspection-plans",
        table="inspection_plan",
        **both(inspection_plan_new),
        change={"note": "Other"},
        fields={
            "label": ("B", NEVER_EMPTY),
            "effective_from": ("2030-01-01", None),
            "effective_to": ("2031-01-01", None),
            "note": ("By hand.", ""),
        },
        apart=frozenset(
            {
                *("sku", "category", "supplier_number", "work_centre", "operation", "stage"),
                *("customer_number", "sampling", "sampling_value", "characteristics"),
            }
        ),
    ),
    Kind(
        half="erp",
        path="/v1/production-orders",
        table="production_order",
        **both(production_order_new),
        change={"note": "Other"},
        fields={
            "quantity": ("3", NEVER_EMPTY),
            "start_on": ("2026-11-30", NEVER_EMPTY),
            "due_on": ("2026-12-24", NEVER_EMPTY),
            "over_tolerance": ("0.1", NEVER_EMPTY),
            "under_tolerance": ("0.05", NEVER_EMPTY),
            "backflush": (False, NEVER_EMPTY),
            "priority": (2, NEVER_EMPTY),
            "rush": (True, NEVER_EMPTY),
            "note": ("For the fair.", ""),
        },
    ),
)
