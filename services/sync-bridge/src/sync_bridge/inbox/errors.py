"""What the inbox refuses to a person."""

from chassis.problems.problem import Problem

__all__ = ["NewerVersionCame", "NotAnEvent", "QuarantineDecided"]


class QuarantineDecided(Problem):
    """Somebody has decided on it already."""

    status = 409
    code = "quarantine_decided"
    title = "This has been decided already"
    detail = "It was {state} by {by} at {at}. Nothing was changed."


class NotAnEvent(Problem):
    """What stands there cannot be delivered."""

    status = 409
    code = "not_an_event"
    title = "This is no event that could be delivered"
    detail = (
        "It was put aside because of: {reason}. Correct what sent it, so that it is sent anew, "
        "and dismiss this."
    )


class NewerVersionCame(Problem):
    """A newer version of the record stands in for it."""

    status = 409
    code = "newer_version_came"
    title = "A newer version of the record came after it"
    detail = (
        "This is version {version} of the record; version {newer} came since, and it holds "
        "whatever this one does. Release that one if it is in quarantine, and dismiss this."
    )
