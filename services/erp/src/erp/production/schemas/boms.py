"""Bills of material: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool

from chassis.http.etag import EtagVersion, Revision
from erp.production.states import BomKind, BomStatus
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeDecimal, PositiveQuantity
from values.external import SourceVersion
from values.text import Code, Command, Line, Name, OptionalLine, OptionalNote, unset

__all__ = [
    "MOST_LINES",
    "BillOfMaterialQuery",
    "BillOfMaterialView",
    "ByProductView",
    "ChangeBillOfMaterial",
    "ComponentView",
    "NewBillOfMaterial",
    "NewByProduct",
    "NewComponent",
    "ReviseBillOfMaterial",
    "UpsertBillOfMaterial",
]

MOST_LINES = 1000
Part = Annotated[NonNegativeDecimal, Field(lt=1)]
Priority = Annotated[int, Field(strict=True, ge=1, le=1000)]
UnitCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{2,3}$", examples=["C62"])]
_FROM, _TO = "First day; null: since ever.", "Last day; null: until further notice."
_BEGIN = "First day on which making may begin by it; null: since ever."
_END = "Last day on which making may begin by it; null: until further notice."
_KIND = "manufactured: it gets orders of its own; phantom: it is passed through."
_STATUS = "draft: it may be changed; active: it counts on its days; archived: on none."
_LINES = "All of its components, in their order."
_BY_PRODUCTS = "All that comes out beside the item, in their order."


class NewComponent(Command):
    """A component of a bill of material."""

    sku: Code
    quantity: PositiveQuantity = Field(description="In `unit`, for what the bill makes.")
    unit: UnitCode | None = Field(
        default=None, description="The item's own unit or another of its; by default its own."
    )
    scrap: Part = Field(
        default="0",
        validate_default=True,
        description="Part of what is issued that is lost, from 0 to below 1.",
    )
    effective_from: Day | None = Field(default=None, description=_FROM)
    effective_to: Day | None = Field(default=None, description=_TO)
    alternate_group: OptionalLine = Field(
        default="", description="Of lines of one group one counts; empty: the line counts itself."
    )
    priority: Priority = Field(default=1, description="Of its group the lowest counts.")
    phantom: StrictBool | None = Field(
        default=None, description="Null: as the component's own bill says."
    )


class NewByProduct(Command):
    """What comes out beside the item."""

    sku: Code
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    cost_share: Part = Field(
        default="0",
        validate_default=True,
        description="Part of the cost that it bears; all of a bill together bear less than 1.",
    )


class BomFields(CustomValues):
    """Fields of a bill of material. What is left out of a change stays as it is."""

    quantity: PositiveQuantity = Field(
        default_factory=unset,
        description="So many are made of the components, in the item's own unit; by default 1.",
    )
    kind: BomKind = Field(default_factory=unset, description=f"{_KIND} By default manufactured.")
    effective_from: Day | None = Field(default=None, description=_BEGIN)
    effective_to: Day | None = Field(default=None, description=_END)
    note: OptionalNote = Field(default_factory=unset)
    lines: list[NewComponent] = Field(
        default_factory=unset, max_length=MOST_LINES, description=_LINES
    )
    by_products: list[NewByProduct] = Field(
        default_factory=unset, max_length=100, description=_BY_PRODUCTS
    )


class NewBillOfMaterial(BomFields):
    """Draft a revision of the bill of material of an item."""

    sku: Code
    label: Name = Field(description="Label of the revision, which no other of the item has.")


class ChangeBillOfMaterial(BomFields):
    """Change a revision (JSON merge patch). Of an active one only its days and its note."""

    label: Name = Field(default_factory=unset)


class UpsertBillOfMaterial(BomFields):
    """A revision as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when the revision is new here.")
    label: Name = Field(default_factory=unset, description="Needed when the revision is new here.")
    status: BomStatus = Field(default_factory=unset, description=f"{_STATUS} By default draft.")


class ReviseBillOfMaterial(Command):
    """Draft a new revision that is like this one."""

    label: Name = Field(description="Label of the new revision.")
    effective_from: Day | None = Field(default=None, description=_BEGIN)


class ComponentView(BaseModel):
    """A component of a bill of material."""

    sku: str
    quantity: PositiveQuantity = Field(description="In `unit`, for what the bill makes.")
    unit: str
    scrap: NonNegativeDecimal = Field(description="Part of what is issued that is lost.")
    effective_from: date | None = Field(description=_FROM)
    effective_to: date | None = Field(description=_TO)
    alternate_group: str
    priority: int
    phantom: bool | None = Field(description="Null: as the component's own bill says.")


class ByProductView(BaseModel):
    """What comes out beside the item."""

    sku: str
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    cost_share: NonNegativeDecimal


class BillOfMaterialView(CustomView):
    """A revision of the bill of material of an item."""

    id: UUID
    item_id: UUID
    sku: str
    label: str
    quantity: PositiveQuantity = Field(description="So many are made of the components.")
    kind: BomKind = Field(description=_KIND)
    effective_from: date | None = Field(description=_BEGIN)
    effective_to: date | None = Field(description=_END)
    note: str
    status: BomStatus = Field(description=_STATUS)
    lines: list[ComponentView]
    by_products: list[ByProductView]
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class BillOfMaterialQuery(Tagged):
    """Which bills of material are wanted."""

    item_id: UUID | None = None
    sku: Code | None = None
    component_sku: Code | None = Field(
        default=None, description="Only bills that name the item with this number."
    )
    kind: Annotated[str, AnyOf(BomKind)] | None = None
    status: Annotated[str, AnyOf(BomStatus)] | None = None
    effective_on: Day | None = Field(default=None, description="Only what counts on this day.")
    label: Line | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
