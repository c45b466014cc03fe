"""What is published of costs of products: that there is one, and never what it comes to."""

from collections.abc import Sequence
from datetime import date
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from values.text import Status

__all__ = ["ProductCostChanged"]


class ProductCostChanged(Event):
    """A cost of a product was entered, corrected, archived or restored.

    Whoever reads the feed need not have `costs.read`: the cost itself is not in it.
    """

    event_name = "product-cost-changed"
    topic = "product-cost"
    aggregate = "product-cost"

    product_id: UUID = Field(description="The product that it is the cost of.")
    currency: str = Field(description="Currency of the cost (ISO 4217).")
    valid_from: date = Field(description="From which day on it holds.")
    status: Status = Field(description="Archived: it was entered by mistake.")

    @classmethod
    def of(cls, record: object, changed: Sequence[str]) -> Self:
        """The event of a cost as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": list(changed)})
