"""Problems of approvals."""

from chassis.problems.problem import Problem

__all__ = ["AlreadyDecided", "OwnRequest"]


class AlreadyDecided(Problem):
    """Somebody decided before."""

    status = 409
    code = "already_decided"
    title = "Decided already"
    detail = "This was {state} before. A decision is not changed; act on the document instead."


class OwnRequest(Problem):
    """Who asks does not decide."""

    status = 403
    code = "own_request"
    title = "You asked for this yourself"
    detail = "Another person with the permission must decide."
