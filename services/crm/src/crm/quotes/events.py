"""What is published of quotes: the state of one after a change."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field

from chassis.events.event import Event
from crm.quotes.states import QuoteChannel, QuoteLanguage, QuoteState
from records.custom.fields import CustomState
from values.amounts import InCurrency, part_currency
from values.decimals import Amount, NonNegativeDecimal, NonNegativeQuantity, PriceAmount
from values.money import MoneyView
from values.text import Status

__all__ = ["QuoteChanged", "QuoteLineState"]


class QuoteLineState(InCurrency):
    """Some of a product, and what it comes to."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True)

    product_id: UUID
    description: str = Field(description="As the customer reads it.")
    quantity: NonNegativeQuantity
    unit: str = Field(description="UN/ECE Recommendation 20.")
    unit_price: PriceAmount
    discount: NonNegativeDecimal = Field(description="Of the line: part of the price, 0 to 1.")
    tax_rate: NonNegativeDecimal | None = Field(description="0 to 1; null: no tax is stated.")
    gross: Amount = Field(description="Price x quantity.")
    line_discount: Amount = Field(description="What the discount of the line takes off.")
    document_discount: Amount = Field(description="What the discount of the quote takes off.")
    net: Amount = Field(description="Rounded to the digits of the currency.")
    tax: Amount = Field(description="Net x the tax rate, rounded; 0 without a rate.")
    currency: str = part_currency()


class QuoteChanged(InCurrency, CustomState, Event):
    """A quote was drawn up, changed, sent, answered, revoked, archived or restored."""

    event_name = "quote-changed"
    topic = "quote"
    aggregate = "quote"

    number: str
    quote_version: int = Field(description="Counts from 1; a change of what was sent makes one.")
    name: str
    state: QuoteState
    account_id: UUID | None = Field(description="Whom it is for.")
    contact_id: UUID | None = Field(description="To whose attention it goes.")
    opportunity_id: UUID | None = Field(description="The deal that it is part of.")
    owner_id: UUID | None = Field(description="The user who looks after it.")
    team_id: UUID | None = Field(description="The team that looks after it.")
    currency: str
    language: QuoteLanguage
    discount: NonNegativeDecimal = Field(description="Taken off all lines, 0 to 1.")
    discount_amount: MoneyView | None = Field(
        default=None, description="Taken off the whole quote, in place of `discount`; null: none."
    )
    lines: list[QuoteLineState] = Field(description="What is offered, in order.")
    gross: Amount = Field(description="The sum of its lines' `gross`.")
    line_discount: Amount = Field(description="What the lines' own discounts take off.")
    document_discount: Amount = Field(description="What the discount of the quote takes off.")
    net: Amount = Field(description="The sum of its lines' `net`.")
    tax: Amount = Field(description="The sum of its lines' `tax`.")
    total: Amount = Field(description="Net and tax.")
    valid_until: date | None = Field(description="The last day on which it can be accepted.")
    terms: str = Field(description="Terms that the customer agrees to.")
    note: str = Field(description="What else is to be known.")
    channel: QuoteChannel | None = Field(description="By which way it went; null: a draft.")
    sent_at: datetime | None = Field(description="Null: it is a draft.")
    text_hash: str = Field(description="SHA-256 of the text sent; empty: a draft.")
    answered_on: date | None = Field(description="The day of the answer; null: there is none.")
    status: Status

    @classmethod
    def of(cls, record: object, changed: Sequence[str]) -> Self:
        """The event of a quote as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        money = state["discount_amount"]
        if money is not None:
            state["discount_amount"] = MoneyView(amount=money.amount, currency=money.currency)
        return cls.model_validate(state | {"changed": list(changed)})
