"""Repair orders: what is sent to take one up and to work on it."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from erp.repairs.states import QuoteAnswer, RepairOutcome
from erp.stock.schemas.lot_lines import Lots
from values.days import Day
from values.decimals import PositiveQuantity
from values.money import UnitPriceView
from values.text import Code, Command, Name, OptionalName, SerialNumber

__all__ = [
    "AddRepairLines",
    "AnswerQuote",
    "BookHours",
    "Diagnose",
    "FinishRepair",
    "NewRepairLine",
    "NewRepairOrder",
    "PartQuantity",
    "PieceMoved",
    "RecoverParts",
    "RecoveredPart",
    "RemoveRepairLine",
    "RepairDay",
    "UseParts",
]

_DAY = "By default today. A past day needs `backdate`."
_CAUSE_CODE = "Code of the cause, as your company counts them, such as `WATER-DAMAGE`."
Position = Annotated[int, Field(strict=True, ge=1, le=1000)]


class NewRepairLine(Command):
    """A part from stock, or hours of a work centre."""

    sku: Code | None = Field(default=None, description="The part; null: it is labour.")
    work_centre: Code | None = Field(
        default=None, description="Code of the work centre that does the labour; null: a part."
    )
    description: OptionalName = Field(
        default="", description="What the invoice says; by default the name of part or centre."
    )
    quantity: PositiveQuantity = Field(description="In the item's own unit; of labour in hours.")
    unit_price: UnitPriceView | None = Field(
        default=None, description="Net price of one, or of an hour; null: free of charge."
    )
    covered: StrictBool = Field(
        default=True, description="Whether a warranty pays it; false: damage by the customer."
    )
    tax_code: Code = Field(default="Z0", description="Tax of the invoice line.")

    @model_validator(mode="after")
    def _is_part_or_labour(self) -> "NewRepairLine":
        if (self.sku is None) == (self.work_centre is None):
            raise PydanticCustomError(
                "part_or_labour", "Name the part by sku or the work_centre of the labour, not both."
            )
        return self


RepairLines = Annotated[list[NewRepairLine], Field(max_length=200)]


class NewRepairOrder(Command):
    """Take up a repair of a customer's piece, or of one of ours."""

    customer_id: UUID | None = Field(default=None, description="Whose it is; null: ours.")
    sku: Code | None = Field(
        default=None, description="Item of the piece; null: none that is kept here."
    )
    serial: SerialNumber | None = Field(
        default=None, description="Its number, of an item that has serials."
    )
    lot: SerialNumber | None = Field(
        default=None, description="Its lot, of an item that is tracked by lot."
    )
    quantity: PositiveQuantity = Field(default=Decimal(1), description="How many pieces.")
    description: OptionalName = Field(
        default="", description="What it is; needed where no item is named."
    )
    problem: Name = Field(description="What is said to be wrong with it.")
    bought_on: Day | None = Field(
        default=None,
        description="When the customer got it; null: when its serial was shipped, if it was.",
    )
    due_on: Day | None = Field(
        default=None, description="When it is to be done, and parts are needed; null: today."
    )
    nonconformance_id: UUID | None = Field(
        default=None, description="The case or complaint that it comes of."
    )
    lines: RepairLines = Field(default=[], description="Parts and labour, as far as known.")


class AddRepairLines(Command):
    """Add parts and labour; of an order in work the parts are reserved at once."""

    lines: Annotated[list[NewRepairLine], Field(min_length=1, max_length=200)] = Field(
        description="Parts and labour."
    )


class RemoveRepairLine(Command):
    """Take a line away on which nothing was booked."""

    position: Position = Field(description="Which line of the order.")


class PieceMoved(Command):
    """The customer's piece came, or went back."""

    effective_on: Day | None = Field(default=None, description=_DAY)


class Diagnose(Command):
    """Say what is wrong with the piece, and why."""

    diagnosis: Name = Field(description="What was found.")
    cause_code: OptionalName = Field(default="", description=_CAUSE_CODE)


class AnswerQuote(Command):
    """What the customer says to the quote."""

    answer: QuoteAnswer = Field(
        description="accepted: the order is confirmed; refused: it is a draft again."
    )
    person: Name = Field(description="Who said so.")


class PartQuantity(Command):
    """So many of a part line."""

    position: Position = Field(description="Which line of the order.")
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    serials: Annotated[list[SerialNumber], Field(max_length=1000)] = Field(
        default=[], description="Numbers of the pieces, of an item that has them."
    )
    lots: Lots = Field(
        default=[],
        description="Of an item that is tracked by lot. None named: used are those that leave "
        "first; what comes back names them.",
    )


class UseParts(Command):
    """Take parts from stock for the repair, or bring back what was not needed."""

    lines: Annotated[list[PartQuantity], Field(min_length=1, max_length=200)] = Field(
        description="Which lines, and how much of each."
    )
    effective_on: Day | None = Field(default=None, description=_DAY)


class BookHours(Command):
    """Book hours of labour, at the rates that the work centre has now."""

    position: Position = Field(description="Which line of the order.")
    hours: PositiveQuantity = Field(description="Hours worked.")
    effective_on: Day | None = Field(default=None, description=_DAY)


class RecoveredPart(Command):
    """A part that was taken out of the piece and is kept."""

    sku: Code
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    serials: Annotated[list[SerialNumber], Field(max_length=1000)] = Field(
        default=[], description="Numbers of the pieces, of an item that has them."
    )
    lots: Lots = Field(default=[])


class RecoverParts(Command):
    """Lay parts that were taken out of the piece into stock, at no value."""

    lines: Annotated[list[RecoveredPart], Field(min_length=1, max_length=200)] = Field(
        description="What was taken out."
    )
    effective_on: Day | None = Field(default=None, description=_DAY)


class FinishRepair(Command):
    """Say what came of it. What is still reserved is free for others."""

    outcome: RepairOutcome = Field(description="What came of it.")
    cause_code: OptionalName = Field(
        default="", description="Code of the cause; empty: as it was diagnosed."
    )


class RepairDay(Command):
    """The day of the invoice."""

    effective_on: Day | None = Field(default=None, description=_DAY)
