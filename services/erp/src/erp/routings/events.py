"""What is published of routings: their state after a change."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.events.event import Event
from erp.routings.states import Breaks, RoutingStatus, RunBasis
from records.custom.fields import CustomState
from values.decimals import NonNegativeDecimal, PositiveDecimal, PositiveQuantity

__all__ = ["OperationState", "RoutingChanged"]


class OperationState(BaseModel):
    """An operation of a routing."""

    sequence: int = Field(description="Number of the operation; a lower one comes first.")
    name: str = Field(description="What is done.")
    work_centre: str = Field(description="Code of the work centre.")
    alternates: list[str] = Field(description="Codes of other work centres, in their order.")
    setup_minutes: NonNegativeDecimal = Field(description="Minutes, once for an order.")
    run_minutes: NonNegativeDecimal = Field(description="Minutes for one piece or batch.")
    run_basis: RunBasis = Field(description="Whether run_minutes are of a piece or a batch.")
    batch_quantity: PositiveQuantity = Field(description="How many make a batch.")
    queue_minutes: NonNegativeDecimal = Field(description="Minutes of waiting before it.")
    yield_part: PositiveDecimal = Field(description="Part of what begins that comes out good.")
    skills: list[str] = Field(description="What the work centre must be able to do.")
    tools: list[str] = Field(description="What the work centre must have at hand.")
    supplier_number: str | None = Field(description="Number of the supplier who does it.")
    setup_family: str = Field(description="What is set up alike; empty: none.")
    breaks: Breaks = Field(description="Whether breaks interrupt it, or it fits between two.")


class RoutingChanged(CustomState, Event):
    """A routing was drafted, changed, activated or archived."""

    event_name = "routing-changed"
    topic = "production"
    aggregate = "routing"

    item_id: UUID
    sku: str
    label: str = Field(description="Label of the routing, such as `A` or `2`.")
    effective_from: date | None = Field(description="First day; null: since ever.")
    effective_to: date | None = Field(description="Last day; null: until further notice.")
    note: str
    status: RoutingStatus = Field(description="Only an active one counts, on its days.")
    operations: list[OperationState] = Field(description="Its operations, in their sequence.")

    @classmethod
    def of(cls, routing: object, changed: Sequence[str], **shown: Any) -> Self:
        """The event of a routing as it is now; `shown` has sku and operations."""
        given = shown | {"changed": sorted(changed)}
        own = {name: getattr(routing, name) for name in cls.model_fields if name not in given}
        return cls.model_validate(own | given)
