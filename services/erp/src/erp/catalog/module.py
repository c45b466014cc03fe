"""What items and their prices bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.catalog.events import ItemChanged, PriceChanged, PriceListChanged
from erp.catalog.models import SEARCH, Item, ItemCategory, ItemUnit, Price, PriceList, Unit
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

__all__ = ["MODULE"]

MODULE = Module(
    name="catalog",
    routers=(unit_router, category_router, item_router, price_list_router, price_router),
    tags={
        "item-categories": "The tree that items are sorted into.",
        "items": "What is bought, stocked and sold: goods and services, with their units.",
        "price-lists": "Lists that sales prices belong to; one is the default.",
        "prices": "Sales prices of items by list, quantity and day.",
        "units": "Units that quantities are counted in.",
    },
    permissions={
        "catalog.read": "See items, units, categories and prices.",
        "catalog.write": "Create and change items, units, categories and prices.",
    },
    roles={
        "accountant": {"catalog.read"},
        "buyer": {"catalog.read", "catalog.write"},
        "planner": {"catalog.read", "catalog.write"},
        "seller": {"catalog.read"},
        "storekeeper": {"catalog.read"},
    },
    tables=(Unit, ItemCategory, ItemUnit, Item, PriceList, Price, SEARCH),
    rights={
        "item_unit": "select, insert, update, delete",
    },
    events=(ItemChanged, PriceChanged, PriceListChanged),
    states={
        ItemChanged: States("item", item_states),
        PriceChanged: States("price", price_states),
        PriceListChanged: States("price_list", price_list_states),
    },
)
