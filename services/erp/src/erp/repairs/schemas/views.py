"""Repair orders: views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from erp.repairs.states import (
    PieceOwner,
    QuoteAnswer,
    RepairLineKind,
    RepairOutcome,
    RepairState,
    RepairStepKind,
)
from records.filters import AnyOf
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import (
    Amount,
    NonNegativeQuantity,
    PositiveQuantity,
    PriceAmount,
    SignedAmount,
)
from values.text import Code, DocumentNumber, SerialNumber

__all__ = [
    "MovedPart",
    "RepairLineView",
    "RepairOrderQuery",
    "RepairOrderView",
    "RepairStepView",
]


class RepairLineView(InCurrency, BaseModel):
    """A part or labour of a repair."""

    position: int = Field(description="Number of the line in its order.")
    kind: RepairLineKind = Field(description="part: from stock; labour: hours.")
    sku: str | None = Field(description="The part; of labour null.")
    work_centre: str | None = Field(description="Code of the work centre; of a part null.")
    description: str = Field(description="What the invoice says.")
    quantity: PositiveQuantity = Field(description="Planned; of labour in hours.")
    used: NonNegativeQuantity = Field(description="Used, or hours worked.")
    reserved: NonNegativeQuantity = Field(description="Of a part: reserved in stock.")
    unit_price: PriceAmount = Field(description="Net price of one, or of an hour.")
    covered: bool = Field(description="Whether a warranty pays it.")
    tax_code: str
    cost: Amount = Field(description="What it cost us, by what was posted.")
    currency: str = part_currency()


class MovedPart(BaseModel):
    """A part that moved, by lot or serial."""

    sku: str
    lot: str | None = Field(description="Number of its lot, if it has one.")
    serial: str | None = Field(description="Its serial, if it has one.")
    quantity: PositiveQuantity = Field(description="How many moved.")


class RepairStepView(InCurrency, BaseModel):
    """What was booked on a repair."""

    id: UUID
    kind: RepairStepKind = Field(
        description="use: parts used; return: brought back; labour: hours; recovery: taken out."
    )
    position: int | None = Field(description="The line; of parts taken out null.")
    quantity: PositiveQuantity = Field(description="How many, or hours.")
    cost: SignedAmount = Field(description="What it cost; of parts brought back below zero.")
    parts: list[MovedPart] = Field(description="Which parts moved.")
    effective_on: date
    recorded_at: datetime
    actor: str
    currency: str = part_currency()


class RepairOrderView(InCurrency, BaseModel):
    """A repair of a customer's piece, or of one of ours."""

    id: UUID
    number: str = Field(description="Number of the repair order.")
    state: RepairState = Field(description="How far it is.")
    owner: PieceOwner = Field(description="Whose the piece is.")
    customer_id: UUID | None
    item_id: UUID | None
    sku: str | None = Field(description="Item of the piece.")
    serial: str | None = Field(description="Serial of the piece.")
    lot: str | None = Field(description="Lot of the piece.")
    quantity: PositiveQuantity = Field(description="How many pieces.")
    description: str = Field(description="What the piece is, in words.")
    problem: str = Field(description="What is said to be wrong with it.")
    diagnosis: str = Field(description="What was found.")
    cause_code: str = Field(description="Code of the cause.")
    outcome: RepairOutcome | None = Field(description="What came of it; null: it is not done.")
    due_on: date = Field(description="When it is to be done, and parts are needed.")
    bought_on: date | None = Field(description="When the customer got it, as far as known.")
    warranty_until: date | None = Field(description="Last day of the warranty; null: none known.")
    warranty: bool = Field(description="Whether a warranty pays what it covers.")
    received_on: date | None = Field(description="When the customer's piece came.")
    sent_back_on: date | None = Field(description="When it went back.")
    quoted_on: date | None = Field(description="When it was quoted.")
    quoted_amount: Amount | None = Field(description="What was quoted, before tax.")
    quote_answer: QuoteAnswer | None = Field(description="What the customer said to it.")
    answered_by: str = Field(description="Who said so.")
    charged: Amount = Field(description="What the customer pays for what was used, before tax.")
    cost: Amount = Field(description="What parts and labour cost us, by what was posted.")
    invoice_id: UUID | None = Field(description="The invoice, if there is one.")
    nonconformance_id: UUID | None = Field(description="The case or complaint it comes of.")
    lines: list[RepairLineView] = Field(description="Parts and labour.")
    steps: list[RepairStepView] = Field(description="What was booked, in its order.")
    created_at: datetime
    updated_at: datetime
    actor: str
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class RepairOrderQuery(Tagged):
    """Which repair orders are wanted."""

    state: Annotated[str, AnyOf(RepairState)] | None = None
    owner: Annotated[str, AnyOf(PieceOwner)] | None = None
    outcome: Annotated[str, AnyOf(RepairOutcome)] | None = None
    customer_id: UUID | None = None
    item_id: UUID | None = None
    sku: Code | None = None
    serial: SerialNumber | None = Field(default=None, description="Serial of the piece.")
    number: DocumentNumber | None = None
    cause_code: Code | None = None
    nonconformance_id: UUID | None = None
    part_lot_id: UUID | None = Field(
        default=None, description="Only repairs that used parts of this lot."
    )
    part_serial: SerialNumber | None = Field(
        default=None, description="Only repairs that used the part with this serial."
    )
    created_on_gte: Day | None = Field(default=None, description="Taken up from this day on.")
    created_on_lte: Day | None = Field(default=None, description="Taken up until this day.")
