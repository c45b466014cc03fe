"""Acts on quotes: send, revise, revoke, and what the customer answers.

Each locks all versions of the quote first, in the order of their ids: so that of one number one
version is sent, and one is accepted.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.unit_of_work import Work
from crm import open_work
from crm.accounts.errors import AccountArchived
from crm.approvals.service.asking import withdraw_own
from crm.formats import hash_of
from crm.quotes import queries
from crm.quotes.errors import (
    AnotherQuoteAccepted,
    QuoteExpired,
    QuoteIncomplete,
    QuoteStateRefused,
    QuoteVersionInWork,
)
from crm.quotes.models import Quote
from crm.quotes.rules.document import QuoteDocument, text_of
from crm.quotes.schemas import IssuedToken, SendQuote
from crm.quotes.service import approving
from crm.quotes.service.accepted import lock_acceptance
from crm.quotes.service.documents import VALID_DAYS, document_of
from crm.quotes.service.quotes import KEPT_LINES, QUOTE, STATE, load_for_update
from crm.quotes.states import QuoteState
from records.types import Change
from records.writes import create_all, write

__all__ = [
    "ANSWER_PATH",
    "Said",
    "answer",
    "issue_token",
    "recall",
    "revise",
    "revoke",
    "send",
    "submit",
    "token_hash",
]

ANSWER_PATH = "/quotes/?token="
TOKEN_BYTES = 16
_REVISED = (
    *("name", "account_id", "contact_id", "opportunity_id", "owner_id", "team_id"),
    *("language", "discount", "discount_amount", "terms", "note", "custom", "number", "priced_on"),
)


@dataclass(frozen=True, slots=True)
class Said:
    """Who answered a quote, what was said with it, and from which address it came."""

    person: str
    note: str = ""
    source_address: str = ""


async def send(work: Work, quote_id: UUID, command: SendQuote) -> IssuedToken:
    """Say that the quote goes to the customer now: from now on it stays as it is (C27).

    The version sent before is superseded. Raises NotFound, QuoteStateRefused (sent before),
    QuoteArchived, QuoteIncomplete, AnotherQuoteAccepted, AccountArchived, ApprovalNeeded,
    InvalidInput (a last day in the past).
    """
    quote, others = await _lock_versions(work, quote_id)
    quote.require_next(QuoteState.SENT)
    quote.require_active()
    if any(one.state == QuoteState.ACCEPTED for one in others):
        raise AnotherQuoteAccepted(accepted=quote.number)
    valid_until = _last_day(work, quote, command)
    document = await _complete_document(work, quote, valid_until)
    text = text_of(document)
    await approving.require_approved(work, quote)
    former = [one for one in others if one.state == QuoteState.SENT]
    await write(work, QUOTE, [Change(one, {STATE: QuoteState.SUPERSEDED}) for one in former])
    sent = {"channel": command.channel, "sent_at": work.now, "sent_on": work.today()}
    sent |= {"valid_until": valid_until, "text": text, "text_hash": hash_of(text)}
    await write(work, QUOTE, [Change(quote, {STATE: QuoteState.SENT, **sent})])
    await work.flush()
    await queries.keep_document(work.sql, quote.id, document)
    return await _new_token(work, quote)


async def submit(work: Work, quote_id: UUID) -> None:
    """Ask for the approval of a draft, as the rules say.

    Raises NotFound, QuoteFixed (sent before), QuoteArchived, QuoteIncomplete, ApprovalNotNeeded.
    """
    quote, _ = await _lock_versions(work, quote_id)
    quote.require_draft()
    quote.require_active()
    _require_complete(quote)
    await approving.submit(work, quote)


async def recall(work: Work, quote_id: UUID) -> None:
    """Withdraw one's own question whether a quote is approved.

    Raises NotFound (also: nothing waits), NotYourRequest, AlreadyDecided.
    """
    await _lock_versions(work, quote_id)
    await withdraw_own(work, quote_id)


async def issue_token(work: Work, quote_id: UUID) -> IssuedToken:
    """Another token to answer the quote by; the earlier one ends.

    Raises NotFound, QuoteStateRefused (it is not open to be answered).
    """
    quote, _ = await _lock_versions(work, quote_id)
    quote.require_next(QuoteState.ACCEPTED)
    return await _new_token(work, quote)


async def revise(work: Work, quote_id: UUID) -> UUID:
    """Make the next version of what was sent, a draft with the same content; its id.

    Until that is sent, the customer may still answer the former one. An owner who is disabled does
    not get it: it is whose the deal is, or nobody's. Raises NotFound,
    QuoteVersionInWork, QuoteStateRefused (a version is accepted), and what new quotes raise.
    """
    quote, others = await _lock_versions(work, quote_id)
    versions = [quote, *others]
    if any(one.state == QuoteState.DRAFT for one in versions):
        raise QuoteVersionInWork(number=quote.number)
    for one in versions:
        if one.state == QuoteState.ACCEPTED:
            raise _refused(one, "revised")
    values: dict[str, Any] = {name: getattr(quote, name) for name in _REVISED}
    if quote.owner_id and await open_work.disabled_among(work.sql, [quote.owner_id]):
        values["owner_id"] = None
    values |= {"quote_version": max(one.quote_version for one in versions) + 1}
    new_id = uuid7()
    await create_all(work, QUOTE, [(new_id, values | {KEPT_LINES: quote.lines})])
    return new_id


async def revoke(work: Work, quote_id: UUID) -> None:
    """Take back what was sent: nobody accepts it any more. Raises NotFound, QuoteStateRefused."""
    quote, _ = await _lock_versions(work, quote_id)
    await write(work, QUOTE, [Change(quote, {STATE: QuoteState.REVOKED})])


async def answer(work: Work, quote_id: UUID, state: QuoteState, said: Said) -> None:
    """Keep what the customer answered to what was sent: accepted or declined, once.

    Raises NotFound, QuoteStateRefused, QuoteExpired, AnotherQuoteAccepted.
    """
    quote, _ = await _lock_versions(work, quote_id)
    quote.require_next(state)
    if state == QuoteState.ACCEPTED:
        await _require_acceptable(work, quote)
    answered = {STATE: state, "answered_on": work.today()}
    await write(work, QUOTE, [Change(quote, answered)])
    await queries.keep_answer(
        work.sql,
        queries.Answered(
            quote_id=quote.id,
            state=state,
            person=said.person,
            note=said.note,
            source_address=said.source_address,
            text_hash=quote.text_hash,
            answered_at=work.now,
            by=work.actor.reference,
        ),
    )


def token_hash(token: str) -> bytes:
    """What is kept of a token: it has 128 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def _lock_versions(work: Work, quote_id: UUID) -> tuple[Quote, Sequence[Quote]]:
    """The quote and its other versions, locked. Raises NotFound, Forbidden."""
    ids = await queries.versions_beside(work.sql, quote_id)
    if not ids:
        raise NotFound(entity="quote", id=quote_id)
    await QUOTE.reads.require_changeable(work, [quote_id])
    found: Mapping[UUID, Quote] = await load_for_update(work, ids)
    # Who waited for the lock finds the version that the other act made. Nobody makes another now.
    if await queries.versions_beside(work.sql, quote_id) != ids:
        found = await load_for_update(work, await queries.versions_beside(work.sql, quote_id))
    return found[quote_id], [one for key, one in found.items() if key != quote_id]


