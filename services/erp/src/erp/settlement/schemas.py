"""Commands and views of settlement."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from chassis.storage.paging import Filter
from erp.settlement.states import OpeningKind, PaymentDirection, PaymentKind, PaymentState, Side
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, TotalQuery, between
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import Amount, NonNegativeSum, SignedAmount, Sum
from values.external import ExternalId, SourceVersion
from values.money import PositiveMoney
from values.text import Command, DocumentNumber, Line, Name

__all__ = [
    "Allocate",
    "AllocatePayment",
    "AllocationView",
    "NewPayment",
    "NewPayments",
    "OpenAmountQuery",
    "OpenItemQuery",
    "OpenItemView",
    "OpeningItemFields",
    "OpeningItemQuery",
    "OpeningItemView",
    "OpeningResult",
    "OpeningsReply",
    "PartyBalance",
    "PartyReport",
    "PaymentQuery",
    "PaymentView",
    "PaymentsReply",
    "Refund",
    "ReleasePayment",
    "ReverseWriteOff",
    "SentPayment",
    "SentPayments",
    "WriteOffRest",
    "open_between",
]

LARGEST_BATCH = 200


class Allocate(Command):
    """So much for a document; without an amount, as much as is open and left."""

    document_id: UUID = Field(description="The invoice or bill.")
    amount: PositiveMoney | None = None
    write_off_rest: StrictBool = Field(
        default=False,
        description="What is left open of the document then is written off, if it is no more than "
        "the setting ERP_WRITE_OFF_MAX.",
    )


class NewPayment(CustomValues):
    """Book a payment. Without allocations it settles what is due first."""

    direction: PaymentDirection = PaymentDirection.IN
    party_id: UUID = Field(description="The customer who paid, or the supplier we paid.")
    amount: PositiveMoney
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )
    reference: Line = Field(default="", description="What the bank statement says.")
    allocations: list[Allocate] | None = Field(
        default=None,
        max_length=LARGEST_BATCH,
        description="Which documents it settles, in this order; an empty list: none yet.",
    )
    write_off_rest: StrictBool = Field(
        default=False,
        description="What is left of the payment then is written off, if it is no more than the "
        "setting ERP_WRITE_OFF_MAX.",
    )


class NewPayments(Command):
    """Book many payments in one act, all or none."""

    items: list[NewPayment] = Field(min_length=1, max_length=LARGEST_BATCH)


class SentPayment(NewPayment):
    """A payment as another system tells it; booked once, never changed."""

    external_id: ExternalId
    source_version: SourceVersion


class SentPayments(Command):
    """Payments of another system."""

    items: list[SentPayment] = Field(min_length=1, max_length=LARGEST_BATCH)


class AllocatePayment(Command):
    """Settle documents with what is left of a payment; by default what is due first."""

    allocations: list[Allocate] | None = Field(default=None, max_length=LARGEST_BATCH)


class ReleasePayment(Command):
    """Take back what of a payment settled a document: it is open again, the payment unused."""

    document_id: UUID


class Refund(Command):
    """Give the party back what is left of its payment or credit note, or a part of it."""

    amount: PositiveMoney | None = Field(default=None, description="Default: all that is left.")
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )
    reference: Line = Field(default="", description="What the bank statement says.")


class WriteOffRest(Command):
    """Write off what is left of a payment, if it is no more than the setting ERP_WRITE_OFF_MAX."""

    reason: Line = ""
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )


class ReverseWriteOff(Command):
    """Take a write-off back, such as when the customer pays after all: it is owed again."""

    reason: Line = ""
    effective_on: Day | None = Field(
        default=None, description="Default: today. A past day needs the permission `backdate`."
    )


class OpeningItemFields(Command):
    """What was open when the books were opened, of a document of the system before."""

    number: Name = Field(description="The document's, as the other party knows it: taken once.")
    kind: OpeningKind = Field(
        default=OpeningKind.DEBT,
        description="`debt`: it was left to be paid. `credit`: it was paid ahead, or credited, and "
        "not used yet.",
    )
    issued_on: Day = Field(description="The day of the document.")
    due_on: Day | None = Field(default=None, description="Of a debt; a credit has none.")
    amount: PositiveMoney = Field(description="What was left of it, tax included.")

    @model_validator(mode="after")
    def _is_due(self) -> "OpeningItemFields":
        if self.kind == OpeningKind.DEBT and self.due_on is None:
            raise PydanticCustomError("due_needed", "Say when it is due.")
        if self.kind == OpeningKind.CREDIT and self.due_on is not None:
            raise PydanticCustomError("never_due", "A credit is not due on a day.")
        if self.due_on is not None and self.due_on < self.issued_on:
            raise PydanticCustomError("due_first", "It was not due before it was written.")
        return self


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class AllocationView(InCurrency, View):
    """What of a payment settles a document, and what is left of that."""

    document_id: UUID
    document_number: str
    amount: Amount
    open_amount: Amount
    currency: str = part_currency()


class PaymentView(InCurrency, CustomView, View):
    """A payment, credit note or write-off; `unallocated` is the party's credit."""

    id: UUID
    version: EtagVersion
    revision: Revision
    number: str
    kind: PaymentKind
    direction: PaymentDirection
    party_id: UUID
    effective_on: date
    amount: Amount
    unallocated: Amount
    reference: str
    source_id: UUID | None = Field(description="The credit note, where it is one.")
    state: PaymentState = Field(description="`reversed`: a write-off that was taken back.")
    reversed_on: date | None = Field(description="Since when the document is owed again.")
    reversal_reason: str
    allocations: list[AllocationView]
    created_at: datetime
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class PaymentQuery(Tagged, TotalQuery):
    """Which payments are wanted; the total is the amount paid."""

    party_id: UUID | None = None
    kind: Annotated[str, AnyOf(PaymentKind)] | None = None
    state: Annotated[str, AnyOf(PaymentState)] | None = None
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")
    number: DocumentNumber | None = Field(
        default=None,
        description="Its own number, or that of its refund, of its reversal, or of its rest that "
        "was written off.",
    )


