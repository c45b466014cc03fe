"""Paths by which a customer answers a quote: whoever has the token, without a key."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from limits import parse_many
from pydantic import ValidationError

from chassis.http.rate_limits import source_of
from chassis.http.refusals import may_refuse, refuses
from chassis.http.routing import api_router
from chassis.problems.field_errors import field_error
from chassis.problems.problem import Problem
from chassis.problems.standard import InvalidInput, RateLimited, TooLarge
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.quotes import open_pages as pages
from crm.quotes.errors import (
    AnotherQuoteAccepted,
    QuoteExpired,
    QuoteStateRefused,
    QuoteTextChanged,
    QuoteTokenInvalid,
)
from crm.quotes.schemas import AnsweredQuote, AnswerOpenQuote, OpenQuoteToken, OpenQuoteView
from crm.quotes.service import open_quotes

__all__ = ["open_quote_router", "quote_page_router"]

BODY_MAX = 16 * 1024
FIELDS_MAX = 10
LIMITS = tuple(parse_many("20/minute; 100/hour"))
"""For one path from one address: what a person, or a few behind one address, may send."""


@may_refuse(TooLarge, RateLimited)
async def small(request: Request) -> None:
    """Let a request through that is small and not one of many. Raises TooLarge, RateLimited."""
    limits, who = request.app.state.rate_limits, f"{source_of(request.scope)} {request.url.path}"
    for limit in LIMITS:
        await limits.count("quote", limit, who, request.scope)
    if len(await request.body()) > BODY_MAX:
        raise TooLarge(limit=BODY_MAX)


async def open_work(request: Request) -> AsyncIterator[Work]:
    """A transaction of the customer's: nobody is known who could have asked for it."""
    database = request.app.state.database
    async with database.transaction(actor=open_quotes.CUSTOMER, trace=request.state.trace) as work:
        yield work


async def open_reading(request: Request) -> AsyncIterator[Reading]:
    """A connection for reads of the customer's."""
    async with request.app.state.database.reading(actor=open_quotes.CUSTOMER) as reading:
        yield reading


Small = Annotated[None, Depends(small)]
InOpenWork = Annotated[Work, Depends(open_work, scope="function")]
InOpenReading = Annotated[Reading, Depends(open_reading, scope="function")]

open_quote_router = api_router(prefix="/v1/open-quotes", tag="quotes")


@open_quote_router.post(
    "/show", responses=refuses(QuoteTokenInvalid, QuoteExpired, QuoteStateRefused)
)
async def open_quote_show(
    command: OpenQuoteToken, _small: Small, at: InOpenReading
) -> OpenQuoteView:
    """What is offered to who has the token. Needs no key; nothing changes."""
    return await open_quotes.open_quote(at, command.token.get_secret_value())


@open_quote_router.post(
    "/answer",
    responses=refuses(
        QuoteTokenInvalid, QuoteExpired, QuoteStateRefused, QuoteTextChanged, AnotherQuoteAccepted
    ),
)
async def open_quote_answer(
    command: AnswerOpenQuote, _small: Small, work: InOpenWork, request: Request
) -> AnsweredQuote:
    """Accept or decline a quote by the token that was sent; it counts once. Needs no key."""
    said = await open_quotes.answer_quote(work, command, source_address=source_of(request.scope))
    return AnsweredQuote(answer=said)


quote_page_router = APIRouter(prefix="/quotes", include_in_schema=False)


@quote_page_router.get("/")
async def quote_page(token: str, at: InOpenReading, request: Request) -> HTMLResponse:
    """The page that shows a quote and asks for the answer. Nothing changes.

    The token is no part of the path: paths are logged.
    """
    return await _page(request, partial(_shown, at, token))


@quote_page_router.post("/")
async def quote_answered(request: Request) -> HTMLResponse:
    """Accept or decline a quote by its page."""
    return await _page(request, _answered)


async def _shown(at: Reading, token: str, _request: Request) -> HTMLResponse:
    quote = await open_quotes.open_quote(at, token)
    return pages.quote_page(quote, token, quote.language)


async def _answered(request: Request) -> HTMLResponse:
    command = _command(await request.body())
    address = source_of(request.scope)
    database = request.app.state.database
    async with database.transaction(actor=open_quotes.CUSTOMER, trace=request.state.trace) as work:
        said = await open_quotes.answer_quote(work, command, source_address=address)
    return pages.answered_page(said, str(request.state.language))


async def _page(
    request: Request, act: Callable[[Request], Awaitable[HTMLResponse]]
) -> HTMLResponse:
    """What the act shows, or what was refused and why."""
    try:
        await small(request)
        return await act(request)
    except Problem as refused:
        language = str(request.state.language)
        return pages.refusal_page(refused, request.app.state.texts, language)


def _command(body: bytes) -> AnswerOpenQuote:
    """The answer that a page sends. Raises InvalidInput."""
    try:
        sent = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
        return AnswerOpenQuote.model_validate(dict(sent))
    except ValidationError as wrong:
        errors = [field_error(one) for one in wrong.errors(include_url=False)]
        raise InvalidInput(errors=errors) from wrong
    except ValueError as unreadable:
        raise InvalidInput from unreadable
