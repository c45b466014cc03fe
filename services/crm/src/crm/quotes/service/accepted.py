"""What an order takes over from the quote that the customer of a deal accepted."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.orders.schemas import NewOrderLine
from crm.quotes import queries
from crm.quotes.models import Quote, QuotedLine
from crm.quotes.rules.totals import agreed_discount, order_terms
from crm.quotes.service.quotes import load_for_update
from values.money import UnitPriceView, digits_of

__all__ = ["AcceptedQuote", "accepted_quote", "lock_acceptance"]


@dataclass(frozen=True, slots=True)
class AcceptedQuote:
    """What was agreed to: for whom, and which lines at which prices."""

    number: str
    account_id: UUID | None
    lines: list[NewOrderLine]


async def lock_acceptance(work: Work, opportunity_id: UUID) -> None:
    """Let no quote of the deal be accepted until the act ends; who was about to is done."""
    await advisory_lock(work, f"accepted_quote_of:{opportunity_id}")


async def accepted_quote(work: Work, opportunity_id: UUID) -> AcceptedQuote | None:
    """The quote of the deal that was accepted; none is accepted until the act ends."""
    await lock_acceptance(work, opportunity_id)
    quote_id = await queries.accepted_for(work.sql, opportunity_id)
    if quote_id is None:
        return None
    quote = (await load_for_update(work, [quote_id]))[quote_id]
    return AcceptedQuote(quote.number, quote.account_id, _lines(quote))


def _lines(quote: Quote) -> list[NewOrderLine]:
    """At prices and discounts by which the order comes to what the quote did (C26)."""
    return [_order_line(quote, one) for one in quote.lines]


def _order_line(quote: Quote, line: QuotedLine) -> NewOrderLine:
    price, discount = _terms(quote, line)
    return NewOrderLine(
        product=str(line.product_id),
        quantity=line.quantity,
        unit_price=UnitPriceView(amount=price, currency=quote.currency),
        discount=discount,
    )


def _terms(quote: Quote, line: QuotedLine) -> tuple[Decimal, Decimal]:
    """Both discounts as one; where the quote's is an amount, what comes to the same."""
    agreed = agreed_discount(line.discount, quote.discount)
    if quote.discount_amount is None:
        return line.unit_price, agreed
    decimals = digits_of(quote.currency)
    found = order_terms(line.unit_price, line.quantity, line.net, decimals=decimals)
    return found or (line.unit_price, agreed)
