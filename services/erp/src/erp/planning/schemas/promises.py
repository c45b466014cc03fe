"""When so many of an item could be there, and what that follows from."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from pydantic import BaseModel, Field

from erp.planning.states import PromiseOrigin
from values.days import Day
from values.decimals import NonNegativeQuantity, PositiveQuantity
from values.text import Code

__all__ = ["EarliestPromise", "EarliestPromiseQuery", "PromisedPart", "QuantityOfDay"]


class EarliestPromiseQuery(BaseModel):
    """How many of an item are wanted, and when."""

    sku: Code
    quantity: PositiveQuantity = Decimal(1)
    on: Day | None = Field(default=None, description="The wanted day. Default: today.")
    in_parts: bool = Field(
        default=False,
        description="true: each part as early as it can be there; false: all of them on one day.",
    )


class PromisedPart(BaseModel):
    """So many of an item, where they come from and when they are there."""

    number: int = Field(description="Number of the part within the answer, from 1.")
    part_of: int | None = Field(description="Number of the part it goes into; null: none.")
    item_id: UUID
    sku: str
    quantity: PositiveQuantity
    origin: PromiseOrigin = Field(
        description="stock: it is there; receipt: it is to come; make, buy: as an order anew."
    )
    begins_on: date = Field(
        description="When it is to be begun or ordered; of goods to come the day they come."
    )
    available_on: date = Field(description="When it is there.")


class QuantityOfDay(BaseModel):
    """So many are there on a day, from the wanted one on."""

    on: date
    quantity: PositiveQuantity = Field(description="How many come to be there on the day.")


class EarliestPromise(BaseModel):
    """The earliest day from the wanted one; nothing is set aside by asking."""

    item_id: UUID
    sku: str
    quantity: PositiveQuantity
    wanted_on: date = Field(description="The wanted day, today where it has passed.")
    promised_on: date | None = Field(
        description="When all of them could be there; null: nothing says that they ever are."
    )
    lacking: NonNegativeQuantity = Field(
        description="How many nothing brings; 0: all are promised."
    )
    by_day: list[QuantityOfDay] = Field(
        description="How many can be promised for which day; one day where not asked in parts."
    )
    parts: list[PromisedPart] = Field(
        description="Where they come from, each part before what goes into it."
    )
