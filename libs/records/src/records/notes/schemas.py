"""Commands and views of notes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StringConstraints

from chassis.http.etag import EtagVersion
from values.text import Command, unset, visible

__all__ = ["AuthorView", "ChangeNote", "Mention", "NewNote", "NoteQuery", "NoteView"]

NoteText = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=10_000, pattern=r"^[^\x00]*$"
    ),
    AfterValidator(visible),
]
_TEXT = (
    "Plain text of several lines. `@login` mentions the active user who has that login, in any "
    "case, if a role gives the permission to read records of this type; signs at the end of a "
    "word count as the sentence's where no login ends so. Any other `@word` stays text."
)


class NewNote(Command):
    """Write a note on the record."""

    text: NoteText = Field(description=_TEXT)
    pinned: StrictBool = Field(default=False, description="Whether it is to stand out.")


class ChangeNote(Command):
    """Edit a note, or pin it (JSON merge patch)."""

    text: NoteText = Field(default_factory=unset, description=_TEXT)
    pinned: StrictBool = Field(
        default_factory=unset, description="Whether it is to stand out; this edits no text."
    )


class AuthorView(BaseModel):
    """Who wrote it."""

    actor: str = Field(description="The kind and id of the caller, such as `user:` and a UUID.")
    name: str = Field(description="The name at the time of writing.")


class Mention(BaseModel):
    """A user whom the text mentions."""

    user_id: UUID
    login: str
    name: str


class NoteView(BaseModel):
    """A note on a record."""

    id: UUID
    record_type: str = Field(description="What it is on, such as `account`.")
    record_id: UUID
    text: str
    pinned: bool
    mentions: list[Mention] = Field(description="Users whom the text mentions, by login.")
    author: AuthorView
    version: EtagVersion
    created_at: datetime
    edited_at: datetime | None = Field(description="When the text was last edited; null: never.")


class NoteQuery(BaseModel):
    """Which notes of the record are asked for."""

    pinned: bool | None = Field(default=None, description="Only pinned ones, or only others.")
