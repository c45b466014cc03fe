"""Products and their prices: what they are, and how they change."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    SmallInteger,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.storage.base import Quantity
from chassis.storage.states import enum_check
from crm.base import Base
from crm.catalog.states import PRICE_FOLLOWING, Master, PriceStatus
from crm.searched import PRODUCT
from records.entities import CustomRecord, NamedRecord, Values, list_indexes
from values.money import UnitPrice
from values.units import decimals_of

__all__ = [
    "SEARCH",
    "STANDARD",
    "PriceList",
    "Product",
    "ProductAvailability",
    "ProductPrice",
]

STANDARD = "standard"


class Product(NamedRecord, Base):
    """Something we sell."""

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint("name <> ''", name="name_given"),
        enum_check("master", Master),
        CheckConstraint("list_price >= 0", name="list_price_not_negative"),
        CheckConstraint("unit ~ '^[A-Z0-9]{2,3}$'", name="unit_form"),
        CheckConstraint("unit_decimals between 0 and 6", name="unit_decimals_range"),
        Index("ix_product_created_at", "created_at", "id"),
        Index("ix_product_active_created_at", "active", "created_at", "id"),
        Index("ix_product_category_created_at", "category", "created_at", "id"),
        Index("ix_product_updated_at", "updated_at", "id"),
        Index("ix_product_sort_key", "sort_key", "id"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    category: Mapped[str] = mapped_column(default="")
    unit: Mapped[str] = mapped_column(default="C62")
    unit_decimals: Mapped[int] = mapped_column(SmallInteger, server_default=text("6"))
    active: Mapped[bool] = mapped_column(default=True)
    discontinued_on: Mapped[date | None]
    currency: Mapped[str]
    list_price_amount: Mapped[Decimal | None] = mapped_column("list_price", Numeric(20, 6))
    master: Mapped[str] = mapped_column(default=Master.OWN)
    search: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Of the release before; what is searched stands beside (`crm.searched`)."""

    @property
    def list_price(self) -> UnitPrice | None:
        """What one unit costs where no price list says otherwise; None: nobody said."""
        amount = self.list_price_amount
        return None if amount is None else UnitPrice(amount, self.currency)

    @list_price.setter
    def list_price(self, price: UnitPrice | None) -> None:
        self.list_price_amount = None if price is None else price.amount

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the facts that differ; the decimals follow the unit unless they are said."""
        unit = values.get("unit", self.unit or "C62")
        if "unit_decimals" not in values and (unit != self.unit or self.unit_decimals is None):
            values = {**values, "unit": unit, "unit_decimals": decimals_of(unit)}
        return super().apply(values)


class PriceList(CustomRecord, Base):
    """A price list of a linked ERP; the default one holds where none is named."""

    __tablename__ = "price_list"
    __table_args__ = (
        CheckConstraint("code <> ''", name="code_given"),
        CheckConstraint("name <> ''", name="name_given"),
        *list_indexes("price_list", named=False),
        Index("ix_price_list_is_default", "updated_at", postgresql_where=text("is_default")),
    )

    code: Mapped[str]
    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)


class ProductPrice(CustomRecord, Base):
    """What one unit of a product costs, in a list, from a quantity on, within a period.

    One with a first and a last day may lie within the period of another: then it holds.
    """

    __tablename__ = "product_price"
    __table_args__ = (
        CheckConstraint("min_quantity >= 0", name="min_quantity_not_negative"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("valid_to >= valid_from", name="period_in_order"),
        enum_check("status", PriceStatus, PRICE_FOLLOWING),
        enum_check("master", Master),
        ExcludeConstraint(
            ("product_id", "="),
            ("price_list", "="),
            ("min_quantity", "="),
            # Two without a first or last day, or equally long ones: which held were open.
            (literal_column("coalesce(valid_to - valid_from, -1)"), "="),
            (func.daterange(literal_column("valid_from"), literal_column("valid_to"), "[]"), "&&"),
            where=literal_column("status = 'active' and master = 'own'"),
            using="gist",
            name="ex_product_price_period",
        ),
        Index("ix_product_price_created_at", "created_at", "id"),
        Index("ix_product_price_updated_at", "updated_at", "id"),
        Index("ix_product_price_product_id_created_at", "product_id", "created_at", "id"),
    )

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"))
    product: Mapped[Product] = relationship(lazy="raise")
    price_list: Mapped[str] = mapped_column(default=STANDARD)
    min_quantity: Mapped[Decimal] = mapped_column(Numeric(20, 6), default=Decimal(0))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    currency: Mapped[str]
    status: Mapped[str] = mapped_column(default=PriceStatus.ACTIVE)
    master: Mapped[str] = mapped_column(default=Master.OWN)

    @property
    def price(self) -> UnitPrice | None:
        """What one unit costs; None before it was said."""
        return None if self.amount is None else UnitPrice(self.amount, self.currency)

    @price.setter
    def price(self, price: UnitPrice) -> None:
        self.amount, self.currency = price.amount, price.currency


class ProductAvailability(Base):
    """What the ERP says is free of a product, and expected."""

    __tablename__ = "product_availability"

    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    source_version: Mapped[int] = mapped_column(BigInteger)
    source_history: Mapped[int] = mapped_column(server_default=text("1"))
    free: Mapped[Quantity]
    incoming: Mapped[Quantity]
    updated_at: Mapped[datetime]


SEARCH = PRODUCT.beside(Base.metadata)
"""What products are found by, beside them."""
