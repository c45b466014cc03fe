"""What made items cost: what is asked, and what is seen."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from erp.production.states import CostSource
from values.days import Day
from values.money import UnitPriceView
from values.text import Code

__all__ = ["CostAsked", "CostRollUp", "ItemCostView"]


class CostAsked(BaseModel):
    """Of which item the cost is asked."""

    sku: Code
    on: Day | None = Field(default=None, description="The day of the bills; by default today.")


class ItemCostView(BaseModel):
    """What one of an item costs."""

    level: int = Field(description="The lowest level at which it is needed; 0: what is asked for.")
    item_id: UUID
    sku: str
    name: str
    unit: str
    unit_cost: UnitPriceView | None = Field(
        description="Of one of its own unit, rounded to 6 decimals; null: nobody knows."
    )
    source: CostSource = Field(
        description="rolled_up: the sum of its components, less what by-products bear; stock: the "
        "average of what is in stock; supplier_price: the lowest; unknown: none of them."
    )


class CostRollUp(BaseModel):
    """What one of a made item costs, from what its components cost now."""

    item_id: UUID
    sku: str
    on: date
    unit_cost: UnitPriceView = Field(description="Components of unknown cost count nothing.")
    unknown: list[str] = Field(description="SKUs of components of which nobody knows the cost.")
    items: list[ItemCostView] = Field(description="All items below it as well, by level.")
