"""What callers see of records that may be of one person, and how they say that they are not."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from values.text import Command

__all__ = ["DismissDuplicate", "DuplicateReason", "DuplicateView", "DuplicatesView"]

RecordType = Literal["lead", "contact", "account"]


class DuplicateReason(BaseModel):
    """What agrees, or does not."""

    reason: str = Field(
        description="email, phone, domain, name, company, street, city or postal_code."
    )
    points: int = Field(description="What it adds to the score; below zero: it speaks against it.")


class DuplicateView(BaseModel):
    """A record that may be of the same person or firm."""

    record_type: RecordType = Field(description="lead, contact or account.")
    id: UUID
    name: str
    company: str
    email: str
    phone: str
    account_id: UUID | None = Field(description="Of a contact: the account that it is at.")
    score: int = Field(description="The sum of the points.")
    reasons: list[DuplicateReason] = Field(description="What speaks for it, and against.")


class DuplicatesView(BaseModel):
    """Records that may be of the same person or firm, those first for which most speaks."""

    items: list[DuplicateView]


class DismissDuplicate(Command):
    """Say that a record is another person or firm."""

    record_type: RecordType = Field(description="lead, contact or account.")
    record_id: UUID = Field(description="Id of the record that is another one.")
