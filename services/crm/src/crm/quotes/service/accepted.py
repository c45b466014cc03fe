"""What an order takes over from the quote that the customer of a deal accepted."""

from dataclasses import dataclass
from uuid import UUID

from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.orders.schemas import NewOrderLine
from crm.quotes import queries
from crm.quotes.models import Quote
from crm.quotes.rules.totals import agreed_discount
from crm.quotes.service.quotes import load_for_update
from values.money import UnitPriceView

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
    """With both discounts as one, by which the order comes to what the quote did."""
    return [
        NewOrderLine(
            product=str(one.product_id),
            quantity=one.quantity,
            unit_price=UnitPriceView(amount=one.unit_price, currency=quote.currency),
            discount=agreed_discount(one.discount, quote.discount),
        )
        for one in quote.lines
    ]
