"""What is published of inspection plans, and what the modules above hear of rejected goods."""

from collections.abc import Sequence
from datetime import date
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event, InternalEvent
from erp.inspections.states import CharacteristicKind, InspectionStage, PlanStatus, Sampling
from records.custom.fields import CustomState
from values.decimals import NonNegativeQuantity, PositiveDecimal, PositiveQuantity, Quantity

__all__ = ["CharacteristicState", "GoodsRejected", "InspectionPlanChanged"]


class GoodsRejected(InternalEvent):
    """An inspection rejected goods: a case is opened for them in the same act.

    `withheld`: how many the case withholds, of an item without lots.
    """

    case_id: UUID
    inspection_id: UUID
    item_id: UUID
    quantity: PositiveQuantity
    withheld: NonNegativeQuantity
    lot_id: UUID | None
    serials: list[str]
    supplier_id: UUID | None
    customer_id: UUID | None
    reason: str


class CharacteristicState(BaseModel):
    """What is looked at of goods."""

    number: int = Field(description="A lower one comes first.")
    name: str = Field(description="What is looked at.")
    kind: CharacteristicKind = Field(description="A number within limits, or yes and no.")
    unit: str = Field(description="Unit of the number.")
    nominal: Quantity | None = Field(description="What it should be.")
    lower_limit: Quantity | None = Field(description="The least that is good; null: none.")
    upper_limit: Quantity | None = Field(description="The most that is good; null: none.")
    note: str = Field(description="How it is looked at.")


class InspectionPlanChanged(CustomState, Event):
    """An inspection plan was drafted, changed, activated or archived."""

    event_name = "inspection-plan-changed"
    topic = "quality"
    aggregate = "inspection-plan"

    code: str = Field(description="Code that all revisions of a plan have.")
    label: str = Field(description="Label of the revision.")
    stage: InspectionStage = Field(description="When goods are inspected by it.")
    item_id: UUID | None = Field(description="The item; null: any.")
    category_id: UUID | None = Field(description="The category of items; null: any.")
    supplier_id: UUID | None = Field(description="The supplier; null: any.")
    work_centre_id: UUID | None = Field(description="The work centre; null: any.")
    operation: str = Field(description="Name of the operation; empty: any.")
    customer_id: UUID | None = Field(description="The customer; null: any.")
    sampling: Sampling = Field(description="How many are looked at.")
    sampling_value: PositiveDecimal | None = Field(description="Percent, number or AQL.")
    characteristics: list[CharacteristicState] = Field(description="What is looked at.")
    effective_from: date | None = Field(description="First day; null: since ever.")
    effective_to: date | None = Field(description="Last day; null: until further notice.")
    note: str
    status: PlanStatus = Field(description="Only an active one counts, on its days.")

    @classmethod
    def of(cls, plan: object, changed: Sequence[str]) -> Self:
        """The event of a plan as it is now."""
        own = {name: getattr(plan, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(own | {"changed": sorted(changed)})
