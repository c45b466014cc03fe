"""Problems of callers that are turned away before a route is asked, and of a busy database."""

from chassis.problems.problem import Problem

__all__ = [
    "ConnectionsBusy",
    "HeadTooLarge",
    "PreflightRefused",
    "TooManyConnections",
    "TookTooLong",
]


class HeadTooLarge(Problem):
    """The address and the headers of a request are larger than accepted."""

    status = 431
    code = "head_too_large"
    title = "The head of the request is too large"
    detail = "Address and headers may have {limit} bytes together. Send data in the body."


class TooManyConnections(Problem):
    """As many callers are connected as may be at once."""

    status = 503
    code = "too_many_connections"
    title = "Too many connections"
    detail = "As many callers are connected as may be at once. Come again shortly."
    retry_after_seconds = 1


class PreflightRefused(Problem):
    """A browser asked whether a page of another origin may send a request, and it may not."""

    status = 400
    code = "preflight_refused"
    title = "Pages of this origin may not send this"
    detail = (
        "Refused is the: {refused}. The setting CORS_ORIGINS of the service names the origins "
        "whose pages may call it; the reply's headers say which methods and headers they may send."
    )


class ConnectionsBusy(Problem):
    """No connection to the database became free in time."""

    status = 503
    code = "connections_busy"
    title = "The database is busy"
    detail = (
        "Too many requests wait for the database. Nothing was changed: send the same request "
        "again in a moment."
    )
    retry_after_seconds = 2


class TookTooLong(Problem):
    """A statement took longer in the database than it may."""

    status = 503
    code = "took_too_long"
    title = "The database needs too long for this"
    detail = (
        "The request was ended, and nothing was changed. Send it again in a moment, or ask for "
        "less at once: a smaller page, a shorter time, fewer records."
    )
    retry_after_seconds = 5
