"""Words of planning."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "PLANNED_ORDER_FOLLOWING",
    "PLAN_FOLLOWING",
    "DemandKind",
    "LotRule",
    "MessageKind",
    "PlanState",
    "PlannedOrderState",
    "Policy",
    "PromiseOrigin",
    "ReceiptKind",
    "Source",
    "SupplyKind",
    "SupplyOrigin",
]


class Source(StrEnum):
    """Where an item comes from."""

    MAKE = "make"
    BUY = "buy"
    PHANTOM = "phantom"


class LotRule(StrEnum):
    """How needs become orders."""

    LOT_FOR_LOT = "lot_for_lot"
    FIXED = "fixed"
    MULTIPLE = "multiple"
    MIN_MAX = "min_max"
    PERIOD = "period"
    LEAST_UNIT_COST = "least_unit_cost"
    LEAST_TOTAL_COST = "least_total_cost"
    WAGNER_WHITIN = "wagner_whitin"


class DemandKind(StrEnum):
    """Why an item is needed."""

    SALES_ORDER = "sales_order"
    FORECAST = "forecast"
    PRODUCTION_ORDER = "production_order"
    PLANNED_ORDER = "planned_order"
    SAFETY_STOCK = "safety_stock"


class ReceiptKind(StrEnum):
    """What is ordered already."""

    PURCHASE_ORDER = "purchase_order"
    PRODUCTION_ORDER = "production_order"
    BY_PRODUCT = "by_product"


class SupplyKind(StrEnum):
    """What covers a need."""

    ON_HAND = "on_hand"
    RECEIPT = "receipt"
    PLANNED_ORDER = "planned_order"


class SupplyOrigin(StrEnum):
    """What says that something is to be made or bought."""

    PLAN = "plan"
    SHORTAGE = "shortage"


class MessageKind(StrEnum):
    """What a planner should do about what is ordered, or know of what is planned."""

    RESCHEDULE_IN = "reschedule_in"
    RESCHEDULE_OUT = "reschedule_out"
    CANCEL = "cancel"
    OVERDUE = "overdue"
    EXPEDITE = "expedite"


class Policy(StrEnum):
    """How an item is got: made or bought for stock, or made for the order that needs it."""

    MAKE_TO_STOCK = "make_to_stock"
    MAKE_TO_ORDER = "make_to_order"
    BUY = "buy"


class PlanState(StrEnum):
    """Whether a plan is asked for, being made, made, or could not be made."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


PLAN_FOLLOWING: Mapping[PlanState, frozenset[PlanState]] = {
    PlanState.QUEUED: frozenset({PlanState.RUNNING}),
    PlanState.RUNNING: frozenset({PlanState.DONE, PlanState.FAILED}),
    PlanState.DONE: frozenset(),
    PlanState.FAILED: frozenset(),
}
"""A plan whose worker vanished stays running until another worker makes it."""


class PlannedOrderState(StrEnum):
    """Whether a planned order is still only planned."""

    PLANNED = "planned"
    ORDERED = "ordered"


PLANNED_ORDER_FOLLOWING: Mapping[PlannedOrderState, frozenset[PlannedOrderState]] = {
    PlannedOrderState.PLANNED: frozenset({PlannedOrderState.ORDERED}),
    PlannedOrderState.ORDERED: frozenset(),
}


class PromiseOrigin(StrEnum):
    """Where a part of what is promised comes from."""

    STOCK = "stock"
    RECEIPT = "receipt"
    MAKE = "make"
    BUY = "buy"
