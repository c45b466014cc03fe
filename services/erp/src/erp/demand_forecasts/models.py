"""Demand forecasts: what they are, and what they refuse."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, column, literal_column
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Quantity
from chassis.storage.states import enum_check
from erp.base import Base
from erp.demand_forecasts.errors import ReversedForecastDays
from erp.demand_forecasts.states import ForecastSource
from records.entities import CustomRecord, Values, list_indexes

__all__ = ["MOST_DAYS", "DemandForecast"]

MOST_DAYS = 366
"""A forecast covers at most so many days."""
_CUSTOMERS = "coalesce(customer_id, '00000000-0000-0000-0000-000000000000'::uuid)"


class DemandForecast(CustomRecord, Base):
    """So much of an item is expected to be ordered for the days of a period.

    For one customer, or (none is named) for what no customer's own forecast expects: all others
    order of it, and what a customer orders beyond a forecast of their own.
    """

    __tablename__ = "demand_forecast"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("to_on between from_on and from_on + 365", name="days_in_order"),
        enum_check("source", ForecastSource),
        ExcludeConstraint(
            (column("item_id"), "="),
            (literal_column(_CUSTOMERS), "="),
            (literal_column("daterange(from_on, to_on, '[]')"), "&&"),
            using="gist",
            name="ex_demand_forecast_overlap",
        ),
        Index("ix_demand_forecast_customer_id", "customer_id"),
        Index("ix_demand_forecast_to_on", "to_on", "item_id"),
        Index("ix_demand_forecast_from_on", "from_on", "id"),
        *list_indexes("demand_forecast", "item_id", named=False),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    from_on: Mapped[date]
    to_on: Mapped[date]
    quantity: Mapped[Quantity]
    source: Mapped[str] = mapped_column(default=ForecastSource.ENTERED)
    note: Mapped[str] = mapped_column(default="")

    def apply(self, values: Values) -> dict[str, object]:
        """Take over the values that differ. Raises ReversedForecastDays."""
        before = super().apply(values)
        if not 0 <= (self.to_on - self.from_on).days < MOST_DAYS:
            raise ReversedForecastDays(from_on=self.from_on, to_on=self.to_on)
        return before
