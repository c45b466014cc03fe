"""Quotes: commands, views and queries."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from approvals.states import ApprovalState
from chassis.http.etag import EtagVersion, Revision
from crm.catalog.schemas import Availability
from crm.quotes.states import QuoteChannel, QuoteLanguage, QuoteState
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses, TotalQuery
from records.links import ExternalRef
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import (
    Amount,
    NonNegativeDecimal,
    NonNegativeQuantity,
    PositiveQuantity,
    PriceAmount,
    SignedDecimal,
    Sum,
)
from values.external import SourceVersion
from values.money import MoneyChange, MoneyView, UnitPriceView
from values.text import (
    Code,
    Command,
    Name,
    Note,
    OptionalLine,
    OptionalNote,
    Status,
    unset,
)

__all__ = [
    "Answer",
    "AnswerOpenQuote",
    "AnswerQuote",
    "AnsweredQuote",
    "ChangeQuote",
    "IssuedToken",
    "NewQuote",
    "NewQuoteLine",
    "OpenQuoteToken",
    "OpenQuoteView",
    "QuoteAnswerView",
    "QuoteApprovalTrial",
    "QuoteApprovalView",
    "QuoteLineView",
    "QuoteQuery",
    "QuoteView",
    "SendQuote",
    "SentQuote",
    "TrialApprover",
    "TrialOfStep",
    "UpsertQuote",
]

Answer: TypeAlias = Literal["accepted", "declined"]
Part = Annotated[NonNegativeDecimal, Field(le=1)]
_DISCOUNT = "Part of the price that is taken off the line, 0 to 1."
_DOCUMENT = "Part that is taken off all lines, after their own discounts, 0 to 1."
_AMOUNT = (
    "What is taken off the whole quote, shared out among the lines; in place of `discount`. "
    "Null or 0: none."
)
_TAX = "Tax on the net amount, 0 to 1; null: the quote states no tax of the line."
_HIDDEN = " Null: a cost is missing, or the caller may not see costs (`costs.read`)."
_VALID = "The last day on which it can be accepted."
_NAME = "What it offers, in one line."


class NewQuoteLine(Command):
    """Some of a product; without a price, the product's price of the day holds."""

    product: Code = Field(description="The product's id or code.")
    description: OptionalLine = Field(
        default_factory=unset, description="As the customer reads it; by default its name."
    )
    quantity: PositiveQuantity
    unit_price: UnitPriceView | None = Field(
        default=None, description="Null: what the product costs today, in that quantity."
    )
    discount: Part = Field(default=Decimal(0), description=_DISCOUNT)
    tax_rate: Part | None = Field(default=None, description=_TAX)


class QuoteFields(CustomValues):
    """Fields of a quote. What is left out of a change stays as it is."""

    account_id: UUID | None = Field(
        default=None, description="Whom it is for; of a new one by default the deal's account."
    )
    contact_id: UUID | None = Field(default=None, description="To whose attention it goes.")
    opportunity_id: UUID | None = Field(default=None, description="The deal that it is part of.")
    owner_id: UUID | None = Field(
        default=None, description="The user who looks after it; by default the deal's."
    )
    team_id: UUID | None = Field(
        default=None, description="The team that looks after it; by default the deal's."
    )
    language: QuoteLanguage = Field(
        default_factory=unset, description="In which it is written; by default `zh-CN`."
    )
    discount: Part = Field(default_factory=unset, description=_DOCUMENT)
    discount_amount: MoneyChange | None = Field(default=None, description=_AMOUNT)
    valid_until: Day | None = Field(
        default=None, description=f"{_VALID} Null: what holds when it is sent."
    )
    terms: OptionalNote = Field(
        default_factory=unset, description="Terms that the customer reads and agrees to."
    )
    note: OptionalNote = Field(
        default_factory=unset, description="What else is to be known; the customer does not see it."
    )
    lines: list[NewQuoteLine] = Field(
        default_factory=unset, max_length=200, description="All that is offered, in order."
    )


class NewQuote(QuoteFields):
    """Draw up a quote."""

    name: Name = Field(description=_NAME)


class ChangeQuote(QuoteFields):
    """Change a draft (JSON merge patch); of what was sent, only who looks after it, and the note.

    Lines are replaced whole where they are given.
    """

    name: Name = Field(default_factory=unset, description=_NAME)


