"""What a route asks for in its signature: who calls, the transaction, the key, the revision."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any, TypeAlias, cast

from fastapi import Depends, Header, Request

from chassis.actor import Actor
from chassis.http.batch import DryRun
from chassis.http.etag import parse_revision
from chassis.http.idempotency import claim_key
from chassis.http.refusals import may_refuse
from chassis.problems.problem import FieldError, Problem, ProblemView
from chassis.problems.standard import (
    Forbidden,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    InvalidInput,
    RevisionRequired,
    RowBusy,
    StaleRevision,
)
from chassis.storage.reading import Reading
from chassis.telemetry.trace import IMPORT_ID_HEADER
from chassis.work.database import Database
from chassis.work.unit_of_work import Work

__all__ = [
    "ONCE",
    "Caller",
    "IfMatch",
    "InReading",
    "InWork",
    "Key",
    "Language",
    "Needs",
    "OnlyOnce",
    "OnlyOnceUnlessDry",
    "ProblemViews",
    "ViewOf",
    "caller",
    "transaction_of",
]


async def caller(request: Request) -> Actor:
    """Who calls, known by key, session or token; asked and counted once a request.

    Raises Unauthorized, RateLimited.
    """
    known: Actor | None = getattr(request.state, "actor", None)
    if known is not None:
        return known
    actor: Actor = await request.app.state.authenticator.authenticate(request)
    request.state.actor = actor
    if request.app.state.settings.rate_limit_key:
        await request.app.state.rate_limits.count_caller(request.scope, actor)
    if actor.relays:
        request.state.trace = request.state.relayed_trace
    if actor.language and not request.headers.get("accept-language"):
        request.state.language = actor.language
    return actor


Caller = Annotated[Actor, Depends(caller)]


def Needs(scope: str) -> Any:  # noqa: N802 - reads as a word of the signature
    """Ask for a permission in the signature: the caller, once known to have the scope."""

    async def allowed(request: Request) -> Actor:
        actor = await caller(request)
        if not actor.may(scope):
            raise Forbidden(scope=scope)
        return actor

    allowed.__dict__["scope"] = scope
    return Depends(allowed)


@may_refuse(RowBusy)
async def begin(request: Request) -> AsyncIterator[Work]:
    """The transaction of this request: committed before the reply is sent.

    Raises InvalidInput for an import's id that is none.
    """
    async with transaction_of(request, await caller(request)) as work:
        yield work


def transaction_of(request: Request, actor: Actor) -> AbstractAsyncContextManager[Work]:
    """The act of a request. Raises InvalidInput for an import's id that is none."""
    trace, database = request.state.trace, cast("Database", request.app.state.database)
    if trace.import_id is None and IMPORT_ID_HEADER in request.headers:
        pointer, message = f"/header/{IMPORT_ID_HEADER}", "This is no valid id (UUID)."
        raise InvalidInput(errors=[FieldError(pointer, "uuid_parsing", message)])
    return database.transaction(actor=actor, trace=trace)


InWork = Annotated[Work, Depends(begin, scope="function")]


async def read(request: Request) -> AsyncIterator[Reading]:
    """A connection for reads, open to known callers only."""
    actor = await caller(request)
    async with request.app.state.database.reading(actor=actor) as reading:
        yield reading


InReading = Annotated[Reading, Depends(read, scope="function")]


NEEDED = {"x-needed": True}
"""Marks a header that OpenAPI shows as required: its absence is a problem of its own, not a 422."""
KEY = "A key of the caller's own, new for each act: a repeat is not done twice."
Key = Annotated[str | None, Header(description=KEY, json_schema_extra=NEEDED)]
KeyUnlessDry = Annotated[str | None, Header(description=f"{KEY} A dry run needs none.")]


ONCE = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight)


@may_refuse(*ONCE)
async def claim_once(request: Request, work: InWork, idempotency_key: Key = None) -> None:
    """Claim the request's key. Raises what claim_key raises."""
    await claim_key(request, work, idempotency_key)


@may_refuse(*ONCE)
async def claim_unless_dry(
    request: Request, work: InWork, idempotency_key: KeyUnlessDry = None, *, dry_run: DryRun = False
) -> None:
    """Claim the request's key, except for a dry run, which changes nothing."""
    if not dry_run:
        await claim_key(request, work, idempotency_key)


OnlyOnce = Annotated[None, Depends(claim_once, scope="function")]
OnlyOnceUnlessDry = Annotated[None, Depends(claim_unless_dry, scope="function")]
"""For routes that know a dry run; any other one keeps its rule whatever the query says."""


@may_refuse(RevisionRequired, StaleRevision)
async def revision(
    if_match: Annotated[
        str | None,
        Header(
            description="ETag of the version that the change is based on; `*`: whichever it is.",
            json_schema_extra=NEEDED,
        ),
    ] = None,
) -> int:
    """The version that the caller changes. Raises RevisionRequired, StaleRevision."""
    return parse_revision(if_match)


IfMatch = Annotated[int, Depends(revision)]


async def language_of(request: Request) -> str:
    """The language of texts for this caller."""
    return str(request.state.language)


Language = Annotated[str, Depends(language_of)]


ViewOf: TypeAlias = Callable[[Problem], ProblemView]
"""Makes a problem what the caller reads, in the caller's language."""


async def problem_view(request: Request, language: Language) -> ViewOf:
    """How problems of this request's items are shown."""
    texts, request_id = request.app.state.texts, request.state.trace.request_id
    return lambda problem: ProblemView.model_validate(problem.view(texts, language, request_id))


ProblemViews = Annotated[ViewOf, Depends(problem_view)]
