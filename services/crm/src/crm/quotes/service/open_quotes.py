"""What the customer does with a quote by its token: read it, accept or decline it, once."""

from uuid import UUID

from chassis.actor import Actor
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.quotes import queries
from crm.quotes.errors import QuoteExpired, QuoteStateRefused, QuoteTextChanged, QuoteTokenInvalid
from crm.quotes.schemas import Answer, AnswerOpenQuote, OpenQuoteView
from crm.quotes.service import acts
from crm.quotes.states import QuoteState

__all__ = ["CUSTOMER", "answer_quote", "open_quote"]

CUSTOMER = Actor(
    kind="system",
    id="quote-answer",
    name="answer to a quote",
    scopes=frozenset({"quotes.read", "quotes.write"}),
)
"""Who writes down what a customer answers by a token."""


async def open_quote(at: Reading, token: str) -> OpenQuoteView:
    """What is offered to who has the token. Nothing changes.

    Raises QuoteTokenInvalid, QuoteStateRefused (answered, revoked, superseded), QuoteExpired.
    """
    quote_id = await _quote_of(at, token)
    quote = await queries.QUOTES.get(at, quote_id)
    if quote.valid_until is None or quote.state == QuoteState.EXPIRED:
        raise QuoteExpired(number=quote.number, valid_until=quote.valid_until)
    if quote.state != QuoteState.SENT:
        raise QuoteStateRefused(
            number=quote.number,
            quote_version=quote.quote_version,
            state=quote.state,
            wanted=str(QuoteState.ACCEPTED),
        )
    if quote.valid_until < at.today():
        raise QuoteExpired(number=quote.number, valid_until=quote.valid_until)
    return OpenQuoteView(
        number=quote.number,
        quote_version=quote.quote_version,
        language=quote.language,
        text=quote.text,
        text_hash=quote.text_hash,
        valid_until=quote.valid_until,
        net=quote.net,
        tax=quote.tax,
        total=quote.total,
        currency=quote.currency,
    )


async def answer_quote(work: Work, command: AnswerOpenQuote, *, source_address: str) -> Answer:
    """Keep the answer of who has the token; it counts once. The answer.

    Raises QuoteTokenInvalid, QuoteTextChanged, and what `acts.answer` raises.
    """
    quote_id = await _quote_of(work, command.token.get_secret_value())
    quote = await queries.QUOTES.get(work, quote_id)
    if command.text_hash != quote.text_hash:
        raise QuoteTextChanged(number=quote.number)
    said = acts.Said(command.person, command.note, source_address)
    await acts.answer(work, quote_id, QuoteState(command.answer), said)
    return command.answer


async def _quote_of(at: Reading, token: str) -> UUID:
    """The quote that the token answers. Raises QuoteTokenInvalid."""
    quote_id = await queries.quote_with_token(at.sql, acts.token_hash(token))
    if quote_id is None:
        raise QuoteTokenInvalid
    return quote_id
