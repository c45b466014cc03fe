"""What callers ask of identity, and what they see."""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

__all__ = ["CandidateView", "Decide", "PairQuery", "PairView", "ReviewQuery", "ReviewView"]


class PairQuery(BaseModel):
    """Which links are wanted."""

    type: str | None = Field(default=None, max_length=60, description="Such as customer.")
    crm_id: UUID | None = None
    erp_id: UUID | None = None


class PairView(BaseModel):
    """One thing, known to both halves."""

    id: UUID
    type: str
    crm_id: UUID
    erp_id: UUID
    how: str = Field(description="created, known, certain or person; more may come.")
    created_at: datetime


class ReviewQuery(BaseModel):
    """Which reviews are wanted."""

    state: Literal["open", "linked", "created", "withdrawn"] | None = None
    entity: str | None = Field(default=None, max_length=60)


class CandidateView(BaseModel):
    """A record of the other half that may be the same thing."""

    id: UUID
    label: str
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
    candidates: list[CandidateView]
    state: str = Field(description="open, linked, created or withdrawn; more may come.")
    chosen: UUID | None
    decided_by: str | None
    decided_at: datetime | None
    version: int = Field(description="Counts the changes; the number in the ETag.")
    created_at: datetime


class Decide(BaseModel):
    """Answer a review: link with one of the candidates, or make a new record."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["link", "create"]
    candidate: UUID | None = Field(default=None, description="Needed to link.")

    @model_validator(mode="after")
    def _whom(self) -> Self:
        if (self.decision == "link") != (self.candidate is not None):
            raise PydanticCustomError(
                "candidate_with_link", "Name a candidate to link with, and none to create."
            )
        return self
