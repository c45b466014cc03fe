"""What is published of quotas."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from records.custom.fields import CustomState
from values.money import MoneyView
from values.text import Status

__all__ = ["QuotaChanged"]


class QuotaChanged(CustomState, Event):
    """A quota was set, changed, archived or restored."""

    event_name = "sales-quota-changed"
    topic = "sales-quota"
    aggregate = "sales-quota"

    name: str
    owner_id: UUID | None = Field(description="Whose it is; null: a team's, or the company's.")
    team_id: UUID | None = Field(description="Which team's it is.")
    first_day: date = Field(description="From which day on it holds.")
    last_day: date = Field(description="Up to which day it holds.")
    amount: MoneyView = Field(description="What is to be won.")
    note: str = Field(description="What else is to be known.")
    status: Status

    @classmethod
    def of(cls, record: object, changed: list[str]) -> Self:
        """The event of a quota as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields if name != "changed"}
        money = state["amount"]
        state["amount"] = MoneyView(amount=money.amount, currency=money.currency)
        return cls.model_validate(state | {"changed": changed})
