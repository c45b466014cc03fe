"""What is published of notes."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from records.notes.schemas import NoteView

__all__ = ["NoteChanged"]


class NoteChanged(Event):
    """A note was written on a record, edited, pinned or deleted: the note after that.

    Who tells users of what is written about looks at `mentions`, and at `changed` for what is new.
    """

    event_name: ClassVar[str] = "note-changed"
    topic: ClassVar[str] = "note"
    aggregate: ClassVar[str] = "note"

    record_type: str = Field(description="What it is on, such as `account`.")
    record_id: UUID
    text: str = Field(description="Empty once it is deleted.")
    pinned: bool
    mentions: list[UUID] = Field(description="Users whom the text mentions.")
    author: str = Field(description="The kind and id of who wrote it, such as `user:` and a UUID.")
    written_at: datetime = Field(description="When it was written, UTC.")
    edited_at: datetime | None = Field(
        description="When its text was last edited, UTC; null: never."
    )
    deleted: bool = Field(description="True: it was deleted, and its text is empty.")

    @classmethod
    def of(cls, note: NoteView, changed: list[str]) -> Self:
        """The note as it is now; `changed` are the fields of the event that are new."""
        return cls(
            id=note.id,
            version=note.version,
            changed=sorted(changed),
            record_type=note.record_type,
            record_id=note.record_id,
            text=note.text,
            pinned=note.pinned,
            mentions=[one.user_id for one in note.mentions],
            author=note.author.actor,
            written_at=note.created_at,
            edited_at=note.edited_at,
            deleted=False,
        )

    @classmethod
    def gone(cls, note: NoteView) -> Self:
        """The note was deleted: one version more, and nothing of its text."""
        last = cls.of(note, ["deleted", "mentions", "text"])
        emptied = {"version": note.version + 1, "text": "", "mentions": [], "deleted": True}
        return last.model_copy(update=emptied)
