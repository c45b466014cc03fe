"""The demo company: a maker of lamps, small enough to be known by heart.

Everything goes through the same acts as a caller's; sent twice, it stays as it is.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from chassis.work.unit_of_work import Work
from erp.catalog.schemas import Conversion, UpsertCategory, UpsertItem, UpsertPrice
from erp.catalog.service.categories import CATEGORY
from erp.catalog.service.items import ITEM
from erp.catalog.service.prices import PRICE
from erp.ledger.service.years import ensure_year
from erp.parties.schemas import UpsertCustomer, UpsertSupplier
from erp.parties.service.customers import CUSTOMER
from erp.parties.service.suppliers import SUPPLIER
from records.upserts import Upserted
from records.writes import upsert_of
from values.address import AddressChange
from values.money import MoneyChange, UnitPriceChange

__all__ = ["make_demo_company"]

SYSTEM = "demo"

_CATEGORIES: Mapping[str, Mapping[str, Any]] = {
    "lamps": {"code": "LAMPS", "name": "Lamps"},
    "parts": {"code": "PARTS", "name": "Parts"},
}

_ITEMS: Mapping[str, Mapping[str, Any]] = {
    "desk-lamp": {"sku": "DESK-LAMP", "name": "Desk lamp", "category": "LAMPS"},
    "floor-lamp": {"sku": "FLOOR-LAMP", "name": "Floor lamp 落地灯", "category": "LAMPS"},
    "bulb": {
        "sku": "BULB-E27",
        "name": "LED bulb E27",
        "category": "PARTS",
        "conversions": [Conversion(unit="BX", numerator=10)],
    },
    "cable": {"sku": "CABLE", "name": "Lamp cable", "category": "PARTS", "unit": "MTR"},
    "delivery": {
        "sku": "DELIVERY",
        "name": "Delivery",
        "kind": "service",
        "bought": False,
    },
}

_PRICES: Mapping[str, tuple[str, str, str]] = {
    "desk-lamp": ("DESK-LAMP", "0", "129.00"),
    "desk-lamp-10": ("DESK-LAMP", "10", "119.00"),
    "floor-lamp": ("FLOOR-LAMP", "0", "349.00"),
    "bulb": ("BULB-E27", "0", "9.90"),
    "bulb-100": ("BULB-E27", "100", "7.45"),
    "cable": ("CABLE", "0", "3.875"),
    "delivery": ("DELIVERY", "0", "25.00"),
}
"""SKU, minimum quantity, price of one."""

_SUPPLIERS: Mapping[str, Mapping[str, Any]] = {
    "bulbs": {"name": "Bright Bulbs Works", "payment_terms_days": 45},
    "cables": {"name": "东港线缆有限公司", "language": "zh-CN", "payment_terms_days": 30},
}

_CUSTOMERS: Mapping[str, Mapping[str, Any]] = {
    "hotel": {
        "name": "Lakeside Hotel",
        "email": "orders@lakeside.example",
        "ship_to": AddressChange(line1="1 Lake Road", city="Hangzhou", country="CN"),
        "payment_terms_days": 30,
    },
    "offices": {
        "name": "晨光办公用品有限公司",
        "language": "zh-CN",
        "ship_to": AddressChange(line1="人民路 8 号", city="上海", country="CN"),
        "payment_terms_days": 14,
    },
}
_LIMITS = {"hotel": "50000.00", "offices": "20000.00"}

Act = Callable[[Work, str, str, Any], Awaitable[Upserted]]


async def make_demo_company(work: Work) -> Mapping[str, int]:
    """Create what is missing of the demo company; how many records are new or unchanged.

    Its books are open for this year: goods can be received, shipped, invoiced and paid at once.
    """
    currency = work.setting.currency
    await ensure_year(work, work.today())
    sent = [
        *_commands(upsert_of(CATEGORY), UpsertCategory, _CATEGORIES),
        *_commands(upsert_of(ITEM), UpsertItem, _ITEMS),
        *_commands(upsert_of(PRICE), UpsertPrice, _prices(currency)),
        *_commands(upsert_of(SUPPLIER), UpsertSupplier, _SUPPLIERS),
        *_commands(upsert_of(CUSTOMER), UpsertCustomer, _customers(currency)),
    ]
    outcomes: Counter[str] = Counter()
    for act, key, command in sent:
        outcomes[(await act(work, SYSTEM, key, command)).outcome] += 1
    return outcomes


def _commands(
    act: Act, kind: type[Any], records: Mapping[str, Mapping[str, Any]]
) -> Sequence[tuple[Act, str, Any]]:
    return [(act, key, kind(source_version=1, **facts)) for key, facts in records.items()]


def _prices(currency: str) -> Mapping[str, Mapping[str, Any]]:
    return {
        key: {
            "sku": sku,
            "min_quantity": Decimal(least),
            "price": UnitPriceChange(amount=Decimal(amount), currency=currency),
        }
        for key, (sku, least, amount) in _PRICES.items()
    }


def _customers(currency: str) -> Mapping[str, Mapping[str, Any]]:
    return {
        key: {
            **facts,
            "credit_limit": MoneyChange(amount=Decimal(_LIMITS[key]), currency=currency),
        }
        for key, facts in _CUSTOMERS.items()
    }
