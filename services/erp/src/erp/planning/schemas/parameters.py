"""Planning parameters: commands, view and query."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from chassis.http.etag import EtagVersion, Revision
from erp.planning.states import LotRule, Policy
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.decimals import NonNegativeDecimal, NonNegativeQuantity, PositiveDecimal
from values.external import SourceVersion
from values.text import Code, unset

__all__ = [
    "ChangePlanningParameter",
    "NewPlanningParameter",
    "PlanningParameterQuery",
    "PlanningParameterView",
    "UpsertPlanningParameter",
]

Days = Annotated[int, Field(strict=True, ge=0, le=3650)]
ForecastDays = Annotated[int, Field(strict=True, ge=0, le=366)]
Part = Annotated[PositiveDecimal, Field(le=1)]
_POLICY = "make_to_stock, make_to_order or buy; null: made if it has a bill of material."
_RULE = (
    "lot_for_lot: as needed; fixed: lot_quantity or multiples of it; multiple and min_max: by the"
    " other numbers; period: needs of lot_days together; least_unit_cost, least_total_cost and"
    " wagner_whitin: by set-up and holding cost. By default lot_for_lot."
)
_BACKWARD = "An order also consumes forecasts that ended at most so many days before it is needed."
_FORWARD = "An order also consumes forecasts that begin at most so many days after it is needed."
_LEAD = "Days from release to due day; null: the supplier's, or 0. Of what is made: working days."


class Parameters(CustomValues):
    """How an item is planned. What is left out of a change stays as it is."""

    policy: Policy | None = Field(default_factory=unset, description=_POLICY)
    lot_rule: LotRule = Field(default_factory=unset, description=_RULE)
    lot_quantity: NonNegativeQuantity = Field(
        default_factory=unset, description="Of the rule fixed, where it is not 0."
    )
    lot_minimum: NonNegativeQuantity = Field(
        default_factory=unset, description="The least order; 0: as the supplier says, or any."
    )
    lot_maximum: NonNegativeQuantity = Field(
        default_factory=unset, description="The largest order; 0: any."
    )
    lot_multiple: NonNegativeQuantity = Field(
        default_factory=unset, description="Orders are multiples; 0: as the supplier says, or any."
    )
    lot_days: Days = Field(default_factory=unset, description="Of the rule period.")
    setup_cost: NonNegativeQuantity = Field(
        default_factory=unset, description="Of one order, in the installation's currency."
    )
    holding_cost: NonNegativeQuantity = Field(
        default_factory=unset, description="Of one unit for a day, in the installation's currency."
    )
    lead_days: Days | None = Field(default_factory=unset, description=_LEAD)
    safety_stock: NonNegativeQuantity = Field(
        default_factory=unset, description="What is to be left when all is covered."
    )
    yield_part: Part = Field(
        default_factory=unset, description="Part of what is begun that is good; by default 1."
    )
    fence_days: Days = Field(
        default_factory=unset, description="Days from today within which no new order may begin."
    )
    forecast_backward_days: ForecastDays = Field(default_factory=unset, description=_BACKWARD)
    forecast_forward_days: ForecastDays = Field(default_factory=unset, description=_FORWARD)


class NewPlanningParameter(Parameters):
    """Say how an item is planned."""

    sku: Code


class ChangePlanningParameter(Parameters):
    """Change how an item is planned (JSON merge patch)."""


class UpsertPlanningParameter(Parameters):
    """How another system has the item planned; what is left out stays as it is here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when it is new here.")


class PlanningParameterView(CustomView):
    """How an item is planned."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    version: EtagVersion
    revision: Revision
    item_id: UUID
    sku: str
    policy: Policy | None = Field(description=_POLICY)
    lot_rule: LotRule = Field(description=_RULE)
    lot_quantity: NonNegativeQuantity
    lot_minimum: NonNegativeQuantity
    lot_maximum: NonNegativeQuantity
    lot_multiple: NonNegativeQuantity
    lot_days: int
    setup_cost: NonNegativeQuantity
    holding_cost: NonNegativeQuantity
    lead_days: int | None = Field(description=_LEAD)
    safety_stock: NonNegativeQuantity
    yield_part: NonNegativeDecimal
    fence_days: int
    forecast_backward_days: int = Field(description=_BACKWARD)
    forecast_forward_days: int = Field(description=_FORWARD)
    external_refs: list[ExternalRef]
    created_at: datetime
    updated_at: datetime


class PlanningParameterQuery(Tagged):
    """Which planning parameters are wanted."""

    sku: str | None = Field(default=None, max_length=64)
    policy: Annotated[str, AnyOf(Policy)] | None = None
