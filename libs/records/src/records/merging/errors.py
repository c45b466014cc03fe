"""Why two records are not merged, and why a merge is not undone."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = [
    "LinkedRecordMustWin",
    "LinkedTwice",
    "MergeErased",
    "MergeExpired",
    "MergeKeysCollide",
    "MergeNotUndoable",
]


class LinkedTwice(Problem):
    """Each of the two is a record of its own in another system."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "linked_twice"
    title: ClassVar[str] = "Both are linked to records of one other system"
    detail: ClassVar[str] = (
        "Both are linked to different records of {systems}, which has two of them. Find out which "
        "one holds there, end the link of the other one here, then merge."
    )


class LinkedRecordMustWin(Problem):
    """What another half leads in is not taken from it: the record that it knows stays."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "linked_record_must_win"
    title: ClassVar[str] = "The record that is linked must be the one that stays"
    detail: ClassVar[str] = (
        "The {entity} {id} is linked to {systems}, which goes on writing to it. Merge the other "
        "way round, so that it stays; choose the fields of the other one as you like."
    )


class MergeKeysCollide(Problem):
    """A row of each may stand only once, and nobody said which one holds."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "merge_keys_collide"
    title: ClassVar[str] = "Rows of both cannot stand beside each other"
    detail: ClassVar[str] = (
        "Both have a row in {table} that there may be only once ({constraint}). Change or remove "
        "one of them, then merge."
    )


class MergeExpired(Problem):
    """The days of the undo are over."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "merge_expired"
    title: ClassVar[str] = "The merge is too old to be undone"
    detail: ClassVar[str] = "A merge is undone within {days} days; this one is of {merged_at}."


class MergeErased(Problem):
    """The person was erased, also from what an undo needs."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "merge_erased"
    title: ClassVar[str] = "What the undo needs was erased"
    detail: ClassVar[str] = "The person was erased after the merge; nothing of it can be restored."


class MergeNotUndoable(Problem):
    """Another merge, or what was made since, stands in the way."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "merge_not_undoable"
    title: ClassVar[str] = "The merge cannot be undone now"
    detail: ClassVar[str] = (
        "Something that was made since stands in the way ({reason}). Change that, then undo again."
    )
