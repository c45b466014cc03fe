"""What is published of cases: their state after a change."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from erp.quality.states import CaseSource, CaseState
from values.decimals import NonNegativeQuantity, PositiveQuantity

__all__ = ["NonconformanceChanged"]


class NonconformanceChanged(Event):
    """A case was opened, worked on, closed, reopened or cancelled."""

    event_name = "nonconformance-changed"
    topic = "quality"
    aggregate = "nonconformance"

    number: str = Field(description="Number of the case.")
    source: CaseSource = Field(description="Who found it.")
    state: CaseState = Field(description="open until all is disposed and done.")
    item_id: UUID = Field(description="The item.")
    lot_id: UUID | None = Field(description="The lot, of an item that is tracked by lot.")
    quantity: PositiveQuantity = Field(description="How many do not conform.")
    disposed: NonNegativeQuantity = Field(description="Of how many it is decided.")
    withheld: NonNegativeQuantity = Field(description="How many lie here and nobody can use.")
    cause_code: str = Field(description="Code of the cause.")
    inspection_id: UUID | None = Field(description="The inspection that rejected them.")
    supplier_id: UUID | None = Field(description="Whom they came from.")
    customer_id: UUID | None = Field(description="Who complained, or was to get them.")
    order_id: UUID | None = Field(description="The sales order that is complained about.")

    @classmethod
    def of(cls, case: object, changed: Sequence[str]) -> Self:
        """The event of a case as it is now."""
        own = {name: getattr(case, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(own | {"changed": sorted(changed)})
