"""What costs of products bring into the CRM."""

from chassis.service import Module
from crm.costs.models import ProductCost
from crm.costs.router import cost_router

__all__ = ["MODULE"]

MODULE = Module(
    name="costs",
    routers=(cost_router,),
    tags={"product-costs": "What products cost the company, by day: what margins are counted by."},
    permissions={
        "costs.read": "See costs of products, and margins of quotes.",
        "costs.write": "Enter, correct and link costs of products.",
    },
    roles={"sales_manager": {"costs.read", "costs.write"}},
    tables=(ProductCost,),
)
