"""Production orders: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt

from chassis.http.etag import EtagVersion, Revision
from erp.production_orders.states import ProductionOrderState, StepKind
from erp.routings.states import Breaks, RunBasis
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import (
    NonNegativeDecimal,
    NonNegativeQuantity,
    PositiveDecimal,
    PositiveQuantity,
)
from values.external import SourceVersion
from values.text import Code, DocumentNumber, OptionalNote, unset

__all__ = [
    "ChangeProductionOrder",
    "NewProductionOrder",
    "OrderByProductView",
    "OrderComponentView",
    "OrderOperationView",
    "ProductionOrderQuery",
    "ProductionOrderView",
    "ProductionStepView",
    "ProductionSteps",
    "UpsertProductionOrder",
]

Priority = Annotated[StrictInt, Field(ge=1, le=9)]
Part = Annotated[NonNegativeDecimal, Field(le=1)]
_QUANTITY = "How many good ones are wanted, in the item's own unit."
_START = "The day on which making begins; bill and routing are those of this day."
_DUE = "The day on which all are to be there."
_OVER = "Which part more than ordered may be reported, from 0 to 1."
_UNDER = "Which part fewer than ordered may be finished with, from 0 to 1."
_PRIORITY = "From 1 to 9: of two orders the one with the lower number is scheduled first."
_RUSH = "Whether it is scheduled before all orders that are not."
_BACKFLUSH = "Whether a report takes the standard material for good, scrap and rework from stock."


class ProductionOrderFields(CustomValues):
    """Fields of a production order. What is left out of a change stays as it is."""

    over_tolerance: Part = Field(default_factory=unset, description=f"{_OVER} By default 0.")
    under_tolerance: Part = Field(default_factory=unset, description=f"{_UNDER} By default 0.")
    backflush: StrictBool = Field(
        default_factory=unset, description=f"{_BACKFLUSH} By default true."
    )
    priority: Priority = Field(default_factory=unset, description=f"{_PRIORITY} By default 5.")
    rush: StrictBool = Field(default_factory=unset, description=f"{_RUSH} By default false.")
    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewProductionOrder(ProductionOrderFields):
    """Plan to make so many of an item."""

    sku: Code
    quantity: PositiveQuantity = Field(description=_QUANTITY)
    start_on: Day = Field(description=_START)
    due_on: Day = Field(description=_DUE)


class ChangeProductionOrder(ProductionOrderFields):
    """Change an order (JSON merge patch). Once it is firm, only due day, priority, rush, note."""

    quantity: PositiveQuantity = Field(default_factory=unset, description=_QUANTITY)
    start_on: Day = Field(default_factory=unset, description=_START)
    due_on: Day = Field(default_factory=unset, description=_DUE)


class UpsertProductionOrder(ProductionOrderFields):
    """A planned order as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when the order is new here.")
    quantity: PositiveQuantity = Field(
        default_factory=unset, description="Needed when the order is new here."
    )
    start_on: Day = Field(default_factory=unset, description="Needed when the order is new here.")
    due_on: Day = Field(default_factory=unset, description="Needed when the order is new here.")


class OrderComponentView(BaseModel):
    """A component as the order was made firm with."""

    item_id: UUID
    sku: str
    required: NonNegativeQuantity = Field(description="For the whole order; 0: not planned.")
    issued: NonNegativeQuantity = Field(description="What was issued less what came back.")


class OrderOperationView(BaseModel):
    """An operation as the order was made firm with."""

    sequence: int = Field(description="Number of the operation; a lower one comes first.")
    name: str = Field(description="What is done.")
    work_centre: str = Field(description="Code of the work centre.")
    supplier_number: str | None = Field(description="Number of the supplier who does it.")
    setup_minutes: NonNegativeDecimal = Field(description="Minutes, once for the order.")
    run_minutes: NonNegativeDecimal = Field(description="Minutes for one piece or batch.")
    run_basis: RunBasis = Field(description="Whether run_minutes are of a piece or a batch.")
    queue_minutes: NonNegativeDecimal = Field(description="Minutes of waiting before it.")
    setup_family: str = Field(description="What is set up alike; empty: none.")
    breaks: Breaks = Field(description="Whether breaks interrupt it, or it fits between two.")
    yield_part: PositiveDecimal = Field(description="Part of what begins that comes out good.")
    start_quantity: NonNegativeQuantity = Field(description="How many are to begin it.")
    planned_minutes: NonNegativeDecimal = Field(description="Minutes for all of them.")
    good: NonNegativeQuantity = Field(description="How many came out of it good.")
    scrapped: NonNegativeQuantity = Field(description="How many were lost in it.")
    reworked: NonNegativeQuantity = Field(description="How many are made again.")
    minutes: NonNegativeDecimal = Field(description="Minutes that were booked on it.")


