"""What a request to a public form is allowed: a small body, so often, in a transaction of ours."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from limits import parse_many
from pydantic import BaseModel, ValidationError

from chassis.http.rate_limits import source_of
from chassis.http.refusals import may_refuse
from chassis.problems.field_errors import field_error
from chassis.problems.problem import Problem
from chassis.problems.standard import InvalidInput, RateLimited, TooLarge
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.leads import form_pages as pages
from crm.leads.schemas.forms import OpenFormView
from crm.leads.service.open_forms import FORM

__all__ = [
    "InOpenReading",
    "InOpenWork",
    "Small",
    "answered",
    "language_of",
    "shown",
    "source_address",
]

C = TypeVar("C", bound=BaseModel)

BODY_MAX = 16 * 1024
LIMITS = tuple(parse_many("20/minute; 100/hour"))
"""For one path from one address: what a person, or a few behind one address, may send."""
FIELDS_MAX = 40


@may_refuse(TooLarge, RateLimited)
async def small(request: Request) -> None:
    """Let a request through that is small and not one of many. Raises TooLarge, RateLimited."""
    limits, who = request.app.state.rate_limits, f"{source_of(request.scope)} {request.url.path}"
    for limit in LIMITS:
        await limits.count("form", limit, who, request.scope)
    if len(await request.body()) > BODY_MAX:
        raise TooLarge(limit=BODY_MAX)


async def open_work(request: Request) -> AsyncIterator[Work]:
    """A transaction of the forms' own: nobody is known who could have asked for it."""
    database = request.app.state.database
    async with database.transaction(actor=FORM, trace=request.state.trace) as work:
        yield work


async def open_reading(request: Request) -> AsyncIterator[Reading]:
    """A connection for reads of the forms' own."""
    async with request.app.state.database.reading(actor=FORM) as reading:
        yield reading


Small = Annotated[None, Depends(small)]
InOpenWork = Annotated[Work, Depends(open_work, scope="function")]
InOpenReading = Annotated[Reading, Depends(open_reading, scope="function")]


def language_of(request: Request) -> str:
    """The language of texts for whoever asks."""
    return str(request.state.language)


def source_address(request: Request) -> str:
    """The address that a request came from; of IPv6 the network of its owner."""
    return source_of(request.scope)


async def shown(request: Request, form: Awaitable[OpenFormView]) -> HTMLResponse:
    """The page of a form, or of what was refused."""
    language = language_of(request)
    try:
        return pages.form_page(await form, language)
    except Problem as refused:
        return pages.refusal_page(refused, request.app.state.texts, language)


async def answered(
    request: Request, command: type[C], act: Callable[[Work, C], Awaitable[str]]
) -> HTMLResponse:
    """The page that answers a form: what `act` says was done, or what was refused and why."""
    language, texts = language_of(request), request.app.state.texts
    try:
        await small(request)
        asked = _command(command, await request.body())
        database = request.app.state.database
        async with database.transaction(actor=FORM, trace=request.state.trace) as work:
            word = await act(work, asked)
    except Problem as refused:
        return pages.refusal_page(refused, texts, language)
    return pages.text_page(word, language)


def _command(command: type[C], body: bytes) -> C:
    """The command that a form sends. Raises InvalidInput."""
    try:
        sent: dict[str, Any] = dict(
            parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
        )
        ticked = [name for name, value in sent.items() if value == "true"]
        kinds = {name: one.annotation for name, one in command.model_fields.items()}
        sent |= {name: True for name in ticked if kinds.get(name) is bool}
        return command.model_validate(sent)
    except ValidationError as wrong:
        errors = [field_error(one) for one in wrong.errors(include_url=False)]
        raise InvalidInput(errors=errors) from wrong
    except ValueError as unreadable:
        raise InvalidInput from unreadable
