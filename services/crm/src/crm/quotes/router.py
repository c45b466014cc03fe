"""Paths of quotes."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from approvals.errors import AlreadyDecided, NotYourRequest
from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import CurrencyNotSupported, MissingReference, NotFound
from crm.accounts.errors import AccountArchived
from crm.orders.errors import FractionOfUnit, ProductNotSold
from crm.pdf.errors import PdfNotInstalled, PdfNotMade
from crm.pdf.printing import PDF_REPLY, pdf_reply
from crm.quotes.errors import (
    AnotherQuoteAccepted,
    ApprovalNeeded,
    ApprovalNotNeeded,
    QuoteArchived,
    QuoteExpired,
    QuoteFixed,
    QuoteIncomplete,
    QuoteStateRefused,
    QuoteVersionInWork,
)
from crm.quotes.schemas import (
    AnswerQuote,
    ChangeQuote,
    IssuedToken,
    NewQuote,
    QuoteApprovalTrial,
    QuoteView,
    SendQuote,
    SentQuote,
    UpsertQuote,
)
from crm.quotes.service import acts, approving
from crm.quotes.service.printed import printed_quote
from crm.quotes.service.quotes import QUOTE
from crm.quotes.states import QuoteLanguage, QuoteState
from identity.repeats import keep_for_repeats
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import USER, Reference

__all__ = ["quote_router"]

READ, WRITE = "quotes.read", "quotes.write"
Seller = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
PdfLanguage = Annotated[
    QuoteLanguage | None, Query(description="In which it is printed; by default its own.")
]

quote_router = api_router(prefix="/v1/quotes", tag="quotes")
quote = RecordRoutes(
    quote_router,
    QUOTE,
    one="quote",
    many="quotes",
    read=READ,
    write=WRITE,
    refuses=(
        AccountArchived,
        CurrencyNotSupported,
        FractionOfUnit,
        MissingReference,
        ProductNotSold,
        QuoteFixed,
    ),
)
quote.list(
    "Quotes, the newest first; `sort` by created_at, updated_at, name, number, total or "
    "valid_until."
)
quote.create(NewQuote, "Draw up a quote: a draft.")
quote.upsert(UpsertQuote)
quote.links()
quote.csv(
    references={
        "account_id": Reference("account"),
        "contact_id": Reference("contact"),
        "opportunity_id": Reference("opportunity"),
        "owner_id": USER,
        "team_id": Reference("team", codes=("name",)),
    }
)
quote.get()
quote.history()
quote.change(ChangeQuote)


@quote_router.get(
    "/{quote_id}/pdf",
    response_class=Response,
    responses=refuses(NotFound, PdfNotInstalled, PdfNotMade) | PDF_REPLY,
)
async def quote_pdf_get(
    quote_id: UUID, by: Reader, request: Request, language: PdfLanguage = None
) -> Response:
    """The quote as a PDF: as it was sent, or a draft as it is; then the same bytes each time."""
    read = partial(printed_quote, quote_id=quote_id, language=language)
    return await pdf_reply(request, by, read)


@quote_router.get("/{quote_id}/approval", responses=refuses(NotFound))
async def quote_approval_try(
    quote_id: UUID, _by: Annotated[Actor, Needs(READ)], at: InReading
) -> QuoteApprovalTrial:
    """Whether it needs an approval as it is now, and who would decide. Nothing changes."""
    return await approving.try_quote(at, quote_id)


@quote_router.post(
    "/{quote_id}/submit",
    responses=refuses(NotFound, ApprovalNotNeeded, QuoteArchived, QuoteFixed, QuoteIncomplete),
)
async def quote_submit(
    quote_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> QuoteView:
    """Ask for its approval, as the rules say; what is asked or approved is not asked again."""
    await acts.submit(work, quote_id)
    return await quote.reply(response, work, quote_id)


@quote_router.post(
    "/{quote_id}/recall", responses=refuses(NotFound, AlreadyDecided, NotYourRequest)
)
async def quote_recall(
    quote_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> QuoteView:
    """Withdraw one's own question before it is decided."""
    await acts.recall(work, quote_id)
    return await quote.reply(response, work, quote_id)


@quote_router.post(
    "/{quote_id}/send",
    responses=refuses(
        NotFound,
        AccountArchived,
        AnotherQuoteAccepted,
        ApprovalNeeded,
        QuoteArchived,
        QuoteIncomplete,
        QuoteStateRefused,
    ),
)
async def quote_send(
    quote_id: UUID,
    command: SendQuote,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    request: Request,
    response: Response,
) -> SentQuote:
    """Say that it goes to the customer now; it is not changed any more. Nothing is sent by it."""
    issued = await acts.send(work, quote_id, command)
    sent = SentQuote(quote=await quote.reply(response, work, quote_id), answer_by=issued)
    kept = sent.model_copy(update={"answer_by": _without_token(issued)})
    keep_for_repeats(request, work, kept.model_dump_json())
    return sent


@quote_router.post("/{quote_id}/token", responses=refuses(NotFound, QuoteStateRefused))
async def quote_token_issue(
    quote_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, request: Request
) -> IssuedToken:
    """Make another token by which the customer answers it; the earlier one ends."""
    issued = await acts.issue_token(work, quote_id)
    keep_for_repeats(request, work, _without_token(issued).model_dump_json())
    return issued


def _without_token(issued: IssuedToken) -> IssuedToken:
    return issued.model_copy(update={"token": None})


@quote_router.post(
    "/{quote_id}/revise",
    status_code=201,
    responses=refuses(
        NotFound, AccountArchived, MissingReference, QuoteStateRefused, QuoteVersionInWork
    ),
)
async def quote_revise(
    quote_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> QuoteView:
    """Make the next version of what was sent, a draft with the same content."""
    new_id = await acts.revise(work, quote_id)
    return await quote.reply(response, work, new_id, new=True)


@quote_router.post("/{quote_id}/revoke", responses=refuses(NotFound, QuoteStateRefused))
async def quote_revoke(
    quote_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> QuoteView:
    """Take back what was sent: nobody accepts it any more."""
    await acts.revoke(work, quote_id)
    return await quote.reply(response, work, quote_id)


@quote_router.post(
    "/{quote_id}/accept",
    responses=refuses(NotFound, AnotherQuoteAccepted, QuoteExpired, QuoteStateRefused),
)
async def quote_accept(
    quote_id: UUID,
    command: AnswerQuote,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> QuoteView:
    """Enter that the customer accepted it, by a signature on paper or by word."""
    said = acts.Said(command.person, command.note)
    await acts.answer(work, quote_id, QuoteState.ACCEPTED, said)
    return await quote.reply(response, work, quote_id)


@quote_router.post("/{quote_id}/decline", responses=refuses(NotFound, QuoteStateRefused))
async def quote_decline(
    quote_id: UUID,
    command: AnswerQuote,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> QuoteView:
    """Enter that the customer declined it."""
    said = acts.Said(command.person, command.note)
    await acts.answer(work, quote_id, QuoteState.DECLINED, said)
    return await quote.reply(response, work, quote_id)


quote.archive("Take it out of the way; it stays as it is.", "Work with it again.")
quote.link()
quote.unlink()
annotate(quote.paths)
