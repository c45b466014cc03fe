"""What is published of exchange rates."""

from datetime import date
from typing import Self

from pydantic import Field

from chassis.events.event import Event
from records.custom.fields import CustomState
from values.decimals import NonNegativeDecimal

__all__ = ["RateChanged"]


class RateChanged(CustomState, Event):
    """An exchange rate was entered or corrected."""

    event_name = "exchange-rate-changed"
    topic = "exchange-rate"
    aggregate = "exchange-rate"

    currency: str
    day: date = Field(description="From which day on it holds.")
    rate: NonNegativeDecimal = Field(
        description="What so many units are worth in the company's currency."
    )
    units: int = Field(description="Of how many units the rate speaks.")
    source: str = Field(description="Where the rate comes from.")

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of a rate as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})
