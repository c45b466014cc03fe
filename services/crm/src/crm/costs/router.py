"""Paths of costs of products."""

from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from crm.costs.errors import CostTaken
from crm.costs.schemas import ChangeProductCost, NewProductCost, UpsertProductCost
from crm.costs.service import COST
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["COSTS_READ", "cost", "cost_router"]

COSTS_READ = "costs.read"

cost_router = api_router(prefix="/v1/product-costs", tag="product-costs")
cost = RecordRoutes(
    cost_router,
    COST,
    one="cost",
    many="costs",
    read=COSTS_READ,
    write="costs.write",
    refuses=(CostTaken, MissingReference),
)
cost.list("Costs of products; `sort` by created_at, updated_at or valid_from.")
cost.create(NewProductCost, "Say what a product costs the company from a day on.")
cost.upsert(UpsertProductCost)
cost.links()
cost.csv(references={"product_id": Reference("product", codes=("code",))})
cost.get()
cost.history()
cost.change(ChangeProductCost)
cost.archive(
    "The cost was entered by mistake: it counts no more, and the day is free for another.",
    "The cost counts again.",
    refuses=(CostTaken,),
)
cost.link()
cost.unlink()
annotate(cost.paths)
