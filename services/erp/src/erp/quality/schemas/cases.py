"""Cases: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool

from erp.quality.states import CaseSource, CaseState, DispositionKind, LinkKind
from erp.stock.schemas.goods import Serials
from records.filters import AnyOf
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import NonNegativeQuantity, PositiveQuantity, SignedAmount
from values.text import Code, Command, DocumentNumber, Name, OptionalName, SerialNumber

__all__ = [
    "ActionView",
    "CaseLink",
    "DispositionView",
    "FinishAction",
    "NewAction",
    "NewDisposition",
    "NewNonconformance",
    "NonconformanceQuery",
    "NonconformanceView",
    "SetCause",
]

_CAUSE_CODE = "Code of the cause, as your company counts them, such as `TOOL-WEAR`."
_COST = "What it cost by what was posted: scrap at its value in stock, returns by their variance."
_KIND = (
    "use_as_is: they may be used; rework: they are inspected again; scrap: they are written off; "
    "return_to_supplier: they go back with a receipt; left_with_customer: of a complaint, the "
    "customer keeps them or throws them away."
)


class NewNonconformance(Command):
    """Open a case of goods that lie here."""

    sku: Code
    quantity: PositiveQuantity = Field(description="In the item's own unit.")
    lot: SerialNumber | None = Field(
        default=None, description="The lot, of an item that is tracked by lot; else null."
    )
    serials: Serials = Field(default=[])
    description: Name = Field(description="What is wrong with the goods.")
    cause_code: OptionalName = Field(default="", description=_CAUSE_CODE)
    cause: OptionalName = Field(default="", description="Why it is so, in words.")
    production_order_id: UUID | None = Field(
        default=None, description="The production order that made them, where production found it."
    )


class SetCause(Command):
    """Say why it is so."""

    cause_code: OptionalName = Field(default="", description=_CAUSE_CODE)
    cause: Name = Field(description="Why it is so, in words.")


class NewDisposition(Command):
    """Dispose of goods of a case."""

    kind: DispositionKind = Field(description=_KIND)
    quantity: PositiveQuantity = Field(description="How many, at most what is left of the case.")
    serials: Serials = Field(default=[])
    note: OptionalName = Field(default="", description="Why, or by whom it was decided.")
    purchase_receipt_id: UUID | None = Field(
        default=None,
        description="The receipt with which they go back; null: that of the inspection.",
    )
    expect_again: StrictBool = Field(
        default=False, description="Whether the supplier owes anew what goes back."
    )
    effective_on: Day | None = Field(
        default=None, description="By default today. A past day needs `backdate`."
    )


class NewAction(Command):
    """Have somebody see to it that it does not happen again."""

    description: Name = Field(description="What is to be done.")
    owner: Name = Field(description="Who sees to it.")
    due_on: Day = Field(description="Until when.")


class FinishAction(Command):
    """Say that an action is done."""

    position: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        description="Which action of the case."
    )
    done_on: Day | None = Field(default=None, description="By default today.")
    result: OptionalName = Field(default="", description="What came of it.")


class DispositionView(InCurrency, BaseModel):
    """What became of so many of a case."""

    id: UUID
    kind: DispositionKind = Field(description=_KIND)
    quantity: PositiveQuantity = Field(description="How many.")
    serials: list[str] = Field(description="The pieces, of an item that has serials.")
    cost: SignedAmount = Field(description=_COST)
    note: str
    purchase_return_id: UUID | None = Field(description="The return by which they went back.")
    inspection_id: UUID | None = Field(description="The inspection of what was reworked.")
    effective_on: date
    recorded_at: datetime
    actor: str
    currency: str = part_currency()


class ActionView(BaseModel):
    """What somebody does until a day."""

    position: int = Field(description="Number of the action in its case.")
    description: str = Field(description="What is to be done.")
    owner: str = Field(description="Who sees to it.")
    due_on: date = Field(description="Until when.")
    done_on: date | None = Field(description="When it was done; null: it is not.")
    result: str = Field(description="What came of it.")


class CaseLink(BaseModel):
    """A record that a case was traced to."""

    kind: LinkKind = Field(description="What it is; the last ones are what the goods came of.")
    id: UUID = Field(description="Its id; of a serial that of the item.")
    number: str = Field(description="Its number.")


class NonconformanceView(InCurrency, BaseModel):
    """A case of goods that do not conform."""

    id: UUID
    number: str = Field(description="Number of the case.")
    source: CaseSource = Field(description="Who found it.")
    state: CaseState = Field(description="open until all is disposed and done.")
    item_id: UUID
    sku: str
    lot_id: UUID | None
    lot: str | None = Field(description="Number of the lot.")
    serials: list[str] = Field(description="The pieces, of an item that has serials.")
    quantity: PositiveQuantity = Field(description="How many do not conform.")
    disposed: NonNegativeQuantity = Field(description="Of how many it is decided.")
    withheld: NonNegativeQuantity = Field(
        description="How many lie here and nobody can use; of items in lots the lot says it."
    )
    cost: SignedAmount = Field(description=_COST)
    description: str = Field(description="What is wrong with the goods.")
    cause_code: str = Field(description=_CAUSE_CODE)
    cause: str = Field(description="Why it is so.")
    inspection_id: UUID | None = Field(description="The inspection that rejected them.")
    supplier_id: UUID | None = Field(description="Whom they came from.")
    customer_id: UUID | None = Field(description="Who complained, or was to get them.")
    order_id: UUID | None = Field(description="The sales order that is complained about.")
    production_order_id: UUID | None = Field(description="The production order that made them.")
    external_id: str | None = Field(description="Id of the complaint in the system it came from.")
    links: list[CaseLink] = Field(description="What a complaint was traced to, by genealogy.")
    dispositions: list[DispositionView] = Field(description="What became of them, in its order.")
    actions: list[ActionView] = Field(description="Corrective actions.")
    created_at: datetime
    updated_at: datetime
    actor: str
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class NonconformanceQuery(Tagged):
    """Which cases are wanted."""

    source: Annotated[str, AnyOf(CaseSource)] | None = None
    state: Annotated[str, AnyOf(CaseState)] | None = None
    item_id: UUID | None = None
    sku: Code | None = None
    lot_id: UUID | None = None
    inspection_id: UUID | None = None
    supplier_id: UUID | None = None
    customer_id: UUID | None = None
    number: DocumentNumber | None = None
    cause_code: Code | None = None
    created_on_gte: Day | None = Field(default=None, description="Opened from this day on.")
    created_on_lte: Day | None = Field(default=None, description="Opened until this day.")
