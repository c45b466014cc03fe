"""The demo company's customers, people and products: a maker of lamps, known by heart.

Everything goes through the same acts as a caller's; done twice, it stays as it is. The product
codes are those of the ERP's demo: where both run, the ERP becomes master of them.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from chassis.work.unit_of_work import Work
from crm.accounts.schemas import UpsertAccount, UpsertContact
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.catalog.errors import DuplicateCode
from crm.catalog.schemas import UpsertPrice, UpsertProduct
from crm.catalog.service.prices import PRICE
from crm.catalog.service.products import PRODUCT
from crm.consents import ConsentChange, ConsentState
from crm.ownership import ManagedByErp
from records.upserts import Upserted
from records.writes import upsert_of
from values.address import AddressChange
from values.money import UnitPriceChange

__all__ = ["make_demo_company"]

SYSTEM = "demo"

_ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    "restaurants": {
        "name": "Seaview Restaurants",
        "email": "buying@seaview.example",
        "phone": "0571 8765 4321",
        "website": "https://seaview.example",
        "industry": "Hospitality",
        "billing_address": AddressChange(line1="12 Harbour Street", city="Ningbo", country="CN"),
        "shipping_address": AddressChange(line1="12 Harbour Street", city="Ningbo", country="CN"),
    },
    "library": {
        "name": "江南图书馆",
        "email": "采购@图书馆.example",
        "phone": "0512 6123 4567",
        "language": "zh-CN",
        "billing_address": AddressChange(line1="书院弄 3 号", city="苏州", country="CN"),
        "shipping_address": AddressChange(line1="书院弄 3 号", city="苏州", country="CN"),
    },
    "studio": {
        "name": "Northlight Design Studio",
        "stage": "prospect",
        "email": "hello@northlight.example",
        "phone": "+49 30 901820",
        "industry": "Design",
        "segment": "small",
    },
    "collector": {"name": "赵明", "kind": "person", "stage": "prospect", "language": "zh-CN"},
}

_CONTACTS: Mapping[str, Mapping[str, Any]] = {
    "restaurants-buyer": {
        "account_external_id": "restaurants",
        "name": "Sun Li",
        "title": "Buyer",
        "email": "sun.li@seaview.example",
        "phone": "138 1234 5678",
        "consent": ConsentChange(email=ConsentState.GRANTED, phone=ConsentState.GRANTED),
        "primary": True,
    },
    "restaurants-accounts": {
        "account_external_id": "restaurants",
        "name": "Hu Bo",
        "title": "Accountant",
        "email": "accounts@seaview.example",
    },
    "library-head": {
        "account_external_id": "library",
        "name": "周静",
        "title": "馆长",
        "consent": ConsentChange(phone=ConsentState.REFUSED),
        "primary": True,
    },
    "studio-owner": {
        "account_external_id": "studio",
        "name": "Anna Weber",
        "title": "Owner",
        "email": "anna@northlight.example",
        "primary": True,
    },
}

_PRODUCTS: Mapping[str, tuple[str, str, str, str]] = {
    "desk-lamp": ("DESK-LAMP", "Desk lamp", "LAMPS", "129.00"),
    "floor-lamp": ("FLOOR-LAMP", "Floor lamp 落地灯", "LAMPS", "349.00"),
    "bulb": ("BULB-E27", "LED bulb E27", "PARTS", "9.90"),
}
"""Code, name, category, list price of one."""

_PRICES: Mapping[str, tuple[str, str, str]] = {
    "desk-lamp-10": ("DESK-LAMP", "10", "119.00"),
    "bulb-100": ("BULB-E27", "100", "7.45"),
}
"""Code, minimum quantity, price of one."""

Act = Callable[[Work, str, str, Any], Awaitable[Upserted]]
Sending = tuple[Act, str, Any]


async def make_demo_company(work: Work) -> Mapping[str, int]:
    """Create what is missing of the demo company; how many records are new or unchanged.

    What the ERP is master of already is left to it, and counted as `left`.
    """
    sent = [
        *_sendings(upsert_of(ACCOUNT), UpsertAccount, _ACCOUNTS),
        *_sendings(upsert_of(CONTACT), UpsertContact, _CONTACTS),
        *_sendings(upsert_of(PRODUCT), UpsertProduct, _products(work.setting.currency)),
        *_sendings(upsert_of(PRICE), UpsertPrice, _prices(work.setting.currency)),
    ]
    outcomes: Counter[str] = Counter()
    for act, key, command in sent:
        outcomes[await _sent(work, act, key, command)] += 1
    return outcomes


async def _sent(work: Work, act: Act, key: str, command: Any) -> str:
    try:
        async with work.savepoint():
            return (await act(work, SYSTEM, key, command)).outcome
    except (ManagedByErp, DuplicateCode):
        return "left"


def _sendings(
    act: Act, kind: type[Any], records: Mapping[str, Mapping[str, Any]]
) -> Iterable[Sending]:
    return [(act, key, kind(source_version=1, **facts)) for key, facts in records.items()]


def _products(currency: str) -> Mapping[str, Mapping[str, Any]]:
    return {
        key: {
            "code": code,
            "name": name,
            "category": category,
            "list_price": UnitPriceChange(amount=Decimal(amount), currency=currency),
        }
        for key, (code, name, category, amount) in _PRODUCTS.items()
    }


def _prices(currency: str) -> Mapping[str, Mapping[str, Any]]:
    return {
        key: {
            "product": code,
            "min_quantity": Decimal(least),
            "price": UnitPriceChange(amount=Decimal(amount), currency=currency),
        }
        for key, (code, least, amount) in _PRICES.items()
    }
