"""What is published of the custom fields of documents."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event

__all__ = ["DocumentFieldsChanged"]


class DocumentFieldsChanged(Event):
    """Custom fields of a document got values, or other ones: all that it has after that."""

    event_name: ClassVar[str] = "document-fields-changed"
    topic: ClassVar[str] = "document-fields"
    aggregate: ClassVar[str] = "document-fields"

    record_type: str = Field(description="The type of the document, such as `invoice`.")
    record_id: UUID = Field(description="The document.")
    custom: dict[str, Any] = Field(
        description="Values of custom fields by key; one that has no value is left out."
    )