def _last_day(work: Work, quote: Quote, command: SendQuote) -> date:
    """The last day on which it can be accepted. Raises InvalidInput."""
    usual = work.today() + timedelta(days=VALID_DAYS)
    given = command.valid_until if "valid_until" in command.model_fields_set else None
    day = given or quote.valid_until or usual
    if day < work.today():
        message = "The last day is in the past: the customer could not accept it."
        raise InvalidInput(errors=[FieldError("/valid_until", "in_the_past", message)])
    return day


async def _complete_document(work: Work, quote: Quote, valid_until: date) -> QuoteDocument:
    """What the customer is to read. Raises QuoteIncomplete, AccountArchived."""
    _require_complete(quote)
    parties = await queries.parties_of(work.sql, quote.id)
    if parties.account_status == "archived":
        raise AccountArchived(account=quote.account_id)
    return await document_of(work, quote, parties, valid_until=valid_until)


def _require_complete(quote: Quote) -> None:
    missing = [name for name in ("account_id", "lines") if not getattr(quote, name)]
    if missing:
        raise QuoteIncomplete(number=quote.number, fields=", ".join(missing))


async def _new_token(work: Work, quote: Quote) -> IssuedToken:
    token, valid_until = secrets.token_urlsafe(TOKEN_BYTES), quote.valid_until or work.today()
    await queries.give_token(work.sql, quote.id, token_hash(token), work.now)
    return IssuedToken(token=token, path=ANSWER_PATH, valid_until=valid_until)


async def _require_acceptable(work: Work, quote: Quote) -> None:
    """Raises QuoteExpired, AnotherQuoteAccepted."""
    if quote.valid_until is None or quote.valid_until < work.today():
        raise QuoteExpired(number=quote.number, valid_until=quote.valid_until)
    if quote.opportunity_id is not None:
        await lock_acceptance(work, quote.opportunity_id)
    accepted = await queries.accepted_of(work.sql, quote)
    if accepted is not None:
        raise AnotherQuoteAccepted(accepted=accepted)


def _refused(quote: Quote, wanted: str) -> QuoteStateRefused:
    return QuoteStateRefused(
        number=quote.number,
        quote_version=quote.quote_version,
        state=quote.state,
        wanted=wanted,
    )