class OrderByProductView(BaseModel):
    """What comes out beside the item."""

    item_id: UUID
    sku: str
    planned: NonNegativeQuantity = Field(description="For the whole order.")
    received: NonNegativeQuantity = Field(description="How many came in.")


class ProductionOrderView(CustomView):
    """A production order."""

    id: UUID
    number: str = Field(description="Number of the order.")
    item_id: UUID
    sku: str
    unit: str
    quantity: PositiveQuantity = Field(description=_QUANTITY)
    start_quantity: PositiveQuantity = Field(
        description="How many are begun so that so many come out good, by the yields."
    )
    start_on: date = Field(description=_START)
    due_on: date = Field(description=_DUE)
    state: ProductionOrderState
    bill_of_material_id: UUID | None = Field(description="The bill that it was made firm with.")
    routing_id: UUID | None = Field(description="The routing that it was made firm with.")
    rework_of_id: UUID | None = Field(description="The order whose pieces are made again.")
    over_tolerance: NonNegativeDecimal = Field(description=_OVER)
    under_tolerance: NonNegativeDecimal = Field(description=_UNDER)
    backflush: bool = Field(description=_BACKFLUSH)
    priority: int = Field(description=_PRIORITY)
    rush: bool = Field(description=_RUSH)
    scheduled_start_at: datetime | None = Field(
        description="When its first operation begins by the published schedule; null: in none."
    )
    scheduled_end_at: datetime | None = Field(
        description="When its last operation ends by the published schedule; null: in none."
    )
    note: str
    good: NonNegativeQuantity = Field(description="How many were laid into stock.")
    scrapped: NonNegativeQuantity = Field(description="How many were lost.")
    reworked: NonNegativeQuantity = Field(description="How many are made again.")
    open_quantity: NonNegativeQuantity = Field(
        description="How many are still to come; 0 once the order is done or cancelled."
    )
    steps: int = Field(description="How often something was booked on it.")
    progress_percent: NonNegativeDecimal = Field(description="How far it is, from 0 to 100.")
    components: list[OrderComponentView] = Field(description="What it needs; empty: not firm yet.")
    operations: list[OrderOperationView] = Field(description="How it is made, in the sequence.")
    by_products: list[OrderByProductView] = Field(description="What comes out beside the item.")
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ProductionStepView(BaseModel):
    """What was booked on an order."""

    id: UUID
    kind: StepKind = Field(description="issue, return, report or close.")
    sequence: int | None = Field(description="Number of the operation that was reported.")
    good: NonNegativeQuantity = Field(description="How many were good.")
    scrapped: NonNegativeQuantity = Field(description="How many were lost.")
    reworked: NonNegativeQuantity = Field(description="How many are made again.")
    minutes: NonNegativeDecimal = Field(description="Minutes of work.")
    reason: str = Field(description="Why pieces were lost, or are made again.")
    rework_order_id: UUID | None = Field(description="The order that makes them again.")
    effective_on: date
    recorded_at: datetime
    actor: str


class ProductionSteps(BaseModel):
    """All that was booked on an order."""

    order_id: UUID = Field(description="Id of the production order.")
    steps: list[ProductionStepView] = Field(description="The steps, the first one first.")


class ProductionOrderQuery(Tagged):
    """Which production orders are wanted."""

    number: DocumentNumber | None = Field(default=None, description="Only the order so numbered.")
    item_id: UUID | None = None
    sku: Code | None = None
    component_sku: Code | None = Field(
        default=None, description="Only firm orders that need the item with this number."
    )
    state: Annotated[str, AnyOf(ProductionOrderState)] | None = None
    bill_of_material_id: UUID | None = None
    routing_id: UUID | None = Field(default=None, description="Only orders made firm with it.")
    rework_of_id: UUID | None = Field(default=None, description="Only reworks of the order.")
    start_on_gte: Day | None = Field(default=None, description="Only what begins on it or later.")
    start_on_lte: Day | None = Field(default=None, description="Only what begins by it.")
    due_on_gte: Day | None = Field(default=None, description="Only what is due on it or later.")
    due_on_lte: Day | None = Field(default=None, description="Only what is due by it.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
