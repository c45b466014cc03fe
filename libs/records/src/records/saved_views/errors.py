"""Why a view is not kept."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = ["NoTeam", "ViewNameTaken", "ViewOfAnother"]


class ViewOfAnother(Problem):
    """Only who made a view changes it, and administrators."""

    status: ClassVar[int] = 403
    code: ClassVar[str] = "view_of_another"
    title: ClassVar[str] = "Somebody else made the view"
    detail: ClassVar[str] = (
        "The view belongs to {owner}. Only the owner or an administrator may change or delete it. "
        "Save a view of your own."
    )


class ViewNameTaken(Problem):
    """One has a view of this name for such records already."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "view_name_taken"
    title: ClassVar[str] = "The name is taken"
    detail: ClassVar[str] = "You have a view {name} for these records. Choose another name."


class NoTeam(Problem):
    """Who is in no team shares nothing with it."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "no_team"
    title: ClassVar[str] = "There is no team to share it with"
    detail: ClassVar[str] = "You are in no team. Share the view with all, or with nobody."