class PaymentsReply(View):
    """The payments that were booked, in the order sent."""

    items: list[PaymentView]


class OpenItemView(InCurrency, View):
    """What is left to be paid of a document; `credited` is what credit notes took off.

    `written_off` is what nobody will pay.
    """

    id: UUID
    side: Side
    party_id: UUID
    source_type: str
    source_id: UUID
    order_id: UUID | None
    document_number: str
    effective_on: date
    due_on: date
    amount: Amount
    open_amount: Amount
    credited: Amount
    written_off: Amount
    created_at: datetime
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class OpenAmountQuery(BaseModel):
    """The filter of documents by what is left of them; all are in the company's currency."""

    open_amount_from: SignedAmount | None = Field(
        default=None, description="The least that is left to be paid, in the company's currency."
    )
    open_amount_to: SignedAmount | None = Field(
        default=None, description="The most that is left to be paid, in the company's currency."
    )


def open_between(column: str, query: OpenAmountQuery) -> list[Filter]:
    """What is left of the document lies in the range."""
    return between(column, query.open_amount_from, query.open_amount_to)


class OpenItemQuery(TotalQuery, OpenAmountQuery):
    """Which open items are wanted; the total is the amount of the document."""

    side: Side | None = None
    party_id: UUID | None = None
    order_id: UUID | None = None
    source_id: UUID | None = Field(default=None, description="The invoice or bill.")
    open: bool | None = Field(default=None, description="Only what is, or is not, left to be paid.")
    due_on_gte: Day | None = Field(default=None, description="The first day.")
    due_on_lte: Day | None = Field(default=None, description="The last day.")


class OpeningResult(View):
    """What became of an opening item: `unchanged`, it was taken over before."""

    number: str
    id: UUID
    status: Literal["created", "unchanged"]


class OpeningsReply(View):
    """What became of each item, in the order sent."""

    items: list[OpeningResult]


class OpeningItemView(InCurrency, View):
    """What was open when the books were opened, and what is left of it."""

    id: UUID
    version: EtagVersion
    revision: Revision
    number: str
    kind: OpeningKind
    issued_on: date
    due_on: date
    effective_on: date
    currency: str
    amount: Amount
    open_amount: Amount
    written_off: Amount
    payment_id: UUID | None = Field(
        description="Of a credit, its payment: by that it is allocated, refunded, written off."
    )
    created_at: datetime


class OpeningItemQuery(TotalQuery):
    """Which opening items are wanted; the total is the amount that was open then."""

    kind: Annotated[str, AnyOf(OpeningKind)] | None = None
    number: Name | None = Field(default=None, description="In any case, with or without blanks.")
    open: bool | None = Field(default=None, description="Only what is, or is not, left of them.")


class PartyReportQuery(BaseModel):
    """What of whom is reported, and when."""

    party_id: UUID | None = Field(default=None, description="Only this customer or supplier.")
    on: Day | None = Field(default=None, description="At the end of this day; default: today.")


class PartyBalance(InCurrency, View):
    """What a party owes us (or we owe it), by days overdue, less what it has not used yet."""

    party_id: UUID
    number: str
    name: str
    open: NonNegativeSum
    not_due: NonNegativeSum
    overdue: NonNegativeSum
    overdue_1_to_30: NonNegativeSum
    overdue_31_to_60: NonNegativeSum
    overdue_61_to_90: NonNegativeSum
    overdue_over_90: NonNegativeSum
    unallocated: NonNegativeSum
    balance: Sum = Decimal(0)
    currency: str = part_currency()


class PartyReport(InCurrency, View):
    """What all parties owe us (or we owe them), and the control account beside it: the same."""

    on: date
    currency: str
    items: list[PartyBalance]
    total: Sum
    control_account: Sum
