"""Paths of the catalog."""

from erp.catalog.router.items import category_router, item_router, unit_router
from erp.catalog.router.prices import price_list_router, price_router

__all__ = ["category_router", "item_router", "price_list_router", "price_router", "unit_router"]
