"""Acts on production orders: what is asked, and what is seen of material and values."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from erp.production_orders.states import AvailabilityReason, ProductionOrderState
from erp.stock.schemas.lot_lines import Lots, ReceivedLot
from values.amounts import InCurrency
from values.days import Day
from values.decimals import NonNegativeDecimal, NonNegativeQuantity, PositiveQuantity, Sum
from values.text import Code, Command, OptionalName, SerialNumber

__all__ = [
    "ChangedOrder",
    "CloseProductionOrders",
    "ComponentAvailability",
    "FinishProductionOrder",
    "IssueMaterial",
    "MaterialAvailability",
    "MaterialQuantity",
    "ProductionCosts",
    "ProductionOrderReport",
    "ProductionOrdersChanged",
    "ReleaseProductionOrder",
    "ReleaseProductionOrders",
    "ReportProduction",
    "ReportProductions",
    "Reported",
]

_DAY = "The day on which it happened; by default today. A past day needs `backdate`."
MOST_ORDERS = 500
OrderIds = Annotated[list[UUID], Field(min_length=1, max_length=MOST_ORDERS)]


class ReleaseProductionOrder(Command):
    """Let work begin."""

    require_material: StrictBool = Field(
        default=False, description="Refuse it where a component is not there."
    )


class ReleaseProductionOrders(ReleaseProductionOrder):
    """Let work on many orders begin, all or none."""

    order_ids: OrderIds = Field(description="Ids of planned or firm orders.")


class MaterialQuantity(Command):
    """So much of a component."""

    sku: Code
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    serials: Annotated[list[SerialNumber], Field(max_length=1000)] = Field(
        default=[], description="Numbers of the pieces, of an item that has them."
    )
    lots: Lots = Field(
        default=[],
        description="Of an item that is tracked by lot. None named: issued are those that leave "
        "first; what comes back names them.",
    )


class IssueMaterial(Command):
    """Take material from stock for an order, or bring it back."""

    lines: Annotated[list[MaterialQuantity], Field(min_length=1, max_length=1000)] = Field(
        description="What, and how much of it."
    )
    effective_on: Day | None = Field(default=None, description=_DAY)


class Reported(Command):
    """What was made: of an operation, or of the whole order."""

    operation: Annotated[int, Field(strict=True, ge=1, le=9999)] | None = Field(
        default=None,
        description="Number of the operation; null: the whole order, with all operations before.",
    )
    good: NonNegativeQuantity = Field(
        default="0", validate_default=True, description="How many are good."
    )
    scrap: NonNegativeQuantity = Field(
        default="0", validate_default=True, description="How many are lost."
    )
    rework: NonNegativeQuantity = Field(
        default="0",
        validate_default=True,
        description="How many are made again: a rework order is planned for them.",
    )
    reason: OptionalName = Field(
        default="", description="Why pieces are lost or made again; needed where some are."
    )
    minutes: NonNegativeDecimal | None = Field(
        default=None,
        description="Minutes of work on the one operation; null: as many as the routing says.",
    )
    serials: Annotated[list[SerialNumber], Field(max_length=1000)] = Field(
        default=[], description="Numbers of the good pieces, of an item that has them."
    )
    lots: Annotated[list[ReceivedLot], Field(max_length=500)] = Field(
        default=[],
        description="Lots of the good ones, of an item that is tracked by lot, all of them. None "
        "named: a lot with the number of the order.",
    )
    finish: StrictBool = Field(default=False, description="Finish the order with it.")
    accept_short: StrictBool = Field(
        default=False, description="Finish it with fewer good ones than the tolerance allows."
    )


class ReportProduction(Reported):
    """What was made on an order: of an operation, or of the whole order."""

    effective_on: Day | None = Field(default=None, description=_DAY)


class ProductionOrderReport(Reported):
    """What was made on one of many orders."""

    order_id: UUID = Field(description="Id of the production order.")


class ReportProductions(Command):
    """What was made on many orders, all or none."""

    reports: Annotated[list[ProductionOrderReport], Field(min_length=1, max_length=MOST_ORDERS)] = (
        Field(description="One of each order.")
    )
    effective_on: Day | None = Field(default=None, description=_DAY)


class FinishProductionOrder(Command):
    """Report no more on the order."""

    accept_short: StrictBool = Field(
        default=False, description="Finish it with fewer than the tolerance allows."
    )


class CloseProductionOrders(Command):
    """Book the variances of many orders that are done, all or none."""

    order_ids: OrderIds = Field(description="Ids of orders that are done.")
    effective_on: Day | None = Field(default=None, description=_DAY)


class ChangedOrder(BaseModel):
    """How far an order is after an act on many."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str = Field(description="Number of the order.")
    state: ProductionOrderState
    good: NonNegativeQuantity = Field(description="How many were laid into stock.")
    progress_percent: NonNegativeDecimal = Field(description="How far it is, from 0 to 100.")


class ProductionOrdersChanged(BaseModel):
    """Orders after an act on many of them."""

    orders: list[ChangedOrder] = Field(description="The orders, by their ids.")


class ComponentAvailability(BaseModel):
    """Whether a component is there when the order begins."""

    item_id: UUID
    sku: str
    required: NonNegativeQuantity = Field(description="What is still to be issued.")
    on_hand: NonNegativeQuantity
    free: NonNegativeQuantity = Field(description="On hand and reserved for no customer's order.")
    needed_by_earlier: NonNegativeQuantity = Field(
        description="What released orders that begin earlier still need of it."
    )
    expected: NonNegativeQuantity = Field(description="Ordered from suppliers, whenever due.")
    missing: NonNegativeQuantity = Field(description="What is neither free for it nor due by then.")
    reason: AvailabilityReason
    available_on: date | None = Field(
        description="The day from which it is there; null: on no day that is known."
    )


class MaterialAvailability(BaseModel):
    """Whether the material of an order is there when it begins."""

    order_id: UUID = Field(description="Id of the production order.")
    number: str = Field(description="Number of the order.")
    start_on: date = Field(description="The day on which making begins.")
    available: bool = Field(description="Whether every component is there by then.")
    components: list[ComponentAvailability] = Field(description="Each component with its reason.")


class ProductionCosts(InCurrency):
    """What went into an order, what came out, and what is still in it (E62)."""

    order_id: UUID = Field(description="Id of the production order.")
    number: str = Field(description="Number of the order.")
    currency: str
    planned_cost: Sum = Field(description="What the whole order was to cost when it became firm.")
    material: Sum = Field(description="Material issued, less what came back.")
    labour: Sum = Field(description="Hours at the rates of the work centres.")
    overhead: Sum = Field(description="Hours at the overhead rates of the work centres.")
    rework_in: Sum = Field(description="What pieces brought from the order that they are of.")
    finished: Sum = Field(description="Good ones, at planned cost.")
    by_products: Sum = Field(description="By-products, at their share of the planned cost.")
    scrap: Sum = Field(description="Scrap beyond what the yields say, at planned cost.")
    rework_out: Sum = Field(description="What pieces took along that are made again.")
    variance: Sum = Field(description="The difference that was booked when the order was closed.")
    work_in_progress: Sum = Field(description="What is still in it: 0.00 once it is closed.")
