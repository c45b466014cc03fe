"""What is said of a person: all that is known, and what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

__all__ = ["ErasedPart", "ErasureReport", "KeptPart", "PersonalDataView", "SentErasure"]


class ErasedPart(BaseModel):
    """Something that personal data was taken out of, or that was deleted."""

    what: str = Field(
        description="Such as `records`, `history`, `notes`, `attachments`, `events`, `replies`, "
        "`import_rows`."
    )
    count: int = Field(description="How many of them had to be changed or deleted.")


class KeptPart(BaseModel):
    """Something that stays as it is."""

    what: str = Field(description="Such as `orders`.")
    count: int | None = Field(description="How many; null: it is not counted here.")
    why: str = Field(description="The reason, in English.")


class ErasureReport(BaseModel):
    """What became of the data of a person."""

    record_type: str = Field(description="What stood for the person, such as `contact`.")
    record_id: UUID = Field(description="Its id.")
    erased_at: datetime = Field(description="When that was.")
    erased: list[ErasedPart] = Field(description="What personal data was taken out of.")
    kept: list[KeptPart] = Field(description="What stays, and why.")
    suppressed: int = Field(
        description="Identifiers of which a keyed hash is kept, so that no import brings them back."
    )


class SentErasure(BaseModel):
    """What became of a person whom another system erased."""

    report: ErasureReport | None = Field(
        description="What became of the data; null: no record here is linked to that one."
    )


class PersonalDataView(BaseModel):
    """All that the service knows of a person."""

    record_type: str = Field(description="What stands for the person, such as `contact`.")
    record_id: UUID = Field(description="Its id.")
    collected_at: datetime = Field(description="When it was put together.")
    records: list[dict[str, Any]] = Field(
        description="The record and those that belong to it, each with its `record_type`."
    )
    history: list[dict[str, Any]] = Field(
        description="Changes of these records, and of custom fields of documents."
    )
    notes: list[dict[str, Any]] = Field(description="Notes on them, and on documents.")
    attachments: list[dict[str, Any]] = Field(
        description="Files attached to them and to documents; each has a route for its content."
    )
    tags: list[dict[str, Any]] = Field(description="Tags that these records bear.")
    import_rows: list[dict[str, Any]] = Field(
        description="Rows of files that these records came with, as far as they are kept."
    )
    saved_views: list[dict[str, Any]] = Field(
        description="Saved views that are called by, or ask for, a name, address or number of them."
    )
    events: list[dict[str, Any]] = Field(
        description="What was published of the person, as far as it is kept."
    )
    documents: list[dict[str, Any]] = Field(
        description="Documents that name the person: number, custom fields, what they say of it. "
        "Amounts are exact decimals as text."
    )
