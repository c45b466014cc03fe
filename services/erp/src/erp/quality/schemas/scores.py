"""Scores of suppliers: what is asked and shown."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from values.days import Day
from values.decimals import NonNegativeDecimal, NonNegativeQuantity
from values.text import Command

__all__ = ["ScoresAsked", "SupplierScore", "SupplierScores"]


class ScoresAsked(Command):
    """Of which days, and of whom."""

    first_on: Day = Field(description="The first day.")
    last_on: Day = Field(description="The last day.")
    supplier_id: UUID | None = Field(default=None, description="Only of this supplier.")


class SupplierScore(BaseModel):
    """How goods of a supplier came in a period."""

    supplier_id: UUID = Field(description="The supplier.")
    number: str = Field(description="Number of the supplier.")
    name: str = Field(description="Name of the supplier.")
    receipt_lines: int = Field(description="So many lines came: what the other figures are of.")
    received: NonNegativeQuantity = Field(description="How many came, of all items together.")
    inspected: NonNegativeQuantity = Field(description="Of these, how many were decided about.")
    rejected: NonNegativeQuantity = Field(description="Of these, how many were rejected.")
    accepted_percent: NonNegativeDecimal | None = Field(
        description="Accepted of what was decided about, to two places; null: nothing was."
    )
    rejected_ppm: int | None = Field(
        description="Rejected of a million that came, rounded; null: nothing came."
    )
    late_lines: int = Field(description="So many lines came after the day they were due.")
    cases: int = Field(description="So many cases of the supplier were opened.")
    complaints: int = Field(description="So many of these are complaints of customers.")


class SupplierScores(BaseModel):
    """Suppliers of whom anything came, or cases were opened, in a period; by number."""

    first_on: date = Field(description="The first day.")
    last_on: date = Field(description="The last day.")
    suppliers: list[SupplierScore] = Field(description="One of each supplier.")
