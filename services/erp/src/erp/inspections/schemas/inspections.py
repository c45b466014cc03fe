"""Inspections: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool

from erp.inspections.schemas.plans import CharacteristicView
from erp.inspections.states import InspectionSource, InspectionStage, InspectionState
from erp.stock.schemas.goods import Serials
from records.filters import AnyOf
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeQuantity, PositiveQuantity, Quantity
from values.text import Code, Command, DocumentNumber, OptionalName, SerialNumber

__all__ = [
    "EnterResults",
    "InspectionQuery",
    "InspectionResultView",
    "InspectionVerdictView",
    "InspectionView",
    "NewInspection",
    "NewResult",
    "NewVerdict",
]

_SAMPLE = "Which piece of the sample, from 1 to its size."
_CHARACTERISTIC = "Number of the characteristic."
_VALUE = "The number that was measured; null where it is answered by yes or no."
_ANSWER = "Yes or no; null where it is measured."
_PENDING = "What is not decided; nobody can use it."
_CONCESSION = "Why goods are accepted although the sample failed; empty: it did not."


class NewInspection(Command):
    """Inspect goods of an order's line before they leave."""

    order_line_id: UUID = Field(description="The line of the sales order.")
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    lot: SerialNumber | None = Field(
        default=None, description="The lot that is to leave, of an item that is tracked by lot."
    )
    serials: Serials = Field(default=[])


class NewResult(Command):
    """What was found of a characteristic of one piece of the sample."""

    sample: Annotated[int, Field(strict=True, ge=1)] = Field(description=_SAMPLE)
    number: Annotated[int, Field(strict=True, ge=1, le=9999)] = Field(description=_CHARACTERISTIC)
    value: Quantity | None = Field(default=None, description=_VALUE)
    answer: StrictBool | None = Field(default=None, description=_ANSWER)
    note: OptionalName = ""


class EnterResults(Command):
    """Enter what was found; a result that is there already is replaced."""

    results: Annotated[list[NewResult], Field(min_length=1, max_length=1000)] = Field(
        description="Each piece and characteristic once."
    )


class NewVerdict(Command):
    """Accept and reject goods of an inspection, all that is pending or a part of it."""

    accepted: NonNegativeQuantity = Field(
        default="0", validate_default=True, description="How many may be used."
    )
    rejected: NonNegativeQuantity = Field(
        default="0", validate_default=True, description="How many may not; a case is opened."
    )
    accepted_serials: Serials = Field(
        default=[],
        description="The accepted pieces, of an item that has serials; none: all that are left.",
    )
    rejected_serials: Serials = Field(
        default=[], description="The rejected pieces, of an item that has serials."
    )
    reason: OptionalName = Field(default="", description="Why goods are rejected; needed then.")
    concession: OptionalName = Field(default="", description=_CONCESSION)
    pending: Quantity | None = Field(
        default=None,
        description="What was pending when you looked: another quantity now is refused. Null: "
        "whatever is pending.",
    )


class InspectionResultView(BaseModel):
    """What was found of a characteristic of one piece of the sample."""

    sample: int = Field(description=_SAMPLE)
    number: int = Field(description=_CHARACTERISTIC)
    value: Quantity | None = Field(description=_VALUE)
    answer: bool | None = Field(description=_ANSWER)
    good: bool = Field(description="Whether it is within the limits, or answered by yes.")
    note: str
    recorded_at: datetime
    actor: str


class InspectionVerdictView(BaseModel):
    """So many were accepted and so many rejected."""

    accepted: NonNegativeQuantity = Field(description="How many may be used.")
    rejected: NonNegativeQuantity = Field(description="How many may not.")
    accepted_serials: list[str] = Field(description="The accepted pieces, where they have serials.")
    rejected_serials: list[str] = Field(description="The rejected pieces, where they have serials.")
    reason: str = Field(description="Why goods were rejected.")
    concession: str = Field(description=_CONCESSION)
    recorded_at: datetime
    actor: str


class InspectionView(BaseModel):
    """Goods that are inspected: quantity = accepted + rejected + pending + cancelled."""

    id: UUID
    number: str = Field(description="Number of the inspection.")
    stage: InspectionStage = Field(description="As goods came, were made, or before they leave.")
    state: InspectionState = Field(description="open: something is pending; decided: nothing is.")
    plan_id: UUID = Field(description="The plan that it was opened by.")
    plan: str = Field(description="Code and label of the plan.")
    item_id: UUID
    sku: str
    lot_id: UUID | None
    lot: str | None = Field(description="Number of the lot, of an item that is tracked by lot.")
    serials: list[str] = Field(description="All of its pieces that have serials.")
    quantity: PositiveQuantity = Field(description="What is inspected.")
    accepted: NonNegativeQuantity = Field(description="What may be used.")
    rejected: NonNegativeQuantity = Field(description="What may not.")
    pending: NonNegativeQuantity = Field(description=_PENDING)
    cancelled: NonNegativeQuantity = Field(
        description="What is not decided about, as it was not to leave any more."
    )
    sample_size: int = Field(description="So many pieces are looked at.")
    acceptance_number: int = Field(description="So many pieces of the sample may fail.")
    failed: int = Field(description="So many pieces of the sample have failed by now.")
    characteristics: list[CharacteristicView] = Field(description="What is looked at.")
    results: list[InspectionResultView] = Field(description="What was found, by piece.")
    verdicts: list[InspectionVerdictView] = Field(description="What was decided, in its order.")
    supplier_id: UUID | None = Field(description="Whom the goods came from.")
    customer_id: UUID | None = Field(description="Whom they are to go to.")
    order_line_id: UUID | None = Field(description="The sales order's line, before goods leave.")
    source_type: InspectionSource = Field(description="What it was opened by.")
    source_id: UUID = Field(description="Id of the receipt, step, sales order or case.")
    effective_on: date = Field(description="The day of the act that opened it.")
    created_at: datetime
    updated_at: datetime
    actor: str


class InspectionQuery(Tagged):
    """Which inspections are wanted."""

    stage: Annotated[str, AnyOf(InspectionStage)] | None = None
    state: Annotated[str, AnyOf(InspectionState)] | None = None
    item_id: UUID | None = None
    sku: Code | None = None
    lot_id: UUID | None = None
    plan_id: UUID | None = None
    supplier_id: UUID | None = None
    customer_id: UUID | None = None
    order_line_id: UUID | None = None
    source_id: UUID | None = None
    number: DocumentNumber | None = None
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")
