"""What callers ask of comparisons, and what they see."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from records.filters import AnyOf
from sync_bridge.states import ComparisonState, DifferenceKind, DifferenceState
from values.days import Day

__all__ = [
    "ENTITIES",
    "BeginComparison",
    "ComparisonQuery",
    "ComparisonView",
    "DifferenceQuery",
    "DifferenceView",
    "Entity",
    "LevelDifferences",
]

Entity = Literal[
    "customer", "product", "price_list", "price", "order", "fulfilment", "availability", "debt"
]
ENTITIES: tuple[Entity, ...] = (
    *("customer", "product", "price_list", "price"),
    *("order", "fulfilment", "availability", "debt"),
)
_STATE = (
    "open; asked (to be levelled); levelled (its correction is in its lane, or done); left (to a "
    "person). More may come."
)
_OUTCOME = (
    "Why it is left: review, apart, left_to_person, record_gone, or the code of a problem with "
    "which a half refused it; empty: it is not."
)


class BeginComparison(BaseModel):
    """An order to compare what both halves have."""

    model_config = ConfigDict(extra="forbid")

    entities: list[Entity] = Field(
        default=list(ENTITIES), min_length=1, max_length=len(ENTITIES), description="All if absent."
    )


class LevelDifferences(BaseModel):
    """An order to level what a comparison found; all of it where nothing is named."""

    model_config = ConfigDict(extra="forbid")

    entities: list[Entity] | None = Field(default=None, min_length=1, max_length=len(ENTITIES))
    differences: list[UUID] | None = Field(
        default=None, min_length=1, max_length=500, description="Ids of differences."
    )


class SourceReadView(BaseModel):
    """How far one list, or the states of one type, were read."""

    half: Literal["crm", "erp"]
    name: str = Field(description="The list, or the event type that tells of the records.")
    read: int = Field(description="Records read so far.")
    finished: bool


class ComparedView(BaseModel):
    """What was compared of an entity."""

    records: int = Field(description="Linked records of which fields were compared, of each half.")
    not_carried: int = Field(
        description="Records that stay where they are by rule, such as prospects."
    )


class DifferencesView(BaseModel):
    """How many differences there are of one sort."""

    entity: str
    kind: str = Field(
        description="fields_differ; record_missing (its twin is there, and the bridge knows both); "
        "link_missing (the half does not know its twin); not_linked. More may come."
    )
    reason: str = Field(
        description="What holds it: under_way, waiting, parked, review, apart, never_read; empty: "
        "nothing. More may come."
    )
    state: str = Field(description=_STATE)
    outcome: str = Field(description=_OUTCOME)
    count: int


class ComparisonView(BaseModel):
    """A comparison, how far it is and what it found."""

    id: UUID
    state: ComparisonState
    entities: list[str]
    asked_by: str
    begun_at: datetime
    finished_at: datetime | None = Field(description="Null: it is under way.")
    trouble: str = Field(description="Why it does not get on at present; empty: it does.")
    sources: list[SourceReadView]
    compared: dict[str, ComparedView] = Field(description="By entity; empty until it is done.")
    differences: list[DifferencesView]


class ComparisonQuery(BaseModel):
    """Which comparisons are wanted."""

    state: Annotated[str, AnyOf(ComparisonState)] | None = None
    begun_from: Day | None = Field(
        default=None, description="The first business day on which they were begun."
    )
    begun_to: Day | None = Field(
        default=None, description="The last business day on which they were begun."
    )


class DifferenceQuery(BaseModel):
    """Which differences are wanted."""

    entity: Entity | None = None
    kind: DifferenceKind | None = None
    reason: str | None = Field(
        default=None, max_length=60, description="Only those that this holds, such as review."
    )
    state: DifferenceState | None = None


class FieldView(BaseModel):
    """A field that differs, as each half has it."""

    name: str = Field(description="As `docs/glossary.md` and the table of owners call it.")
    crm: Any
    erp: Any


class DifferenceView(BaseModel):
    """Something of one record in which the halves differ."""

    id: UUID
    entity: str
    kind: str
    half: Literal["crm", "erp"] = Field(
        description="The half that owns the fields, lacks the record or the link, or alone has "
        "the record."
    )
    leads: Literal["crm", "erp"] = Field(
        description="The half whose record, or fields, both should have: the owner of the fields; "
        "after a restore of it the other half, in what nobody has changed since."
    )
    crm_id: UUID | None
    erp_id: UUID | None
    number: str = Field(description="Number or SKU; empty: not known.")
    name: str = Field(description="Name of the record; empty: not known.")
    fields: list[FieldView] = Field(description="What differs; empty for other kinds.")
    reason: str = Field(description="What held it when it was found; empty: nothing.")
    state: str = Field(description=_STATE)
    outcome: str = Field(description=_OUTCOME)
