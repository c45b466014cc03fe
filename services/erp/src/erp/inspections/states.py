"""Stages at which goods are inspected, states of plans, and how samples are taken."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "PLAN_FOLLOWING",
    "CharacteristicKind",
    "InspectionSource",
    "InspectionStage",
    "InspectionState",
    "PlanStatus",
    "Sampling",
]


class InspectionStage(StrEnum):
    """When goods are inspected: as they come, as they are made, or before they leave."""

    RECEIPT = "receipt"
    PRODUCTION = "production"
    SHIPMENT = "shipment"


class PlanStatus(StrEnum):
    """A `draft` may be changed; the content of an `active` revision stays as it is."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


PLAN_FOLLOWING: Mapping[PlanStatus, frozenset[PlanStatus]] = {
    PlanStatus.DRAFT: frozenset({PlanStatus.ACTIVE, PlanStatus.ARCHIVED}),
    PlanStatus.ACTIVE: frozenset({PlanStatus.ARCHIVED}),
    PlanStatus.ARCHIVED: frozenset({PlanStatus.ACTIVE}),
}
"""A revision that was archived may be used again; none becomes a draft again."""


class CharacteristicKind(StrEnum):
    """Whether a characteristic is a number within limits, or a question answered yes or no."""

    MEASURED = "measured"
    YES_NO = "yes_no"


class Sampling(StrEnum):
    """How many are looked at: `all`, a `percent`, a `fixed` number, or by the table of an AQL."""

    ALL = "all"
    PERCENT = "percent"
    FIXED = "fixed"
    AQL = "aql"


class InspectionSource(StrEnum):
    """What an inspection was opened by."""

    PURCHASE_RECEIPT = "purchase_receipt"
    PRODUCTION_STEP = "production_step"
    SALES_ORDER = "sales_order"
    REWORK = "rework"


class InspectionState(StrEnum):
    """`open`: something is pending; `decided`: all of it is accepted or rejected."""

    OPEN = "open"
    DECIDED = "decided"
