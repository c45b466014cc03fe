"""What is published of production orders: their state after a change, and how far they are."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from erp.production_orders.states import ProductionOrderState
from records.custom.fields import CustomState
from values.decimals import NonNegativeDecimal, NonNegativeQuantity, PositiveQuantity

__all__ = ["ProductionOrderChanged"]


class ProductionOrderChanged(CustomState, Event):
    """A production order was planned, changed, or something was booked on it."""

    event_name = "production-order-changed"
    topic = "production"
    aggregate = "production-order"

    number: str = Field(description="Number of the order.")
    item_id: UUID
    sku: str
    quantity: PositiveQuantity = Field(description="How many good ones are wanted.")
    start_quantity: PositiveQuantity = Field(description="How many are begun.")
    start_on: date = Field(description="The day on which making begins.")
    due_on: date = Field(description="The day on which all are to be there.")
    state: ProductionOrderState
    bill_of_material_id: UUID | None = Field(description="The bill that it was made firm with.")
    routing_id: UUID | None = Field(description="The routing that it was made firm with.")
    rework_of_id: UUID | None = Field(description="The order whose pieces are made again.")
    over_tolerance: NonNegativeDecimal = Field(description="Part that may be more.")
    under_tolerance: NonNegativeDecimal = Field(description="Part that may be fewer.")
    backflush: bool = Field(description="Whether reports take the standard material.")
    priority: int = Field(description="From 1 to 9: the lower one is scheduled first.")
    rush: bool = Field(description="Whether it is scheduled before all that are not.")
    note: str
    good: NonNegativeQuantity = Field(description="How many were laid into stock.")
    scrapped: NonNegativeQuantity = Field(description="How many were lost.")
    reworked: NonNegativeQuantity = Field(description="How many are made again.")
    steps: int = Field(description="How often something was booked on it.")
    progress_percent: NonNegativeDecimal = Field(description="How far it is, from 0 to 100.")

    @classmethod
    def of(cls, order: object, changed: list[str], **shown: Any) -> Self:
        """The event of an order as it is now; `shown` has its SKU."""
        given = shown | {"changed": sorted(changed)}
        own = {name: getattr(order, name) for name in cls.model_fields if name not in given}
        return cls.model_validate(own | given)
