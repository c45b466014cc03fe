"""What costs of products bring into the CRM."""

from chassis.service import Module
from chassis.work.states import States
from crm.costs.events import ProductCostChanged
from crm.costs.models import ProductCost
from crm.costs.router import cost_router
from crm.costs.service import product_cost_states

__all__ = ["MODULE"]

MODULE = Module(
    name="costs",
    routers=(cost_router,),
    tags={"product-costs": "What products cost the company, by day: what margins are counted by."},
    permissions={
        "costs.read": "See costs of products, and margins of quotes.",
        "costs.write": "Enter, correct, archive and link costs of products.",
    },
    roles={"sales_manager": {"costs.read", "costs.write"}},
    tables=(ProductCost,),
    events=(ProductCostChanged,),
    states={ProductCostChanged: States("product_cost", product_cost_states)},
)
