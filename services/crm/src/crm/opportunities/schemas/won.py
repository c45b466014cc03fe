"""The order of a deal that was won."""

from uuid import UUID

from pydantic import BaseModel, Field

from crm.orders.states import OrderState

__all__ = ["WonOrder"]


class WonOrder(BaseModel):
    """The order that was placed when the deal was won, as it is now."""

    id: UUID = Field(description="Id of the order.")
    number: str = Field(description="Number of the order.")
    state: OrderState = Field(description="As the order is now; `erp` of the order says more.")
