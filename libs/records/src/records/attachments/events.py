"""What is published of attachments."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from records.attachments.schemas import AttachmentView

__all__ = ["AttachmentChanged"]


class AttachmentChanged(Event):
    """A file was attached to a record, renamed or deleted: what is known of it after that."""

    event_name: ClassVar[str] = "attachment-changed"
    topic: ClassVar[str] = "attachment"
    aggregate: ClassVar[str] = "attachment"

    record_type: str = Field(description="What it is attached to, such as `account`.")
    record_id: UUID
    filename: str = Field(description="The name that it is saved under.")
    media_type: str = Field(description="What the content is, as it was recognised.")
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="SHA-256 of the content, in hexadecimal.")
    added_by: str = Field(
        description="The kind and id of who added it, such as `user:` and a UUID."
    )
    added_at: datetime = Field(description="When it was added.")
    deleted: bool = Field(description="Whether it was deleted; then its content is gone.")

    @classmethod
    def of(cls, attachment: AttachmentView, *changed: str) -> Self:
        """The attachment as it is now; `changed` are the fields of the event that are new."""
        return cls(
            id=attachment.id,
            version=attachment.version,
            changed=sorted(changed),
            record_type=attachment.record_type,
            record_id=attachment.record_id,
            filename=attachment.filename,
            media_type=attachment.media_type,
            size=attachment.size,
            sha256=attachment.sha256,
            added_by=attachment.added_by.actor,
            added_at=attachment.created_at,
            deleted=attachment.deleted_at is not None,
        )

    @classmethod
    def added(cls, attachment: AttachmentView) -> Self:
        """The file is new: all fields are."""
        fields = cls.model_fields.keys() - {"id", "version", "changed"}
        return cls.of(attachment, *fields)
