"""What production publishes: the state of a bill of material after a change."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event
from erp.production.states import BomKind, BomStatus
from records.custom.fields import CustomState
from values.decimals import NonNegativeDecimal, PositiveQuantity

__all__ = ["BillOfMaterialChanged", "ByProductState", "ComponentState"]


class ComponentState(BaseModel):
    """A component of a bill of material."""

    item_id: UUID
    sku: str
    quantity: PositiveQuantity = Field(description="In `unit`, for what the bill makes.")
    unit: str = Field(description="UN/ECE Recommendation 20 code.")
    scrap: NonNegativeDecimal = Field(description="Part of what is issued that is lost.")
    effective_from: date | None = Field(description="First day; null: since ever.")
    effective_to: date | None = Field(description="Last day; null: until further notice.")
    alternate_group: str = Field(description="Of lines of one group one counts; empty: it counts.")
    priority: int = Field(description="Of its group the lowest counts.")
    phantom: bool | None = Field(description="Null: as the component's own bill says.")


class ByProductState(BaseModel):
    """What comes out beside the item."""

    item_id: UUID
    sku: str
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    cost_share: NonNegativeDecimal = Field(description="Part of the cost that it bears.")


class BillOfMaterialChanged(CustomState, Event):
    """A revision of a bill of material was made, changed, activated or archived."""

    event_name = "bill-of-material-changed"
    topic = "production"
    aggregate = "bill-of-material"

    item_id: UUID
    sku: str
    label: str = Field(description="Label of the revision, such as `A` or `2`.")
    quantity: PositiveQuantity = Field(description="So many are made of the components.")
    kind: BomKind = Field(description="A phantom is passed through in explosions.")
    effective_from: date | None = Field(description="First day; null: since ever.")
    effective_to: date | None = Field(description="Last day; null: until further notice.")
    note: str
    status: BomStatus = Field(description="Only an active one counts, on its days.")
    lines: list[ComponentState] = Field(description="Its components, in their order.")
    by_products: list[ByProductState] = Field(description="What comes out beside the item.")

    @classmethod
    def of(cls, bom: object, changed: Sequence[str], **shown: Any) -> Self:
        """The event of a bill as it is now; `shown` has sku, lines and by-products."""
        given = shown | {"changed": sorted(changed)}
        own = {name: getattr(bom, name) for name in cls.model_fields if name not in given}
        return cls.model_validate(own | given)