class UpsertQuote(QuoteFields):
    """A quote as another system knows it: a draft; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class SendQuote(Command):
    """Say that the quote goes to the customer now. Nothing is sent by it."""

    channel: QuoteChannel = Field(description="By which way it goes.")
    valid_until: Day = Field(
        default_factory=unset,
        description=f"{_VALID} By default the quote's, else 30 days from today.",
    )


class AnswerQuote(Command):
    """What the customer answered, as a user enters it."""

    person: Name = Field(description="Who answered for the customer.")
    note: Note = Field(default="", description="What was said with it, or where it is on paper.")


class OpenQuoteToken(Command):
    """By what a customer reads a quote."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=100)] = Field(
        description="The token that was sent."
    )


class AnswerOpenQuote(OpenQuoteToken):
    """What the customer answers; it counts once."""

    answer: Answer = Field(description="Whether it is accepted.")
    person: Name = Field(description="Who answers.")
    note: Note = Field(default="", description="What is said with it.")
    text_hash: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] = Field(
        description="SHA-256 of the text that was read."
    )


class AnsweredQuote(BaseModel):
    """What was answered."""

    answer: Answer = Field(description="As it is kept.")


class OpenQuoteView(InCurrency):
    """A quote as its customer sees it."""

    number: str
    quote_version: int = Field(description="Counts from 1.")
    language: QuoteLanguage = Field(description="In which it is written.")
    text: str = Field(description="All that is offered, as the customer agrees to it.")
    text_hash: str = Field(description="SHA-256 of the text; it is sent back with the answer.")
    valid_until: date = Field(description=_VALID)
    currency: str
    net: Amount = Field(description="Without tax.")
    tax: Amount = Field(description="The sum of the lines' tax.")
    total: Amount = Field(description="Net and tax: what the customer pays.")


class QuoteLineView(InCurrency):
    """Some of a product, and what it comes to."""

    model_config = ConfigDict(from_attributes=True)

    product_id: UUID
    product_code: str
    description: str = Field(description="As the customer reads it.")
    quantity: NonNegativeQuantity
    unit: str = Field(description="UN/ECE Recommendation 20, such as C62 (piece) or KGM.")
    list_price: PriceAmount | None = Field(
        description="What it cost everybody when the line was written; null: nothing was said."
    )
    day_price: PriceAmount | None = Field(
        description="What so much of it cost this account that day, by price list, else the list "
        "price. Where there is no list price, discounts are measured by it; null: nothing was said."
    )
    min_quantity: NonNegativeQuantity | None = Field(
        description="The quantity break from which the price of that day held; null: there was "
        "none."
    )
    unit_price: PriceAmount
    discount: NonNegativeDecimal = Field(description=_DISCOUNT)
    tax_rate: NonNegativeDecimal | None = Field(description=_TAX)
    gross: Amount = Field(description="Price x quantity.")
    line_discount: Amount = Field(description="What the discount of the line takes off.")
    document_discount: Amount = Field(
        description="What the discount of the quote takes off this line."
    )
    net: Amount = Field(description="`gross` less both discounts.")
    tax: Amount = Field(description="`net` x the tax rate, rounded; 0 without a rate.")
    unit_cost: PriceAmount | None = Field(
        default=None, description=f"What one unit costs the company.{_HIDDEN}"
    )
    margin: Sum | None = Field(default=None, description=f"`net` less the cost.{_HIDDEN}")
    margin_percent: SignedDecimal | None = Field(
        default=None, description=f"`margin` in percent of `net`; null: `net` is 0.{_HIDDEN}"
    )
    availability: Availability | None = Field(
        description="What a linked ERP says of the product's stock, now; null: it said nothing."
    )
    promised_on: date | None = Field(
        description="The day that a linked ERP promises; null: it promised none yet."
    )
    currency: str = part_currency()


class QuoteAnswerView(BaseModel):
    """What the customer answered."""

    person: str = Field(
        description="Who answered, as the person wrote it; empty: the person was erased."
    )
    note: str = Field(description="What else was said with it.")
    source_address: str = Field(description="From which address; empty: a user entered it.")
    text_hash: str = Field(description="SHA-256 of the text that was answered.")
    answered_at: datetime = Field(description="When it was answered, UTC.")
    by: str = Field(description="Who entered it: `user:…`, `key:…`, or `system:quote-answer`.")


class QuoteApprovalView(BaseModel):
    """What was asked last about this version of a quote."""

    approval_id: UUID
    state: ApprovalState = Field(
        description="What became of it; of `voided` prices, quantities, discounts or for whom it "
        "is changed afterwards."
    )
    asked_by: str = Field(description="Who asked: kind and id of the actor.")
    asked_at: datetime = Field(description="When it was asked (UTC).")
    decided_by: str | None = Field(description="Who decided last; null: nobody yet.")
    decided_at: datetime | None = Field(description="When it was decided (UTC); null: not yet.")


