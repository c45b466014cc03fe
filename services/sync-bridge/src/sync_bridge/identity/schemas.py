"""What callers ask of identity, and what they see."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from records.filters import AnyOf
from sync_bridge.labels import Asked
from sync_bridge.states import LinkOrigin, ReviewState, values_text

__all__ = [
    "CandidateView",
    "Decide",
    "LinkByHand",
    "PairQuery",
    "PairView",
    "ReviewQuery",
    "ReviewView",
    "Unlink",
]


class PairQuery(BaseModel):
    """Which links are wanted."""

    type: str | None = Field(default=None, max_length=60, description="Such as customer.")
    how: Annotated[str, AnyOf(LinkOrigin)] | None = None
    crm_id: UUID | None = None
    erp_id: UUID | None = None


class PairView(BaseModel):
    """One thing, known to both halves."""

    id: UUID
    type: str
    crm_id: UUID
    erp_id: UUID
    how: str = Field(description=f"{values_text(LinkOrigin)}; more may come.")
    created_at: datetime


class ReviewQuery(BaseModel):
    """Which reviews are wanted."""

    state: Annotated[str, AnyOf(ReviewState)] | None = None
    half: Literal["crm", "erp"] | None = None
    subject: UUID | None = Field(default=None, description="Id of the record that is asked about.")
    candidate: UUID | None = Field(default=None, description="Id of a record that it may be.")
    reason: str | None = Field(
        default=None, max_length=60, description="Something that agrees, such as email."
    )
    entity: str | None = Field(default=None, max_length=60)
    number: Asked | None = Field(
        default=None,
        description="Number or SKU of the record or of a candidate, in letters of any case.",
    )
    name: Asked | None = Field(
        default=None,
        description="How the name of the record or of a candidate begins, in letters of any case.",
    )


class CandidateView(BaseModel):
    """A record of the other half that may be the same thing."""

    id: UUID
    label: str
    number: str = Field(description="Its number or SKU; empty: not known.")
    name: str = Field(description="Its name; empty: not known.")
    explanation: str = Field(description="What agrees, in the caller's language.")
    why: str = Field(description="What agrees, the strongest first.")
    reasons: list[str] = Field(
        default_factory=list,
        description="All that agrees: external_id, tax_id, email, phone, name_and_address; "
        "more may come.",
    )
    linked_to: str | None = Field(description="The record it is linked to already.")


class ReviewView(BaseModel):
    """A question to a person: which of these is the same thing, if any."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    entity: str
    half: str = Field(description="The half in which the record is.")
    subject: UUID = Field(description="Id of the record there.")
    number: str = Field(description="Its number or SKU; empty: not known.")
    name: str = Field(description="Its name; empty: not known.")
    candidates: list[CandidateView]
    state: str = Field(description=f"{values_text(ReviewState)}; more may come.")
    chosen: UUID | None
    decided_by: str | None
    decided_at: datetime | None
    note: str = Field(description="Why it was decided so.")
    version: int = Field(description="Counts the changes; the number in the ETag.")
    created_at: datetime


class Decide(BaseModel):
    """Answer a review: link with one of the candidates, make a new record, or neither.

    Neither: the record stays apart, without a twin, until a person answers otherwise.
    """

    model_config = ConfigDict(extra="forbid")

    decision: Literal["link", "create", "apart"]
    candidate: UUID | None = Field(default=None, description="Needed to link.")
    note: str = Field(default="", max_length=500, description="Why.")

    @model_validator(mode="after")
    def _whom(self) -> Self:
        if (self.decision == "link") != (self.candidate is not None):
            raise PydanticCustomError(
                "candidate_with_link", "Name a candidate to link with, and none otherwise."
            )
        return self


class Unlink(BaseModel):
    """End a link: both records stay, and each half leads in its own again."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(min_length=1, max_length=500, description="Why.")


class LinkByHand(BaseModel):
    """Say that two records without links are the same thing."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["customer"]
    crm_id: UUID
    erp_id: UUID
    note: str = Field(min_length=1, max_length=500, description="Why.")
