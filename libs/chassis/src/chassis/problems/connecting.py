"""Problems of callers that are turned away before a route is asked."""

from chassis.problems.problem import Problem

__all__ = ["HeadTooLarge", "PreflightRefused", "TooManyConnections"]


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
