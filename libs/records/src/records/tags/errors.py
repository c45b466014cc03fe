"""Why tags may not be changed, or not be put on a record."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = ["TagArchived", "TagMerged", "TagNameTaken", "TooManyTags"]


class TagNameTaken(Problem):
    """A name stands for one tag; that of a merged tag stands for the other one."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "tag_name_taken"
    title: ClassVar[str] = "Another tag has this name"
    detail: ClassVar[str] = (
        "There is a tag {name} ({existing_id}) already; case and width of letters make no "
        "difference. Use it, or choose another name."
    )


class TagArchived(Problem):
    """An archived tag stays where it is, and is put on nothing more."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "tag_archived"
    title: ClassVar[str] = "The tag is archived"
    detail: ClassVar[str] = "The tag {name} is archived. Restore it, or use another one."


class TagMerged(Problem):
    """What was merged is a name for the other tag, and no tag of its own."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "tag_merged"
    title: ClassVar[str] = "The tag was merged"
    detail: ClassVar[str] = "The tag {name} was merged into {into_id}. Use that one."


class TooManyTags(Problem):
    """A record has so many tags at most."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "too_many_tags"
    title: ClassVar[str] = "The record has too many tags"
    detail: ClassVar[str] = "A record has {limit} tags at most. Take one off first."
