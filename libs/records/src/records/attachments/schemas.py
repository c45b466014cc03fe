"""Commands and views of attachments."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.http.etag import EtagVersion
from records.attachments.filenames import Filename
from values.text import Command

__all__ = ["AttachmentActor", "AttachmentQuery", "AttachmentView", "RenameAttachment"]


class RenameAttachment(Command):
    """Give an attachment another name; what it ends in must fit the content."""

    filename: Filename = Field(description="The new name, with its ending.")


class AttachmentActor(BaseModel):
    """Who did it."""

    actor: str = Field(description="The kind and id of the caller, such as `user:` and a UUID.")
    name: str = Field(description="The name at that time.")


class AttachmentView(BaseModel):
    """A file attached to a record. Its content is got by `…/content`."""

    id: UUID
    record_type: str = Field(description="What it is attached to, such as `account`.")
    record_id: UUID
    filename: str = Field(description="The name that it is saved under.")
    media_type: str = Field(description="What the content is, as it was recognised.")
    size: int = Field(description="Bytes.")
    sha256: str = Field(description="SHA-256 of the content, in hexadecimal.")
    added_by: AttachmentActor = Field(description="Who added it.")
    version: EtagVersion
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = Field(
        description="When it was deleted, and its content with it; null: it is there."
    )
    deleted_by: AttachmentActor | None = Field(description="Who deleted it; null: nobody did.")


class AttachmentQuery(BaseModel):
    """Which attachments of the record are asked for."""

    deleted: bool = Field(default=False, description="True: those that were deleted.")
