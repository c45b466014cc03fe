"""The problems every service may answer; each module adds its own beside its rules."""

from chassis.problems.problem import Problem

__all__ = [
    "Conflict",
    "CurrencyNotSupported",
    "DatabaseFull",
    "DatabaseUnavailable",
    "Forbidden",
    "IdempotencyInFlight",
    "IdempotencyKeyRequired",
    "IdempotencyKeyReused",
    "InternalError",
    "InvalidCursor",
    "InvalidInput",
    "MalformedJson",
    "MethodNotAllowed",
    "MissingReference",
    "NotFound",
    "PathNotFound",
    "RateLimited",
    "RevisionRequired",
    "RowBusy",
    "StaleRevision",
    "TooLarge",
    "Unauthorized",
]


class Conflict(Problem):
    """The request does not fit the present state."""


class NotFound(Problem):
    """No such record, or the caller may not see it."""

    status = 404
    code = "not_found"
    title = "Not found"
    detail = "There is no {entity} {id}, or you may not see it. Check the id."


class RateLimited(Problem):
    """The caller, or all callers of one address, came too often."""

    status = 429
    code = "rate_limited"
    title = "Too many requests"
    detail = "Come again in {wait_seconds} seconds. The header RateLimit tells how much is left."

    def headers(self) -> dict[str, str]:
        """When the next request is heard."""
        return {"Retry-After": str(self.facts["wait_seconds"])}


class PathNotFound(Problem):
    """No such path."""

    status = 404
    code = "path_not_found"
    title = "No such path"
    detail = "This service has no such path. /docs lists the paths there are."


class MethodNotAllowed(Problem):
    """The path does not know the method."""

    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"
    detail = "This path does not know the method. The Allow header names those it knows."


class MissingReference(Problem):
    """The document names a record that is not here yet."""

    status = 422
    code = "missing_reference"
    title = "A record it refers to is missing"
    detail = (
        "There is no {entity} {reference}, or you may not see it. Create it or get access to it, "
        "then send this again."
    )


class StaleRevision(Problem):
    """The change is based on an older version."""

    status = 412
    code = "stale_revision"
    title = "Changed by someone else meanwhile"
    detail = (
        "Your change is based on version {expected}; the present one is {current}. "
        "Read the record again and repeat the change."
    )
    facts_text = (
        "`expected` and `current` are versions. `conflicts`, of a business record, lists what "
        "others changed since: `field`, `original` (as seen), `theirs` (now), `mine` (as sent)"
    )


class RevisionRequired(Problem):
    """A change must say which version it is based on."""

    status = 428
    code = "revision_required"
    title = "If-Match is missing"
    detail = "Send the ETag of the version you read in the If-Match header."


class Forbidden(Problem):
    """The caller is known but may not do this."""

    status = 403
    code = "forbidden"
    title = "Not allowed"
    detail = "This needs the permission {scope}. Ask an administrator for it."


class Unauthorized(Problem):
    """The caller is not known."""

    status = 401
    code = "unauthorized"
    title = "Who are you?"
    detail = "Send a valid API key or access token: Authorization: Bearer ..."

    def headers(self) -> dict[str, str]:
        """Name the scheme, as HTTP asks."""
        return {"WWW-Authenticate": "Bearer"}


class InvalidInput(Problem):
    """Fields are missing or wrong; nothing was changed."""

    status = 422
    code = "invalid_input"
    title = "Some fields are missing or wrong"
    detail = "Nothing was changed. The list of errors names each field; correct and send again."


class MalformedJson(Problem):
    """The body is no JSON."""

    status = 400
    code = "malformed_json"
    title = "The body is no valid JSON"
    detail = "The body could not be read as JSON near position {position}."


class InvalidCursor(Problem):
    """The cursor was not made by this list."""

    status = 400
    code = "invalid_cursor"
    title = "The cursor does not fit"
    detail = "Start again without a cursor; use next_cursor only with the same sort order."


class TooLarge(Problem):
    """The body is larger than accepted."""

    status = 413
    code = "too_large"
    title = "The body is too large"
    detail = "At most {limit} bytes are accepted. Send less at once, for instance in batches."


class IdempotencyKeyRequired(Problem):
    """A POST without an Idempotency-Key."""

    status = 400
    code = "idempotency_key_required"
    title = "Idempotency-Key is missing"
    detail = "Send a key of your own, new for each act, so that a repeat is not done twice."


class IdempotencyKeyReused(Problem):
    """The key was used for another request."""

    status = 422
    code = "idempotency_key_reused"
    title = "Idempotency-Key was used for another request"
    detail = "The same key came with another body or path before. Use a new key for a new act."


class IdempotencyInFlight(Problem):
    """The same request is being worked on."""

    status = 409
    code = "idempotency_in_flight"
    title = "The same request is being worked on"
    detail = "A request with this key is not finished yet. Send it again in a moment."
    retry_after_seconds = 1


class RowBusy(Problem):
    """Another request holds the record for too long."""

    status = 409
    code = "busy"
    title = "Someone else is changing this"
    detail = "Another request holds a record that this one needs. Send it again in a moment."
    retry_after_seconds = 1


class DatabaseUnavailable(Problem):
    """The database does not answer."""

    status = 503
    code = "database_unavailable"
    title = "The database does not answer"
    detail = (
        "It may have failed just before or just after the change. Send the same request again in "
        "a moment, with the same Idempotency-Key: it is done once."
    )
    retry_after_seconds = 2


class DatabaseFull(Problem):
    """The database has no room left on its disk or in its memory."""

    status = 503
    code = "database_full"
    title = "The database has no room left"
    detail = (
        "Nothing was changed. Tell your administrator to free space on the database's disk; then "
        "send the same request again."
    )
    retry_after_seconds = 30


class InternalError(Problem):
    """A fault of ours."""

    status = 500
    code = "internal_error"
    title = "Something went wrong on our side"
    detail = "Nothing was changed. Tell your administrator the request id."


class CurrencyNotSupported(Problem):
    """Another currency than the installation's."""

    status = 422
    code = "currency_not_supported"
    title = "Currency not supported yet"
    detail = "This installation works in {supported}; {currency} is not supported yet."
