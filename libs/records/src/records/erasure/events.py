"""What is published when a person is erased."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event

__all__ = ["ErasedRecord", "PersonErased"]


class ErasedRecord(BaseModel):
    """A record that stood for the person."""

    record_type: str = Field(description="Such as `contact`.")
    record_id: UUID = Field(description="Its id.")


class PersonErased(Event):
    """A person was erased: whoever keeps copies of these records erases the person there.

    `id` is that of the erasure. It says nothing of the person but which records to erase.
    """

    event_name: ClassVar[str] = "person-erased"
    topic: ClassVar[str] = "person-erasure"
    aggregate: ClassVar[str] = "person-erasure"

    records: list[ErasedRecord] = Field(description="What stood for the person.")
    erased_at: datetime = Field(description="When that was.")
