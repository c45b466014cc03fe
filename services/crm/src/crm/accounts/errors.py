"""What accounts refuse."""

from chassis.problems.problem import Problem

__all__ = ["AccountArchived"]


class AccountArchived(Problem):
    """What is archived is kept, but takes part in no new business."""

    status = 409
    code = "account_archived"
    title = "The account is archived"
    detail = "{account} is archived: no new business with it. Restore it first, or choose another."
