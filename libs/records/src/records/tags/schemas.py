"""Commands and views of tags, and of the tags of records."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion
from chassis.problems.problem import ProblemView
from records.filters import Statuses
from values.text import Command, OptionalNote, unset, visible

__all__ = [
    "RECORDS_MAX",
    "TAGS_MAX",
    "ChangeTag",
    "MergeTag",
    "NewTag",
    "RecordTagsView",
    "TagMany",
    "TagOutcome",
    "TagQuery",
    "TagView",
    "TagsOfMany",
    "TagsReply",
    "UsedTag",
]

TAGS_MAX = 50
"""So many tags has a record at most."""
RECORDS_MAX = 500
"""So many records may be asked for, or tagged, at once."""

TagName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f,]*$"
    ),
    AfterValidator(visible),
]
Colour = Annotated[
    str, StringConstraints(max_length=7, to_lower=True, pattern=r"^(#[0-9A-Fa-f]{6})?$")
]
_NAME = "One line without a comma; unique without regard to case, width and blanks."
_COLOUR = "Such as `#1e88e5`; empty: none."


class NewTag(Command):
    """Make a tag."""

    name: TagName = Field(description=_NAME)
    colour: Colour = Field(default="", description=_COLOUR)
    description: OptionalNote = Field(default="", description="When it is to be used.")


class ChangeTag(Command):
    """Change a tag (JSON merge patch); it keeps its records."""

    name: TagName = Field(default_factory=unset, description=_NAME)
    colour: Colour = Field(default_factory=unset, description=_COLOUR)
    description: OptionalNote = Field(default_factory=unset, description="When it is to be used.")


class MergeTag(Command):
    """Merge a tag into another one."""

    into: UUID = Field(description="The tag that all records of the merged one get.")


class TagView(BaseModel):
    """A tag."""

    id: UUID
    name: str
    colour: str = Field(description=_COLOUR)
    description: str = Field(description="When it is to be used.")
    status: str = Field(
        description="active, or archived: it stays on its records and is put on no others."
    )
    merged_into: UUID | None = Field(
        description="The tag for which its name stands since it was merged; null: it is one itself."
    )
    version: EtagVersion
    created_at: datetime
    updated_at: datetime


class TagQuery(BaseModel):
    """Which tags are wanted."""

    status: Statuses | None = None
    merged: bool | None = Field(
        default=None, description="Only those that were merged into another one, or only others."
    )


class UsedTag(BaseModel):
    """A tag on a record."""

    id: UUID
    name: str
    colour: str = Field(description=_COLOUR)


class RecordTagsView(BaseModel):
    """The tags of a record."""

    record_type: str = Field(description="What it is, such as `account`.")
    record_id: UUID
    tags: list[UsedTag] = Field(description="By name.")


class TagMany(Command):
    """Put tags on many records, and take others off."""

    ids: list[UUID] = Field(
        min_length=1, max_length=RECORDS_MAX, description="The records; each is judged alone."
    )
    add: list[UUID] = Field(default=[], max_length=TAGS_MAX, description="Tags to put on them.")
    remove: list[UUID] = Field(
        default=[], max_length=TAGS_MAX, description="Tags to take off them."
    )

    @model_validator(mode="after")
    def _something_clear(self) -> Self:
        if not self.add and not self.remove:
            raise PydanticCustomError("no_tags", "Name a tag to put on the records or to take off.")
        if set(self.add) & set(self.remove):
            raise PydanticCustomError("tag_both_ways", "A tag is put on or taken off, not both.")
        return self


class TagOutcome(BaseModel):
    """What became of the tags of one record."""

    id: UUID
    status: Literal["changed", "unchanged", "failed"] = Field(
        description="changed; unchanged: it was so already; failed: see `problem`."
    )
    problem: ProblemView | None = None


class TagsReply(BaseModel):
    """What became of each record, in the order sent."""

    items: list[TagOutcome]


class TagsOfMany(BaseModel):
    """The tags of the records asked for, in that order.

    Records without one are left out, and those that the caller may not see.
    """

    items: list[RecordTagsView]
