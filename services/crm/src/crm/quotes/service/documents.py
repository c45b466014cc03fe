"""A quote as the customer reads it."""

from datetime import date
from decimal import Decimal

from chassis.storage.reading import Reading
from crm.quotes import queries
from crm.quotes.models import Quote
from crm.quotes.rules.document import DocumentLine, QuoteDocument
from crm.settings import settings_of
from values.decimals import rounded
from values.money import digits_of

__all__ = ["VALID_DAYS", "document_of"]

PRICE_DIGITS = 6
VALID_DAYS = 30
"""So long a quote holds where nobody says until when."""


async def document_of(
    at: Reading, quote: Quote, parties: queries.Parties, *, valid_until: date
) -> QuoteDocument:
    """What the customer reads; `parties` has the names of account and contact."""
    own = settings_of(at.setting)
    codes = await queries.codes_of(at.sql, {one.product_id for one in quote.lines})
    lines = [
        DocumentLine(
            position=position,
            product=codes[one.product_id],
            description=one.description,
            quantity=one.quantity,
            unit=one.unit,
            unit_price=_price(one.unit_price, quote.currency),
            discount=one.discount,
            net=_amount(one.net, quote.currency),
            tax_rate=one.tax_rate,
        )
        for position, one in enumerate(quote.lines, 1)
    ]
    return QuoteDocument(
        language=quote.language,
        number=quote.number,
        quote_version=quote.quote_version,
        title=quote.name,
        account=parties.account,
        contact=parties.contact,
        quoted_on=at.today(),
        valid_until=valid_until,
        currency=quote.currency,
        discount=quote.discount,
        discount_amount=_amount(quote.discount_amount.amount, quote.currency)
        if quote.discount_amount
        else "",
        lines=lines,
        net=_amount(quote.net, quote.currency),
        tax=_amount(quote.tax, quote.currency),
        total=_amount(quote.total, quote.currency),
        terms=quote.terms,
        company=own.company_name,
        company_address=own.company_address,
        company_tax_id=own.company_tax_id,
    )


def _amount(amount: Decimal, currency: str) -> str:
    return f"{rounded(amount, digits_of(currency)):f}"


def _price(price: Decimal, currency: str) -> str:
    """With as many decimals as it needs, at least those of the currency."""
    shown = rounded(price, digits_of(currency))
    return f"{shown if shown == price else rounded(price, PRICE_DIGITS).normalize():f}"
