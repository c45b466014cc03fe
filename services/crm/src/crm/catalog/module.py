"""What products and their prices bring into the CRM."""

from chassis.service import Module
from crm.catalog.models import SEARCH, PriceList, Product, ProductAvailability, ProductPrice
from crm.catalog.router import price_list_router, price_router, product_router

__all__ = ["MODULE"]

MODULE = Module(
    name="catalog",
    routers=(product_router, price_list_router, price_router),
    tags={
        "price-lists": "Lists of prices as the ERP keeps them.",
        "product-prices": "Prices of products by list, quantity and day.",
        "products": "What can be offered, and the price that a customer would pay.",
    },
    permissions={
        "catalog.read": "See products and prices.",
        "catalog.write": "Create and change products and prices.",
    },
    roles={
        "seller": {"catalog.read"},
        "sales_manager": {"catalog.read", "catalog.write"},
        "service_agent": {"catalog.read"},
        "marketer": {"catalog.read"},
    },
    tables=(Product, PriceList, ProductPrice, ProductAvailability, SEARCH),
)
