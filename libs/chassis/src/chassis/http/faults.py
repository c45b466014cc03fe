"""From exceptions to problem documents: everything the edge may meet has one form."""

import re
from itertools import chain
from typing import Any

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from chassis.problems.connecting import ConnectionsBusy, TookTooLong
from chassis.problems.field_errors import field_error
from chassis.problems.problem import ERRORS_MAX, MEDIA_TYPE, FieldError, Problem
from chassis.problems.standard import (
    Conflict,
    DatabaseFull,
    DatabaseUnavailable,
    InternalError,
    InvalidInput,
    MalformedJson,
    MethodNotAllowed,
    PathNotFound,
    RowBusy,
    TooLarge,
)
from chassis.telemetry.logs import get_logger

__all__ = ["add_fault_handlers", "on_anything", "problem_reply"]

log = get_logger("chassis.http")

UNAVAILABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,
    TimeoutError,
)
BUSY = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
FULL = (asyncpg.DiskFullError, asyncpg.OutOfMemoryError)
CONTRADICTION = (asyncpg.IntegrityConstraintViolationError,)
"""The database kept a promise that the code had not checked: nothing was changed."""
DENIED = frozenset({401, 403})
"""What says: not you."""
NOT_JSON = FieldError(
    "/", "not_json", "Send the body as JSON, with the header Content-Type: application/json."
)
TOO_LARGE_A_NUMBER = FieldError(
    "", "unstorable_value", "A number in it, or what comes of it, is too large to be kept."
)
UNSTORABLE = (asyncpg.DataError, asyncpg.exceptions.CharacterNotInRepertoireError)
ANSWERS: tuple[tuple[tuple[type[Exception], ...], type[Problem], str, str], ...] = (
    (BUSY, RowBusy, "debug", "row_busy"),
    ((PoolTimeoutError,), ConnectionsBusy, "warning", "connections_busy"),
    ((asyncpg.QueryCanceledError,), TookTooLong, "warning", "took_too_long"),
    (CONTRADICTION, Conflict, "error", "constraint_held"),
    (FULL, DatabaseFull, "error", "database_full"),
    (UNAVAILABLE, DatabaseUnavailable, "warning", "database_unavailable"),
)
"""What is raised, what is answered, and what the log says of it."""


def problem_reply(request: Request, problem: Problem) -> Response:
    """The problem in the caller's language."""
    state = request.state
    body = problem.view(request.app.state.texts, state.language, state.trace.request_id)
    return Response(
        orjson.dumps(body), problem.status, headers=problem.headers(), media_type=MEDIA_TYPE
    )


def add_fault_handlers(app: FastAPI) -> None:
    """Answer every exception by a problem document."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(asyncpg.PostgresError, _on_database)
    app.add_exception_handler(DBAPIError, _on_database)
    for kind in (*UNAVAILABLE, PoolTimeoutError):
        app.add_exception_handler(kind, _on_database)
    app.add_exception_handler(Exception, on_anything)


async def _on_problem(request: Request, problem: Any) -> Response:
    if problem.status in DENIED:
        request.app.state.authenticator.denied(request, problem)
    return problem_reply(request, problem)


async def _on_invalid(request: Request, invalid: Any) -> Response:
    errors = invalid.errors()
    broken = next((error for error in errors if error["type"] == "json_invalid"), None)
    if broken:
        return problem_reply(request, MalformedJson(position=broken["loc"][-1]))
    if any(error["loc"] == ("body",) for error in errors) and not _says_json(request):
        return problem_reply(request, InvalidInput(errors=[NOT_JSON]))
    told = [field_error(one) for one in errors[:ERRORS_MAX]]
    return problem_reply(request, InvalidInput(errors=told))


def _says_json(request: Request) -> bool:
    """Whether the caller said that the body is JSON. `curl -d` alone says it is a form."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return said == "application/json" or said.endswith("+json")


async def _on_http(request: Request, refused: Any) -> Response:
    known: dict[int, Problem] = {
        404: PathNotFound(),
        405: MethodNotAllowed(),
        413: TooLarge(limit=request.app.state.settings.largest_body(request.scope["path"])),
        400: MalformedJson(position=0),
    }
    reply = problem_reply(request, known.get(refused.status_code, Conflict()))
    for name, value in (refused.headers or {}).items():
        reply.headers[name] = value
    if refused.status_code == MethodNotAllowed.status:
        reply.headers["Allow"] = ", ".join(sorted(_known_methods(request)))
    return reply


def _known_methods(request: Request) -> set[str]:
    """All methods of the path: each of its routes knows its own only."""
    here = (one for one in request.app.routes if one.matches(request.scope)[0] is not Match.NONE)
    found = {method for route in here for method in getattr(route, "methods", None) or ()}
    return found | {"HEAD"} if "GET" in found else found


async def _on_database(request: Request, raised: Any) -> Response:
    cause = _driver_error(raised)
    if isinstance(cause, UNSTORABLE):
        return problem_reply(request, _unstorable(cause))
    for kinds, problem, level, event in ANSWERS:
        if isinstance(cause, kinds):
            getattr(log, level)(event, path=request.url.path, error=repr(cause))
            return problem_reply(request, problem())
    return await on_anything(request, raised)


def _driver_error(raised: BaseException) -> BaseException:
    """The driver's own error beneath SQLAlchemy's wrapping."""
    cause: BaseException | None = raised
    while cause is not None and not isinstance(
        cause, (*UNSTORABLE, *chain.from_iterable(one[0] for one in ANSWERS))
    ):
        cause = cause.__cause__
    return cause or raised


def _unstorable(cause: BaseException) -> Problem:
    if isinstance(cause, asyncpg.NumericValueOutOfRangeError):
        return InvalidInput(errors=[TOO_LARGE_A_NUMBER])
    cause_text = re.sub(r"\s+", " ", str(cause))[:200]
    message = "This cannot be stored: {cause}"
    return InvalidInput(errors=[FieldError("", "unstorable_value", message, {"cause": cause_text})])


async def on_anything(request: Request, raised: Any) -> Response:
    """The answer to what nobody expected, which is logged."""
    log.error("unexpected_error", path=request.url.path, exc_info=raised)
    return problem_reply(request, InternalError())
