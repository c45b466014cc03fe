"""From the lines that a caller sent to the lines of a quote, with what they come to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.company_rules import require_supported_currency
from chassis.work.unit_of_work import Work
from crm.catalog.errors import NoPrice
from crm.catalog.service import pricing
from crm.orders.errors import FractionOfUnit, ProductNotSold
from crm.quotes.models import QuotedLine
from crm.quotes.rules.totals import Sums, less_amount, line_sums, order_terms, sum_of
from crm.quotes.schemas import NewQuoteLine
from crm.quotes.service.references import Offers
from values.decimals import rounded
from values.money import Money, UnitPrice, digits_of

__all__ = ["build_lines", "priced_anew", "sums_of"]

AMOUNT_DIGITS, QUANTITY_DIGITS = 4, 6
AMOUNT_LIMIT = Decimal(10) ** 14
"""Amounts are written with at most 14 digits before the point."""


def build_lines(
    work: Work,
    sent: Sequence[NewQuoteLine],
    offers: Offers,
    *,
    document_discount: Decimal,
    discount_amount: Money | None,
    currency: str,
) -> list[QuotedLine]:
    """The lines as requested, at the prices given or of the day.

    Raises MissingReference (product), ProductNotSold, FractionOfUnit, InvalidInput (no price),
    CurrencyNotSupported.
    """
    lines = [_line(work, one, offers, at) for at, one in enumerate(sent)]
    return priced_anew(
        lines,
        document_discount=document_discount,
        discount_amount=discount_amount,
        currency=currency,
    )


def priced_anew(
    lines: Sequence[QuotedLine],
    *,
    document_discount: Decimal,
    discount_amount: Money | None,
    currency: str,
) -> list[QuotedLine]:
    """The lines with what they come to by this discount of the quote, a part or an amount.

    Raises InvalidInput: the amount is more than they come to, or an order could not come to it.
    """
    digits = digits_of(currency)
    found = [
        line_sums(
            one.unit_price,
            one.quantity,
            discount=one.discount,
            document_discount=document_discount,
            tax_rate=one.tax_rate,
            decimals=digits,
        )
        for one in lines
    ]
    if discount_amount:
        found = _less_amount(lines, found, discount_amount)
    return [replace(one, **_kept(sums)) for one, sums in zip(lines, found, strict=True)]


def _less_amount(lines: Sequence[QuotedLine], found: Sequence[Sums], amount: Money) -> list[Sums]:
    digits = digits_of(amount.currency)
    rates = [one.tax_rate for one in lines]
    try:
        lessened = less_amount(found, rates, amount, decimals=digits)
    except ValueError as too_much:
        text = "The discount is more than the lines come to."
        wrong = FieldError("/discount_amount", "more_than_lines", text)
        raise InvalidInput(errors=[wrong]) from too_much
    for one, sums in zip(lines, lessened, strict=True):
        if order_terms(one.unit_price, one.quantity, sums.net, decimals=digits) is None:
            text = "An order could not come to the same by this discount. Use a part instead."
            raise InvalidInput(errors=[FieldError("/discount_amount", "not_to_be_shared", text)])
    return lessened


def sums_of(lines: Sequence[QuotedLine]) -> dict[str, Decimal]:
    """What the quote comes to (C26). Raises InvalidInput (more than can be kept)."""
    sums = sum_of(one.sums for one in lines)
    if sums.gross >= AMOUNT_LIMIT or sums.total >= AMOUNT_LIMIT:
        wrong = FieldError("/lines", "too_large", "The quote comes to more than can be kept.")
        raise InvalidInput(errors=[wrong])
    return _kept(sums) | {"total": rounded(sums.total, AMOUNT_DIGITS)}


def _kept(sums: Sums) -> dict[str, Any]:
    names = ("gross", "line_discount", "document_discount", "net", "tax")
    return {name: rounded(getattr(sums, name), AMOUNT_DIGITS) for name in names}


def _line(work: Work, sent: NewQuoteLine, offers: Offers, at: int) -> QuotedLine:
    product, today = offers.get(sent.product), work.today()
    if product is None:
        raise MissingReference(entity="product", reference=sent.product)
    quantity = rounded(sent.quantity, QUANTITY_DIGITS)
    _require_offered(product, quantity, on=today)
    price = sent.unit_price or _price_of_the_day(product, quantity, on=today, at=at)
    require_supported_currency(work, price.currency)
    step = product.step_for(quantity=quantity, on=today)
    of_day = step.price if step else product.list_price
    nothing = rounded(Decimal(0), AMOUNT_DIGITS)
    rate = sent.tax_rate
    return QuotedLine(
        product_id=product.id,
        description=sent.description or product.name,
        quantity=quantity,
        unit=product.unit,
        list_price=_amount_of(product.list_price),
        day_price=_amount_of(of_day),
        min_quantity=rounded(step.min_quantity, QUANTITY_DIGITS) if step else None,
        unit_price=rounded(price.amount, QUANTITY_DIGITS),
        discount=rounded(sent.discount, QUANTITY_DIGITS),
        tax_rate=None if rate is None else rounded(rate, QUANTITY_DIGITS),
        **dict.fromkeys(("gross", "line_discount", "document_discount", "net", "tax"), nothing),
    )


def _amount_of(price: UnitPrice | None) -> Decimal | None:
    return None if price is None else rounded(price.amount, QUANTITY_DIGITS)


def _require_offered(product: pricing.Offer, quantity: Decimal, *, on: date) -> None:
    """Raises ProductNotSold, FractionOfUnit."""
    if not product.is_sold(on):
        raise ProductNotSold(product=product.code, on=on)
    if rounded(quantity, product.unit_decimals) != quantity:
        raise FractionOfUnit(
            quantity=f"{quantity.normalize():f}",
            product=product.code,
            unit=product.unit,
            decimals=product.unit_decimals,
        )


def _price_of_the_day(product: pricing.Offer, quantity: Decimal, *, on: date, at: int) -> UnitPrice:
    """What the product costs today. Raises InvalidInput, which names the line, where nothing."""
    try:
        return pricing.price_on(product, quantity, on=on)
    except NoPrice as without:
        text, facts = "The product {product} has no price: give one.", {"product": product.code}
        pointer = f"/lines/{at}/unit_price"
        raise InvalidInput(errors=[FieldError(pointer, "no_price", text, facts)]) from without
