"""What is to be made or bought now: one answer of plan and shortages."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from erp.planning.states import Source, SupplyOrigin
from records.filters import AnyOf
from values.decimals import PositiveQuantity

__all__ = ["SupplySuggestion", "SupplySuggestionQuery", "SupplySuggestions"]


class SupplySuggestionQuery(BaseModel):
    """Which suggestions are wanted."""

    sku: str | None = Field(default=None, max_length=64)
    source: Annotated[str, AnyOf(Source)] | None = Field(
        default=None, description="Only what is to be made, or bought."
    )


class SupplySuggestion(BaseModel):
    """So much of an item should be made or bought."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    item_id: UUID
    sku: str
    source: Source = Field(description="make or buy, as the item's policy says.")
    origin: SupplyOrigin = Field(
        description="plan: the current plan; shortage: orders that wait, beyond what is planned."
    )
    quantity: PositiveQuantity = Field(description="How much to begin or to order.")
    due_on: date = Field(description="When it is needed.")
    release_on: date = Field(description="When it is to begin or to be ordered.")
    supplier_number: str | None = Field(description="Who would deliver it.")
    planned_order_id: UUID | None = Field(description="The planned order that says so.")
    purchase_suggestion_id: UUID | None = Field(
        description="The purchase suggestion of the item, of which this is all or the rest."
    )


class SupplySuggestions(BaseModel):
    """What is to be made or bought now, each need once."""

    plan_id: UUID | None = Field(description="The current plan; null: there is none yet.")
    suggestions: list[SupplySuggestion] = Field(description="The first to begin first.")
    complete: bool = Field(description="Whether these are all; at most 5,000 are shown.")
