"""Routings: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from erp.routings.states import Breaks, RoutingStatus, RunBasis
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeDecimal, PositiveDecimal, PositiveQuantity
from values.external import SourceVersion
from values.text import Code, Command, Line, Name, OptionalName, OptionalNote, unset

__all__ = [
    "ChangeRouting",
    "NewOperation",
    "NewRouting",
    "OperationView",
    "ReviseRouting",
    "RoutingQuery",
    "RoutingView",
    "UpsertRouting",
]


def _once(words: list[str]) -> list[str]:
    return sorted(set(words))


Words = Annotated[list[Name], Field(max_length=50), AfterValidator(_once)]
Sequence = Annotated[int, Field(strict=True, ge=1, le=9999)]
Yield = Annotated[PositiveDecimal, Field(le=1)]
_BEGIN = "First day on which making may begin by it; null: since ever."
_END = "Last day on which making may begin by it; null: until further notice."
_STATUS = "draft: it may be changed; active: it counts on its days; archived: on none."
_OPERATIONS = "All of its operations; they follow each other by their numbers."
_SEQUENCE = "Number of the operation, such as 10; a lower one comes first."
_ALTERNATES = "Codes of other work centres that can do it, the preferred one first."
_SETUP = "Minutes of working time to set up, once for an order."
_RUN = "Minutes of working time for one piece, or for one batch."
_QUEUE = "Minutes that an order usually waits before the operation."
_BASIS = "piece: run_minutes are of one piece; batch: of a batch, however full it is."
_BATCH = "How many make a batch."
_YIELD = "Part of what begins that comes out good, above 0 and at most 1."
_SKILLS = "What the work centre must be able to do."
_TOOLS = "What the work centre must have at hand."
_FAMILY = "Set-up family: what is set up alike follows each other without changeover; empty: none."
_BREAKS = "split: a break interrupts it and it goes on; block: it fits between two breaks."
_SUPPLIER = "Number of the supplier who does it elsewhere; null: it is done here."


class NewOperation(Command):
    """An operation of a routing."""

    sequence: Sequence = Field(description=_SEQUENCE)
    name: OptionalName = Field(default="", description="What is done, such as sawing.")
    work_centre: Code = Field(description="Code of the work centre.")
    alternates: Annotated[list[Code], Field(max_length=20)] = Field(
        default=[], description=_ALTERNATES
    )
    setup_minutes: NonNegativeDecimal = Field(
        default="0", validate_default=True, description=_SETUP
    )
    run_minutes: NonNegativeDecimal = Field(default="0", validate_default=True, description=_RUN)
    run_basis: RunBasis = Field(default=RunBasis.PIECE, description=_BASIS)
    batch_quantity: PositiveQuantity = Field(default="1", validate_default=True, description=_BATCH)
    queue_minutes: NonNegativeDecimal = Field(
        default="0", validate_default=True, description=_QUEUE
    )
    yield_part: Yield = Field(default="1", validate_default=True, description=_YIELD)
    skills: Words = Field(default=[], description=_SKILLS)
    tools: Words = Field(default=[], description=_TOOLS)
    supplier_number: Code | None = Field(default=None, description=_SUPPLIER)
    setup_family: OptionalName = Field(default="", description=_FAMILY)
    breaks: Breaks = Field(default=Breaks.SPLIT, description=_BREAKS)


class RoutingFields(CustomValues):
    """Fields of a routing. What is left out of a change stays as it is."""

    effective_from: Day | None = Field(default=None, description=_BEGIN)
    effective_to: Day | None = Field(default=None, description=_END)
    note: OptionalNote = Field(default_factory=unset)
    operations: list[NewOperation] = Field(
        default_factory=unset, max_length=200, description=_OPERATIONS
    )


class NewRouting(RoutingFields):
    """Draft a routing of an item."""

    sku: Code
    label: Name = Field(description="Label of the routing, which no other of the item has.")


class ChangeRouting(RoutingFields):
    """Change a routing (JSON merge patch). Of an active one only its days and its note."""

    label: Name = Field(default_factory=unset)


class UpsertRouting(RoutingFields):
    """A routing as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when the routing is new here.")
    label: Name = Field(default_factory=unset, description="Needed when the routing is new here.")
    status: RoutingStatus = Field(default_factory=unset, description=f"{_STATUS} By default draft.")


class ReviseRouting(Command):
    """Draft a new routing that is like this one."""

    label: Name = Field(description="Label of the new routing.")
    effective_from: Day | None = Field(default=None, description=_BEGIN)


class OperationView(BaseModel):
    """An operation of a routing."""

    sequence: int = Field(description=_SEQUENCE)
    name: str = Field(description="What is done.")
    work_centre: str = Field(description="Code of the work centre.")
    alternates: list[str] = Field(description=_ALTERNATES)
    setup_minutes: NonNegativeDecimal = Field(description=_SETUP)
    run_minutes: NonNegativeDecimal = Field(description=_RUN)
    run_basis: RunBasis = Field(description=_BASIS)
    batch_quantity: PositiveQuantity = Field(description=_BATCH)
    queue_minutes: NonNegativeDecimal = Field(description=_QUEUE)
    yield_part: PositiveDecimal = Field(description=_YIELD)
    skills: list[str] = Field(description=_SKILLS)
    tools: list[str] = Field(description=_TOOLS)
    supplier_number: str | None = Field(description=_SUPPLIER)
    setup_family: str = Field(description=_FAMILY)
    breaks: Breaks = Field(description=_BREAKS)


class RoutingView(CustomView):
    """A routing of an item."""

    id: UUID
    item_id: UUID
    sku: str
    label: str = Field(description="Label of the routing; no other one of the item has it.")
    effective_from: date | None = Field(description=_BEGIN)
    effective_to: date | None = Field(description=_END)
    note: str
    status: RoutingStatus = Field(description=_STATUS)
    operations: list[OperationView] = Field(description=_OPERATIONS)
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class RoutingQuery(Tagged):
    """Which routings are wanted."""

    item_id: UUID | None = None
    sku: Code | None = None
    work_centre: Code | None = Field(
        default=None, description="Only routings with an operation at the work centre of this code."
    )
    status: Annotated[str, AnyOf(RoutingStatus)] | None = None
    effective_on: Day | None = Field(default=None, description="Only what counts on this day.")
    label: Line | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
