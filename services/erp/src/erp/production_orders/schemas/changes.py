"""What a revision of a bill of material affects: orders, stock, and what the item goes into."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from erp.production_orders.states import ProductionOrderState
from values.decimals import NonNegativeQuantity, PositiveQuantity
from values.text import Command

__all__ = [
    "AffectedComponent",
    "AffectedOrder",
    "AffectedUse",
    "EngineeringChange",
    "EngineeringChangeAsked",
]

MOST_ROWS = 1000


class EngineeringChangeAsked(Command):
    """Of which revision the effect is wanted."""

    bill_of_material_id: UUID = Field(description="Id of the revision, drafted or active.")


class AffectedOrder(BaseModel):
    """An order for the item that is not finished."""

    order_id: UUID = Field(description="Id of the production order.")
    number: str = Field(description="Number of the order.")
    state: ProductionOrderState
    quantity: PositiveQuantity = Field(description="How many good ones are wanted.")
    start_on: date = Field(description="The day on which making begins.")
    kept_label: str | None = Field(
        description="Label of the revision that the order keeps; null: it keeps none yet."
    )
    takes_it: bool = Field(
        description="Whether the order begins on a day of the revision and keeps none yet."
    )


class AffectedComponent(BaseModel):
    """A component of the revision, or of the one before it."""

    item_id: UUID
    sku: str
    before: NonNegativeQuantity = Field(
        description="How much one needs by the revision that counts now; 0: nothing."
    )
    after: NonNegativeQuantity = Field(description="How much one needs by the new one; 0: nothing.")
    on_hand: NonNegativeQuantity
    expected: NonNegativeQuantity = Field(description="Ordered from suppliers and not here yet.")
    needed: NonNegativeQuantity = Field(description="What firm orders still need of it.")


class AffectedUse(BaseModel):
    """A revision of another item that names the item."""

    bill_of_material_id: UUID
    sku: str
    label: str = Field(description="Label of that revision.")


class EngineeringChange(BaseModel):
    """What a revision affects, as of today; each list has at most 1,000 rows."""

    bill_of_material_id: UUID
    sku: str
    label: str = Field(description="Label of the revision.")
    replaces_label: str | None = Field(
        description="Label of the revision that counts today; null: none but this one."
    )
    on_hand: NonNegativeQuantity = Field(description="How many of the item are on hand.")
    orders: list[AffectedOrder] = Field(description="Orders of the item that are not finished.")
    components: list[AffectedComponent] = Field(description="What is new, gone or as before.")
    uses: list[AffectedUse] = Field(description="What the item goes into directly.")
