"""Exchange rates: what they are."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.base import Base
from records.entities import CustomRecord, list_indexes

__all__ = ["ExchangeRate"]


class ExchangeRate(CustomRecord, Base):
    """What `units` of a currency are worth in the company's own, from a day on."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_form"),
        CheckConstraint("rate > 0", name="rate_positive"),
        CheckConstraint("units in (1, 10, 100, 1000, 10000)", name="units_known"),
        UniqueConstraint("currency", "day"),
        *list_indexes("exchange_rate", named=False),
        Index("ix_exchange_rate_day", "day", "id"),
    )

    currency: Mapped[str] = mapped_column(Text)
    day: Mapped[date]
    rate: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    units: Mapped[int] = mapped_column(default=1)
    source: Mapped[str] = mapped_column(default="")
