"""What accounts refuse."""

from chassis.problems.problem import Problem

__all__ = ["AccountArchived", "HasOrdered"]


class AccountArchived(Problem):
    """What is archived is kept, but takes part in no new business."""

    status = 409
    code = "account_archived"
    title = "The account is archived"
    detail = "{account} is archived: no new business with it. Restore it first, or choose another."


class HasOrdered(Problem):
    """A customer is not made a prospect again."""

    status = 409
    code = "has_ordered"
    title = "The account has ordered"
    detail = (
        "{account} has ordered and stays a customer. Archive it to do no more business with it."
    )