class TrialApprover(BaseModel):
    """Somebody who would decide."""

    user_id: UUID
    name: str = Field(description="The user's name.")


class TrialOfStep(BaseModel):
    """A step, and who would decide it."""

    stage: int = Field(description="Steps of one stage are decided side by side.")
    quorum: int = Field(description="How many have to approve.")
    people: list[TrialApprover] = Field(description="Who would be asked.")
    rerouted: bool = Field(description="Whether the fallback role would be asked as well.")
    stuck: bool = Field(description="Whether too few people could decide all the same.")


class QuoteApprovalTrial(BaseModel):
    """Whether a quote needs an approval as it is now, and who would be asked."""

    needed: bool = Field(description="Whether a rule wants it to be approved.")
    approved: bool = Field(description="Whether it is approved as it is now.")
    margin_percent: SignedDecimal | None = Field(
        description=f"What is left of the net amount after the costs, in percent.{_HIDDEN}"
    )
    percent: NonNegativeDecimal = Field(
        description="What is off the list prices on all, in percent."
    )
    line_percent: NonNegativeDecimal = Field(description="The most that is off a line, in percent.")
    rule_id: UUID | None = Field(description="The rule that says who; null: none matches.")
    steps: list[TrialOfStep] = Field(description="Who would decide, if the caller submitted it.")


class QuoteView(InCurrency, CustomView):
    """A version of a quote."""

    id: UUID
    number: str
    quote_version: int = Field(description="Counts from 1; a change of what was sent makes one.")
    name: str
    state: QuoteState
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None = Field(description="The deal that it is part of; null: none.")
    owner_id: UUID | None
    team_id: UUID | None
    currency: str
    language: QuoteLanguage
    lines: list[QuoteLineView]
    discount: NonNegativeDecimal = Field(description=_DOCUMENT)
    discount_amount: MoneyView | None = Field(description=_AMOUNT)
    gross: Amount = Field(description="The sum of its lines' `gross`.")
    line_discount: Amount = Field(description="The sum of what the lines' own discounts take off.")
    document_discount: Amount = Field(description="The sum of what the discount takes off lines.")
    net: Amount = Field(description="The sum of its lines' `net`.")
    tax: Amount = Field(description="The sum of its lines' `tax`.")
    total: Amount = Field(description="Net and tax: what the customer pays.")
    valid_until: date | None = Field(description=_VALID)
    terms: str = Field(description="What the customer agrees to beside the lines.")
    note: str = Field(description="What else is to be known; the customer does not see it.")
    channel: QuoteChannel | None = Field(description="By which way it went; null: it is a draft.")
    sent_at: datetime | None = Field(description="Null: it is a draft.")
    text: str = Field(description="What the customer reads and agrees to; empty: it is a draft.")
    text_hash: str = Field(description="SHA-256 of the text; empty: it is a draft.")
    answer: QuoteAnswerView | None = Field(description="Null: the customer has not answered.")
    margin: Sum | None = Field(
        default=None, description=f"`net` less what all lines cost the company.{_HIDDEN}"
    )
    margin_percent: SignedDecimal | None = Field(
        default=None, description=f"`margin` in percent of `net`; null: `net` is 0.{_HIDDEN}"
    )
    approval: QuoteApprovalView | None = Field(
        description="What was asked last about approving this version; null: nothing was."
    )
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class IssuedToken(BaseModel):
    """By what the customer answers the quote: the address is the path with the token after it."""

    token: str | None = Field(
        description="Shown once; null when the same request is sent again. Earlier ones end."
    )
    path: str = Field(description="Path of the page on which the customer answers.")
    valid_until: date = Field(description="The last day on which it can be used.")


class SentQuote(BaseModel):
    """The quote as it was sent, and by what the customer answers."""

    quote: QuoteView = Field(description="The quote, which stays as it is from now on.")
    answer_by: IssuedToken = Field(description="By what the customer answers it.")


class QuoteQuery(Tagged, TotalQuery):
    """Which quotes are wanted; the total is that of net and tax."""

    status: Statuses | None = None
    state: Annotated[str, AnyOf(QuoteState)] | None = None
    number: str | None = Field(default=None, max_length=40)
    account_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    product_id: UUID | None = None
    valid_until_gte: Day | None = Field(default=None, description="The first day.")
    valid_until_lte: Day | None = Field(default=None, description="The last day.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
