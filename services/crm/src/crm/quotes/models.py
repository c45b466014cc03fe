"""Quotes and their lines: what they are, and what must hold of them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    false,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Quantity
from chassis.storage.states import enum_check
from crm.base import Base
from crm.quotes.errors import QuoteArchived, QuoteFixed, QuoteStateRefused
from crm.quotes.rules.totals import Sums
from crm.quotes.states import NEXT, QuoteChannel, QuoteState
from crm.searched import QUOTE
from records.entities import ACTIVE, NamedRecord, list_indexes
from values.decimals import rounded
from values.money import Money

__all__ = [
    "RIGHTS",
    "SEARCH",
    "Quote",
    "QuoteAnswer",
    "QuoteDocumentRow",
    "QuoteLine",
    "QuoteNumber",
    "QuoteToken",
    "QuotedLine",
]

RIGHTS = {
    "quote_line": "select, insert, delete",
    "quote_number": "select, insert, update (last_number)",
    "quote_token": "select, insert, update (token_hash, issued_at, used_at)",
    "quote_answer": "select, insert, update (person, note, source_address, emptied)",
    "quote_document": "select, insert",
}
_SUMS = "gross, line_discount, document_discount, net, tax"
_ADDS_UP = "gross - line_discount - document_discount = net"
_NOT_NEGATIVE = "line_discount >= 0 and document_discount >= 0 and net >= 0 and tax >= 0"


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """Some of a product at the price offered, and what it comes to.

    `list_price` is what the product costs everybody, `day_price` what so much of it cost this
    account on the day, `min_quantity` the quantity break from which that price holds; None: there
    was none when the line was written.
    """

    product_id: UUID
    description: str
    quantity: Decimal
    unit: str
    list_price: Decimal | None
    day_price: Decimal | None
    min_quantity: Decimal | None
    unit_price: Decimal
    discount: Decimal
    tax_rate: Decimal | None
    gross: Decimal
    line_discount: Decimal
    document_discount: Decimal
    net: Decimal
    tax: Decimal

    @property
    def sums(self) -> Sums:
        """What it comes to."""
        return Sums(self.gross, self.line_discount, self.document_discount, self.net, self.tax)


class Quote(NamedRecord, Base):
    """A version of a quote. Its lines stand in a table of their own, and are loaded with it."""

    __tablename__ = "quote"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        enum_check("state", QuoteState, NEXT),
        CheckConstraint("language in ('zh-CN', 'en')", name="language_known"),
        enum_check("channel", QuoteChannel),
        CheckConstraint("quote_version >= 1", name="quote_version_counted"),
        CheckConstraint("discount between 0 and 1", name="discount_part"),
        CheckConstraint("discount_amount > 0", name="discount_amount_positive"),
        CheckConstraint("discount = 0 or discount_amount is null", name="one_discount"),
        CheckConstraint(
            "gross = 0 or discount_amount = document_discount", name="discount_amount_shared_out"
        ),
        CheckConstraint(_NOT_NEGATIVE, name="sums_not_negative"),
        CheckConstraint(f"{_ADDS_UP} and total = net + tax", name="adds_up"),
        CheckConstraint(
            "state = 'draft' or (account_id is not null and valid_until is not null"
            " and channel is not null and sent_at is not null and sent_on is not null"
            " and text <> '' and text_hash <> '')",
            name="sent_is_whole",
        ),
        CheckConstraint(
            "state <> 'draft' or (channel is null and sent_at is null and text = '')",
            name="draft_not_sent",
        ),
        CheckConstraint("valid_until >= sent_on", name="valid_when_sent"),
        CheckConstraint(
            "(state in ('accepted', 'declined')) = (answered_on is not null)",
            name="answered_on_a_day",
        ),
        CheckConstraint(
            "state <> 'accepted' or answered_on <= valid_until", name="accepted_in_time"
        ),
        UniqueConstraint("number", "quote_version"),
        *(
            Index(
                f"uq_quote_{state}",
                "number",
                unique=True,
                postgresql_where=text(f"state = '{state}'"),
            )
            for state in ("draft", "sent", "accepted")
        ),
        Index(
            "uq_quote_accepted_of_deal",
            "opportunity_id",
            unique=True,
            postgresql_where=text("state = 'accepted'"),
        ),
        *list_indexes(
            "quote", "status", "state", "owner_id", "team_id", "account_id", "opportunity_id"
        ),
        Index("ix_quote_number", "number", "id"),
        Index("ix_quote_contact_id", "contact_id"),
        Index("ix_quote_total", "total", "id"),
        Index("ix_quote_valid_until", literal_column("coalesce(valid_until, 'infinity')"), "id"),
        Index(
            "ix_quote_expiring",
            "valid_until",
            "id",
            postgresql_where=text("state = 'sent'"),
        ),
        Index(
            "ix_quote_open",
            "owner_id",
            "id",
            postgresql_where=text("status = 'active' and state in ('draft', 'sent')"),
        ),
    )

    number: Mapped[str]
    quote_version: Mapped[int] = mapped_column(SmallInteger, default=1)
    state: Mapped[str] = mapped_column(default=QuoteState.DRAFT)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id"))
    opportunity_id: Mapped[UUID | None] = mapped_column(ForeignKey("opportunity.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    team_id: Mapped[UUID | None] = mapped_column(ForeignKey("team.id"))
    currency: Mapped[str]
    language: Mapped[str] = mapped_column(default="zh-CN")
    discount: Mapped[Decimal] = mapped_column(Numeric(7, 6), default=Decimal(0))
    discount_amount_number: Mapped[Decimal | None] = mapped_column(
        "discount_amount", Numeric(20, 4)
    )
    gross: Mapped[Amount] = mapped_column(default=Decimal(0))
    line_discount: Mapped[Amount] = mapped_column(default=Decimal(0))
    document_discount: Mapped[Amount] = mapped_column(default=Decimal(0))
    net: Mapped[Amount] = mapped_column(default=Decimal(0))
    tax: Mapped[Amount] = mapped_column(default=Decimal(0))
    total: Mapped[Amount] = mapped_column(default=Decimal(0))
    priced_on: Mapped[date]
    valid_until: Mapped[date | None]
    terms: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    channel: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    sent_on: Mapped[date | None]
    text: Mapped[str] = mapped_column(default="")
    text_hash: Mapped[str] = mapped_column(default="")
    answered_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(default=ACTIVE)

    @property
    def discount_amount(self) -> Money | None:
        """What is taken off the whole quote; None: nothing, or a part (`discount`)."""
        number = self.discount_amount_number
        return None if number is None else Money(number, self.currency)

    @discount_amount.setter
    def discount_amount(self, amount: Money | None) -> None:
        self.discount_amount_number = None if amount is None else rounded(amount.amount, 4)

    @property
    def lines(self) -> list[QuotedLine]:
        """What is offered, in the order given."""
        found: list[QuotedLine] = self.__dict__.get("_lines", [])
        return list(found)

    @lines.setter
    def lines(self, lines: list[QuotedLine]) -> None:
        self.__dict__["_lines"] = lines

    def require_draft(self) -> None:
        """Raises QuoteFixed where it was sent."""
        if self.state != QuoteState.DRAFT:
            raise QuoteFixed(number=self.number, quote_version=self.quote_version, state=self.state)

    def require_active(self) -> None:
        """Raises QuoteArchived."""
        if self.status != ACTIVE:
            raise QuoteArchived(number=self.number, quote_version=self.quote_version)

    def require_next(self, state: QuoteState) -> None:
        """See to it that the state may follow. Raises QuoteStateRefused."""
        if state not in NEXT[QuoteState(self.state)]:
            raise QuoteStateRefused(
                number=self.number,
                quote_version=self.quote_version,
                state=self.state,
                wanted=str(state),
            )


class QuoteLine(Base):
    """Some of a product, at the price offered."""

    __tablename__ = "quote_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_price >= 0 and list_price >= 0", name="price_not_negative"),
        CheckConstraint("day_price >= 0", name="day_price_not_negative"),
        CheckConstraint("discount between 0 and 1", name="discount_part"),
        CheckConstraint("tax_rate between 0 and 1", name="tax_rate_part"),
        CheckConstraint(_NOT_NEGATIVE, name="sums_not_negative"),
        CheckConstraint(_ADDS_UP, name="adds_up"),
        Index("ix_quote_line_product_id", "product_id"),
    )

    quote_id: Mapped[UUID] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    description: Mapped[str]
    quantity: Mapped[Quantity]
    unit: Mapped[str]
    list_price: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    day_price: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    min_quantity: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    unit_price: Mapped[Quantity]
    discount: Mapped[Decimal] = mapped_column(Numeric(7, 6))
    tax_rate: Mapped[Decimal | None] = mapped_column(Numeric(7, 6))
    gross: Mapped[Amount]
    line_discount: Mapped[Amount]
    document_discount: Mapped[Amount]
    net: Mapped[Amount]
    tax: Mapped[Amount]


class QuoteNumber(Base):
    """The last number of a year's quotes."""

    __tablename__ = "quote_number"
    __table_args__ = (CheckConstraint("last_number >= 1", name="last_number_counted"),)

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class QuoteToken(Base):
    """By what a customer answers a quote: the hash of a token, used once."""

    __tablename__ = "quote_token"
    __table_args__ = (CheckConstraint("length(token_hash) = 32", name="token_hash_length"),)

    quote_id: Mapped[UUID] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    issued_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class QuoteAnswer(Base):
    """What the customer answered: who, when, from where, to which text. Written once.

    `emptied`: the person was erased; when it was answered, and to which text, stays.
    """

    __tablename__ = "quote_answer"
    __table_args__ = (
        CheckConstraint("state in ('accepted', 'declined')", name="state_answered"),
        CheckConstraint(
            "case when emptied then person = '' and note = '' and source_address = ''"
            " else person <> '' end",
            name="person_given",
        ),
        CheckConstraint("length(text_hash) = 64", name="text_hash_length"),
    )

    quote_id: Mapped[UUID] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    state: Mapped[str]
    person: Mapped[str]
    note: Mapped[str]
    source_address: Mapped[str]
    text_hash: Mapped[str]
    answered_at: Mapped[datetime]
    by: Mapped[str]
    emptied: Mapped[bool] = mapped_column(default=False, server_default=false())


class QuoteDocumentRow(Base):
    """What a quote said when it was sent, as data. Written once."""

    __tablename__ = "quote_document"
    __table_args__ = (CheckConstraint("jsonb_typeof(document) = 'object'", name="document_object"),)

    quote_id: Mapped[UUID] = mapped_column(ForeignKey("quote.id"), primary_key=True)
    document: Mapped[dict[str, Any]]


SEARCH = QUOTE.beside(Base.metadata)
"""What quotes are found by, beside them."""
