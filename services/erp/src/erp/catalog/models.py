"""Units, categories, items, price lists and prices: what they are, and what they refuse."""

from collections.abc import Mapping
from datetime import date
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
    UniqueConstraint,
    column,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from chassis.storage.base import Quantity
from chassis.storage.states import enum_check
from erp.base import Base
from erp.catalog.errors import FixedCode, ReversedPeriod
from erp.catalog.states import PRICE_FOLLOWING, ItemKind, Picking, PriceStatus, Tracking
from erp.searched import ITEM
from records.entities import ACTIVE, CustomRecord, NamedRecord, Values, list_indexes
from values.units import Ratio

__all__ = [
    "SEARCH",
    "Item",
    "ItemCategory",
    "ItemUnit",
    "Price",
    "PriceList",
    "Unit",
]


class Unit(Base):
    """A unit of measure, by its code of UN/ECE Recommendation 20."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("code ~ '^[A-Z0-9]{2,3}$'", name="code_form"),
        CheckConstraint("decimals between 0 and 6", name="decimals_range"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    decimals: Mapped[int] = mapped_column(SmallInteger)


class ItemCategory(NamedRecord, Base):
    """A group of items; groups lie within groups."""

    __tablename__ = "item_category"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("parent_id <> id", name="parent_is_another"),
        Index("ix_item_category_parent_id", "parent_id"),
        *list_indexes("item_category"),
    )

    code: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("item_category.id"))

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ. Raises FixedCode."""
        code: str | None = self.code
        if code is not None and values.get("code", code) != code:
            raise FixedCode(entity="item_category", record_code=code)
        return super().apply(values)


class ItemUnit(Base):
    """Another unit of an item, in an exact ratio to the item's own."""

    __tablename__ = "item_unit"
    __table_args__ = (CheckConstraint("numerator > 0 and denominator > 0", name="ratio_positive"),)

    item_id: Mapped[UUID] = mapped_column(
        ForeignKey("item.id", ondelete="cascade"), primary_key=True
    )
    unit: Mapped[str] = mapped_column(ForeignKey("unit.code"), primary_key=True)
    numerator: Mapped[int] = mapped_column(BigInteger)
    denominator: Mapped[int] = mapped_column(BigInteger)

    @property
    def ratio(self) -> Ratio:
        """How much of the item's own unit one of this unit is."""
        return Ratio(self.numerator, self.denominator)


class Item(NamedRecord, Base):
    """What is bought, made or sold."""

    __tablename__ = "item"
    __table_args__ = (
        CheckConstraint("sku <> '' and name <> ''", name="named"),
        enum_check("kind", ItemKind),
        enum_check("tracking", Tracking),
        enum_check("picking", Picking),
        CheckConstraint("shelf_life_days > 0", name="shelf_life_days_positive"),
        CheckConstraint("warranty_months between 1 and 600", name="warranty_months_range"),
        CheckConstraint("tracking = 'none' or kind = 'goods'", name="goods_tracked"),
        # Levels and moves refer to both, so the tracking stays as it was at the first move.
        UniqueConstraint("id", "tracking"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        *list_indexes("item", "status", "category_id"),
        Index("ix_item_barcode", "barcode", postgresql_where=text("barcode <> ''")),
    )

    sku: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("item_category.id"))
    kind: Mapped[str] = mapped_column(default=ItemKind.GOODS)
    tracking: Mapped[str] = mapped_column(default=Tracking.NONE)
    picking: Mapped[str] = mapped_column(default=Picking.FEFO, server_default=Picking.FEFO)
    shelf_life_days: Mapped[int | None]
    warranty_months: Mapped[int | None]
    unit: Mapped[str] = mapped_column(ForeignKey("unit.code"))
    barcode: Mapped[str] = mapped_column(default="")
    sold: Mapped[bool] = mapped_column(default=True)
    bought: Mapped[bool] = mapped_column(default=True)
    discontinued_on: Mapped[date | None]
    tax_code: Mapped[str | None] = mapped_column(ForeignKey("tax_code.code"))
    status: Mapped[str] = mapped_column(default=ACTIVE)
    search: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Of the release before; what is searched stands beside (`erp.searched`)."""
    units: Mapped[list[ItemUnit]] = relationship(
        lazy="raise", cascade="all, delete-orphan", order_by=ItemUnit.unit
    )

    @property
    def conversions(self) -> dict[str, Ratio]:
        """How much of the item's own unit one of each other unit is."""
        return {other.unit: other.ratio for other in self.units}

    @conversions.setter
    def conversions(self, ratios: Mapping[str, Ratio]) -> None:
        known = {other.unit: other for other in self.units}
        self.units = [
            _at_ratio(known.get(unit) or ItemUnit(unit=unit), ratio)
            for unit, ratio in sorted(ratios.items())
        ]


def _at_ratio(other: ItemUnit, ratio: Ratio) -> ItemUnit:
    other.numerator, other.denominator = ratio.numerator, ratio.denominator
    return other


class PriceList(NamedRecord, Base):
    """A list of prices in one currency."""

    __tablename__ = "price_list"
    __table_args__ = (
        CheckConstraint("name <> ''", name="name_given"),
        *list_indexes("price_list"),
        Index(
            "uq_price_list_is_default",
            "is_default",
            unique=True,
            postgresql_where=text("is_default"),
        ),
    )

    code: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    is_default: Mapped[bool] = mapped_column(default=False)


class Price(CustomRecord, Base):
    """What one unit of an item costs in a list, from a minimum quantity on, within a period.

    One with a first and a last day may lie within the period of another: then it holds.
    """

    __tablename__ = "price"
    __table_args__ = (
        CheckConstraint("min_quantity >= 0", name="min_quantity_not_negative"),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        CheckConstraint("valid_to >= valid_from", name="period_in_order"),
        enum_check("status", PriceStatus, PRICE_FOLLOWING),
        ExcludeConstraint(
            (column("item_id"), "="),
            (column("price_list_id"), "="),
            (column("min_quantity"), "="),
            # Two without a first or last day, or equally long ones: which held were open.
            (literal_column("coalesce(valid_to - valid_from, -1)"), "="),
            (literal_column("daterange(valid_from, valid_to, '[]')"), "&&"),
            where=text("status = 'active'"),
            using="gist",
            name="ex_price_overlap",
        ),
        Index("ix_price_item_id_price_list_id", "item_id", "price_list_id"),
        *list_indexes("price", "price_list_id", named=False),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    price_list_id: Mapped[UUID] = mapped_column(ForeignKey("price_list.id"))
    min_quantity: Mapped[Quantity] = mapped_column(default=Decimal(0))
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    status: Mapped[str] = mapped_column(default=PriceStatus.ACTIVE)

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ. Raises ReversedPeriod."""
        changed = super().apply(values)
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ReversedPeriod(valid_from=self.valid_from, valid_to=self.valid_to)
        return changed


SEARCH = ITEM.beside(Base.metadata)
"""What items are found by, beside them."""
