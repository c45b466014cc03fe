"""Explosions and uses: what is asked, and what is seen."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from erp.production.states import ComponentSource, Layout
from values.days import Day
from values.decimals import NonNegativeQuantity, PositiveQuantity
from values.text import Code

__all__ = [
    "MOST_ROWS",
    "ComponentNeed",
    "Explosion",
    "ExplosionAsked",
    "ItemUse",
    "ItemUses",
    "UsesAsked",
]

MOST_ROWS = 5000
Levels = Annotated[
    int,
    Field(ge=1, le=100, description="So many levels; 1: the direct ones. A phantom makes none."),
]
_ON = "The day on which making begins; by default today."


class ExplosionAsked(BaseModel):
    """Of what an explosion is asked."""

    sku: Code
    quantity: PositiveQuantity = Field(
        default="1", validate_default=True, description="How many are made, in its own unit."
    )
    on: Day | None = Field(default=None, description=_ON)
    levels: Levels = 100
    layout: Layout = Field(
        default=Layout.SUMMARISED,
        description="summarised: each item once; indented: each line in its place.",
    )


class ComponentNeed(BaseModel):
    """So much of an item is needed."""

    level: int = Field(description="Levels below what is made; summarised: the lowest one.")
    item_id: UUID
    sku: str
    name: str
    quantity: NonNegativeQuantity = Field(
        description="In the item's own unit, rounded up as that is counted; scrap is included."
    )
    unit: str
    source: ComponentSource = Field(
        description="made: by a bill of its own; phantom: passed through; bought: by no bill."
    )
    bill_of_material_id: UUID | None = Field(description="The bill that counts; null: none does.")


class Explosion(BaseModel):
    """What is needed to make so many of an item."""

    item_id: UUID
    sku: str
    bill_of_material_id: UUID = Field(description="The bill that counts on the day.")
    quantity: PositiveQuantity
    on: date
    layout: Layout
    components: list[ComponentNeed]


class UsesAsked(BaseModel):
    """Of which item the uses are asked."""

    sku: Code
    on: Day | None = Field(default=None, description=_ON)
    levels: Levels = 100


class ItemUse(BaseModel):
    """What the item goes into."""

    level: int = Field(description="Levels above the item, on the shortest way.")
    item_id: UUID
    sku: str
    name: str
    quantity: NonNegativeQuantity = Field(
        description="How much of the item one of this needs, rounded up; 0: as an alternate only."
    )
    unit: str = Field(description="The own unit of the item that is used.")
    bill_of_material_id: UUID
    label: str


class ItemUses(BaseModel):
    """Everything that an item goes into, directly or not."""

    item_id: UUID
    sku: str
    on: date
    uses: list[ItemUse]
