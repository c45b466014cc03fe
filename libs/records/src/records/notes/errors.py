"""Why a note may not be changed."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = ["NoteOfAnother"]


class NoteOfAnother(Problem):
    """Only who wrote a note edits or deletes it, and administrators."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "note_of_another"
    title: ClassVar[str] = "Somebody else wrote the note"
    detail: ClassVar[str] = (
        "The note was written by {author}. Only the author or an administrator may edit or "
        "delete it. Write a note of your own."
    )
