"""Problems of approvals."""

from chassis.problems.problem import Problem

__all__ = [
    "AlreadyDecided",
    "DelegationEnded",
    "NotAnApprover",
    "NotYourDelegation",
    "NotYourRequest",
    "OwnRequest",
]


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


class NotAnApprover(Problem):
    """The caller is not among those who decide the open steps."""

    status = 403
    code = "not_an_approver"
    title = "Others decide this"
    detail = (
        "You are not among those who decide the present step, nor their delegate today, or you "
        "decided it before."
    )


class NotYourRequest(Problem):
    """Only who asked withdraws the question."""

    status = 403
    code = "not_your_request"
    title = "Somebody else asked for this"
    detail = "Only who asked for the approval may withdraw it."


class NotYourDelegation(Problem):
    """Delegating for others needs a permission of its own."""

    status = 403
    code = "not_your_delegation"
    title = "This is somebody else's delegation"
    detail = "You may delegate your own approvals. For others it needs the permission {scope}."


class DelegationEnded(Problem):
    """It was ended before."""

    status = 409
    code = "delegation_ended"
    title = "The delegation has ended"
    detail = "This delegation was ended before. Make a new one if it is needed again."
