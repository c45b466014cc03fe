"""Inspection plans: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from erp.inspections.states import CharacteristicKind, InspectionStage, PlanStatus, Sampling
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import PositiveDecimal, Quantity
from values.external import SourceVersion
from values.text import Code, Command, Line, Name, OptionalName, OptionalNote, unset

__all__ = [
    "ChangeInspectionPlan",
    "Characteristic",
    "CharacteristicView",
    "InspectionPlanFields",
    "InspectionPlanQuery",
    "InspectionPlanView",
    "NewInspectionPlan",
    "ReviseInspectionPlan",
    "UpsertInspectionPlan",
]

_BEGIN = "First day on which it counts; null: since ever."
_END = "Last day on which it counts; null: until further notice."
_STATUS = "draft: it may be changed; active: it counts on its days; archived: on none."
_CHARACTERISTICS = "What is looked at, each with a number of its own."
_NUMBER = "Number of the characteristic, such as 10; a lower one comes first."
_KIND = "measured: a number within limits; yes_no: answered by yes where it is good."
_UNIT = "Unit of the number, such as mm."
_NOMINAL = "What it should be; null: nothing is said."
_LOWER = "The least that is good; null: there is none."
_UPPER = "The most that is good; null: there is none."
_STAGE = "receipt: as goods come; production: as they are made; shipment: before they leave."
_SKU = "The item; null: any."
_CATEGORY = "Code of the category of items; null: any."
_SUPPLIER = "Number of the supplier, at the stage receipt; null: any."
_CENTRE = "Code of the work centre of the last operation, at the stage production; null: any."
_OPERATION = "Name of the last operation, at the stage production; empty: any."
_CUSTOMER = "Number of the customer, at the stage shipment; null: any."
_SAMPLING = (
    "all: each piece; percent: so many of a hundred, rounded up; fixed: so many; aql: by the "
    "tables of ISO 2859-1, single sampling, normal inspection, general level II."
)
_VALUE = "The percent, the number, or the AQL up to 6.5; null where all are looked at."
_NOTE = "How it is looked at, and with what."
_LABEL = "Label of the revision, such as `A`; no other one of the code has it."
_CODE = "Code that all revisions of a plan have."


class Characteristic(Command):
    """What is looked at of goods."""

    number: Annotated[int, Field(strict=True, ge=1, le=9999)] = Field(description=_NUMBER)
    name: Name = Field(description="What is looked at, such as the diameter.")
    kind: CharacteristicKind = Field(default=CharacteristicKind.MEASURED, description=_KIND)
    unit: OptionalName = Field(default="", description=_UNIT)
    nominal: Quantity | None = Field(default=None, description=_NOMINAL)
    lower_limit: Quantity | None = Field(default=None, description=_LOWER)
    upper_limit: Quantity | None = Field(default=None, description=_UPPER)
    note: OptionalName = Field(default="", description=_NOTE)


Characteristics = Annotated[list[Characteristic], Field(max_length=100)]


class InspectionPlanFields(CustomValues):
    """Fields of an inspection plan. What is left out of a change stays as it is."""

    sku: Code | None = Field(default=None, description=_SKU)
    category: Code | None = Field(default=None, description=_CATEGORY)
    supplier_number: Code | None = Field(default=None, description=_SUPPLIER)
    work_centre: Code | None = Field(default=None, description=_CENTRE)
    operation: OptionalName = Field(default_factory=unset, description=_OPERATION)
    customer_number: Code | None = Field(default=None, description=_CUSTOMER)
    sampling: Sampling = Field(default_factory=unset, description=f"{_SAMPLING} By default all.")
    sampling_value: PositiveDecimal | None = Field(default=None, description=_VALUE)
    characteristics: Characteristics = Field(default_factory=unset, description=_CHARACTERISTICS)
    effective_from: Day | None = Field(default=None, description=_BEGIN)
    effective_to: Day | None = Field(default=None, description=_END)
    note: OptionalNote = Field(default_factory=unset)


class NewInspectionPlan(InspectionPlanFields):
    """Draft an inspection plan."""

    code: Code = Field(description=_CODE)
    label: Name = Field(description=_LABEL)
    stage: InspectionStage = Field(description=_STAGE)


class ChangeInspectionPlan(InspectionPlanFields):
    """Change a plan (JSON merge patch). Of one that was activated only its days and its note."""

    label: Name = Field(default_factory=unset, description=_LABEL)
    stage: InspectionStage = Field(default_factory=unset, description=_STAGE)


class UpsertInspectionPlan(InspectionPlanFields):
    """An inspection plan as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description="Needed when the plan is new here.")
    label: Name = Field(default_factory=unset, description="Needed when the plan is new here.")
    stage: InspectionStage = Field(
        default_factory=unset, description="Needed when the plan is new here."
    )
    status: PlanStatus = Field(default_factory=unset, description=f"{_STATUS} By default draft.")


class ReviseInspectionPlan(Command):
    """Draft a new revision that is like this one."""

    label: Name = Field(description=_LABEL)
    effective_from: Day | None = Field(default=None, description=_BEGIN)


class CharacteristicView(BaseModel):
    """What is looked at of goods."""

    number: int = Field(description=_NUMBER)
    name: str = Field(description="What is looked at.")
    kind: CharacteristicKind = Field(description=_KIND)
    unit: str = Field(description=_UNIT)
    nominal: Quantity | None = Field(description=_NOMINAL)
    lower_limit: Quantity | None = Field(description=_LOWER)
    upper_limit: Quantity | None = Field(description=_UPPER)
    note: str = Field(description=_NOTE)


class InspectionPlanView(CustomView):
    """An inspection plan."""

    id: UUID
    code: str = Field(description=_CODE)
    label: str = Field(description=_LABEL)
    stage: InspectionStage = Field(description=_STAGE)
    item_id: UUID | None
    sku: str | None = Field(description=_SKU)
    category: str | None = Field(description=_CATEGORY)
    supplier_id: UUID | None
    supplier_number: str | None = Field(description=_SUPPLIER)
    work_centre: str | None = Field(description=_CENTRE)
    operation: str = Field(description=_OPERATION)
    customer_id: UUID | None
    customer_number: str | None = Field(description=_CUSTOMER)
    sampling: Sampling = Field(description=_SAMPLING)
    sampling_value: PositiveDecimal | None = Field(description=_VALUE)
    characteristics: list[CharacteristicView] = Field(description=_CHARACTERISTICS)
    effective_from: date | None = Field(description=_BEGIN)
    effective_to: date | None = Field(description=_END)
    note: str
    status: PlanStatus = Field(description=_STATUS)
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class InspectionPlanQuery(Tagged):
    """Which inspection plans are wanted."""

    item_id: UUID | None = None
    sku: Code | None = None
    code: Code | None = None
    stage: Annotated[str, AnyOf(InspectionStage)] | None = None
    status: Annotated[str, AnyOf(PlanStatus)] | None = None
    effective_on: Day | None = Field(default=None, description="Only what counts on this day.")
    label: Line | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
