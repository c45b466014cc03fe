"""What planning publishes: that a plan became the current one."""

from datetime import date, datetime

from pydantic import Field

from chassis.events.event import Event
from erp.planning.states import PlanState

__all__ = ["PlanChanged"]


class PlanChanged(Event):
    """A plan was made, and is the current one from now on."""

    event_name = "plan-changed"
    topic = "planning"
    aggregate = "material-plan"

    state: PlanState = Field(description="done: it is made.")
    planned_on: date = Field(description="The day as of which is planned.")
    finished_at: datetime = Field(description="When it became the current plan.")
    items: int = Field(description="Items that are needed or expected.")
    orders: int = Field(description="Planned orders, phantoms not counted.")
    messages: int = Field(description="Messages about what is ordered or planned too late.")
    input_hash: str = Field(description="SHA-256 of what it was made from.")
    output_hash: str = Field(description="SHA-256 of what is planned.")
