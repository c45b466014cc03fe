"""What is published of tags, and of the tags of records."""

from typing import ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event
from records.tags.schemas import TagView, UsedTag

__all__ = ["RecordTagsChanged", "TagChanged"]


class TagChanged(Event):
    """A tag was made, changed, archived, restored or merged: the tag after that.

    Who keeps tags of records takes `merged_into` for it wherever it stands: the move of all its
    records is this one event.
    """

    event_name: ClassVar[str] = "tag-changed"
    topic: ClassVar[str] = "tag"
    aggregate: ClassVar[str] = "tag"

    name: str
    colour: str = Field(description="Such as `#1e88e5`; empty: none.")
    description: str
    status: str = Field(description="active or archived.")
    merged_into: UUID | None = Field(description="The tag that its records have instead.")

    @classmethod
    def of(cls, tag: TagView, changed: list[str]) -> Self:
        """The tag as it is now; `changed` are the fields of the event that are new."""
        return cls(
            id=tag.id,
            version=tag.version,
            changed=sorted(changed),
            name=tag.name,
            colour=tag.colour,
            description=tag.description,
            status=tag.status,
            merged_into=tag.merged_into,
        )


class TagOfRecord(BaseModel):
    """A tag that a record has."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    name: str


class RecordTagsChanged(Event):
    """Tags were put on a record or taken off: all that it has after that."""

    event_name: ClassVar[str] = "record-tags-changed"
    topic: ClassVar[str] = "tag"
    aggregate: ClassVar[str] = "record-tags"

    record_type: str = Field(description="What has them, such as `account`.")
    record_id: UUID
    tags: list[TagOfRecord] = Field(description="By name.")

    @classmethod
    def of(cls, key: UUID, version: int, record: tuple[str, UUID], tags: list[UsedTag]) -> Self:
        """The tags of the record as they are now."""
        record_type, record_id = record
        return cls(
            id=key,
            version=version,
            changed=["tags"],
            record_type=record_type,
            record_id=record_id,
            tags=[TagOfRecord(id=one.id, name=one.name) for one in tags],
        )
