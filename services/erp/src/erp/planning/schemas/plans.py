"""Plans and what they say: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from erp.planning.states import (
    DemandKind,
    LotRule,
    MessageKind,
    PlannedOrderState,
    PlanState,
    Source,
    SupplyKind,
)
from records.filters import AnyOf
from values.days import Day
from values.decimals import NonNegativeDecimal, NonNegativeQuantity, PositiveQuantity
from values.text import Command

__all__ = [
    "MakePlanned",
    "OrderPlanned",
    "OrderReasons",
    "OrdersOfPlan",
    "PegView",
    "PlanMessageQuery",
    "PlanMessageView",
    "PlanQuery",
    "PlanView",
    "PlannedOrderQuery",
    "PlannedOrderView",
    "ProductionOfPlan",
]


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class PlanView(View):
    """A plan, and how far it is."""

    id: UUID
    state: PlanState = Field(description="queued, running, done or failed.")
    progress: int = Field(description="Percent of the work that is done.")
    is_current: bool = Field(description="Whether planned orders and messages are those of it.")
    asked_by: str
    created_at: datetime
    finished_at: datetime | None = Field(description="Null: it is not done yet.")
    planned_on: date | None = Field(description="The day as of which is planned.")
    items: int = Field(description="Items that are needed or expected.")
    orders: int = Field(description="Planned orders.")
    messages: int = Field(description="Messages of the plan.")
    input_hash: str | None = Field(description="SHA-256 of what it is made from.")
    output_hash: str | None = Field(description="SHA-256 of what is planned.")
    problem: str | None = Field(description="Why there is no plan.")


class PlanQuery(BaseModel):
    """Which plans are wanted."""

    state: Annotated[str, AnyOf(PlanState)] | None = None


class PlannedOrderView(View):
    """What the current plan wants bought or made."""

    id: UUID
    item_id: UUID
    sku: str
    name: str = Field(description="The item's name.")
    unit: str
    number: int = Field(description="Counts the planned orders of the item.")
    source: Source = Field(description="make: by a bill of material; buy: from a supplier.")
    state: PlannedOrderState = Field(description="planned, or ordered since.")
    release_on: date = Field(description="When it is to begin or to be ordered.")
    due_on: date = Field(description="When it is to be here.")
    start_quantity: PositiveQuantity = Field(description="What is begun or ordered.")
    quantity: PositiveQuantity = Field(description="What of it is good.")
    past_due_days: int = Field(
        description="Working days by which it should have begun earlier than it can."
    )
    supplier_number: str | None = Field(description="Who would deliver it.")
    purchase_order_id: UUID | None = Field(description="The purchase order that it became.")
    production_order_id: UUID | None = Field(description="The production order that it became.")


class PlannedOrderQuery(BaseModel):
    """Which planned orders are wanted."""

    sku: str | None = Field(default=None, max_length=64)
    source: Annotated[str, AnyOf(Source)] | None = Field(
        default=None, description="Only those to make, or to buy."
    )
    state: Annotated[str, AnyOf(PlannedOrderState)] | None = None
    supplier: str | None = Field(default=None, max_length=64, description="The supplier's number.")
    release_on_lte: Day | None = Field(default=None, description="The last day of its release.")
    due_on_gte: Day | None = Field(default=None, description="The first day that it is due on.")
    due_on_lte: Day | None = Field(default=None, description="The last day that it is due on.")
    past_due: bool | None = Field(default=None, description="Whether its release has passed.")


class PlanMessageView(View):
    """What should be done about what is ordered, or is planned too late."""

    id: UUID
    kind: MessageKind = Field(
        description="reschedule_in, reschedule_out, cancel and overdue are about something ordered;"
        " expedite is about a planned order."
    )
    item_id: UUID
    sku: str
    day: date = Field(description="When it is due; of a planned order, when it is released.")
    needed_on: date | None = Field(description="When it is needed; null: not at all.")
    quantity: PositiveQuantity = Field(description="How much it is about.")
    by_days: int = Field(description="By how many days it is too late.")
    purchase_order_number: str | None = Field(description="The purchase order it is about.")
    production_order_number: str | None = Field(description="The production order it is about.")
    planned_order_id: UUID | None = Field(description="The planned order it is about.")


class PlanMessageQuery(BaseModel):
    """Which messages are wanted."""

    kind: Annotated[str, AnyOf(MessageKind)] | None = Field(
        default=None, description="Only messages of this kind."
    )
    sku: str | None = Field(default=None, max_length=64)


class PegView(View):
    """So much of a requirement is covered by a supply."""

    level: int = Field(description="0: the order itself; then the orders above, or below it.")
    sku: str
    quantity: PositiveQuantity = Field(description="What is covered.")
    needed_on: date = Field(description="When it is needed.")
    kind: DemandKind = Field(description="What needs it.")
    sales_order_number: str | None = Field(description="The sales order that needs it.")
    forecast_id: UUID | None = Field(description="The demand forecast that expects it.")
    needed_by_production_order: str | None = Field(
        description="Number of the production order that needs it."
    )
    supply: SupplyKind = Field(description="What covers it.")
    supply_order_id: UUID | None = Field(description="The planned order that covers it.")
    purchase_order_number: str | None = Field(description="The purchase order that covers it.")
    production_order_number: str | None = Field(
        description="The production order that covers it, also with a by-product."
    )
    possible_on: date | None = Field(
        description="When all that is needed can be here; null: in time."
    )


class OrderReasons(View):
    """Why a planned order is there: what it answers, and the rules that made it what it is."""

    order: PlannedOrderView = Field(description="What is planned.")
    level: int = Field(description="Low-level code of the item.")
    on_hand: NonNegativeQuantity = Field(description="What was free in stock.")
    safety_stock: NonNegativeQuantity = Field(description="What is to be left of it.")
    needed: PositiveQuantity = Field(description="What was lacking that it was made for.")
    lot_rule: LotRule = Field(description="The rule that made needs orders.")
    yield_part: NonNegativeDecimal = Field(description="Part of what is begun that is good.")
    lead_days: int = Field(description="Days from release to due day.")
    possible_on: date = Field(description="First day on which it could begin.")
    demands: list[PegView] = Field(description="Up: what it covers, and what that is needed for.")
    supplies: list[PegView] = Field(description="Down: what covers its components.")


class OrderPlanned(Command):
    """Let planned orders become purchase orders, one for each supplier."""

    ids: list[UUID] = Field(min_length=1, max_length=500, description="Planned orders to buy.")
    due_on: Day | None = Field(
        default=None,
        description="Day agreed with the supplier, of all lines; null: when the plan says, or after"
        " the lead time from today where that is later.",
    )


class OrdersOfPlan(View):
    """The purchase orders that were placed."""

    purchase_order_ids: list[UUID] = Field(description="Their ids, by supplier number.")


class MakePlanned(Command):
    """Let planned orders become firm production orders, all or none."""

    ids: list[UUID] = Field(min_length=1, max_length=500, description="Planned orders to make.")


class ProductionOfPlan(View):
    """The production orders that were made firm."""

    production_order_ids: list[UUID] = Field(
        description="Their ids, in the order of the planned orders."
    )
