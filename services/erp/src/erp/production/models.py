"""Bills of material with their lines and by-products: what they are, and what they refuse."""

from dataclasses import dataclass
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
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Identified, Quantity
from chassis.storage.states import enum_check
from erp.base import Base
from erp.production.errors import ReversedEffectivity
from erp.production.states import BOM_FOLLOWING, BomKind, BomStatus
from records.entities import CustomRecord, Values, list_indexes

__all__ = ["BillOfMaterial", "BomByProduct", "BomLine", "ByProduct", "Component"]

_ORDERED = "effective_to >= effective_from"


@dataclass(frozen=True, slots=True)
class Component:
    """What a bill of material is made of; one of `unit` is numerator/denominator of the own one."""

    item_id: UUID
    quantity: Decimal
    unit: str
    numerator: int
    denominator: int
    scrap: Decimal
    effective_from: date | None
    effective_to: date | None
    alternate_group: str
    priority: int
    phantom: bool | None


@dataclass(frozen=True, slots=True)
class ByProduct:
    """What comes out beside the item, in its own unit, and which part of the cost it bears."""

    item_id: UUID
    quantity: Decimal
    cost_share: Decimal


class BillOfMaterial(CustomRecord, Base):
    """A revision: so many of the item are made of these components, within a period.

    Components and by-products stand in tables of their own; they are loaded with it where it is
    written, and are fields of it there.
    """

    __tablename__ = "bill_of_material"
    __table_args__ = (
        UniqueConstraint("item_id", "label"),
        CheckConstraint("label <> ''", name="label_given"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint(_ORDERED, name="period_in_order"),
        enum_check("kind", BomKind),
        enum_check("status", BomStatus, BOM_FOLLOWING),
        ExcludeConstraint(
            (column("item_id"), "="),
            (literal_column("daterange(effective_from, effective_to, '[]')"), "&&"),
            where=text("status = 'active'"),
            using="gist",
            name="ex_bill_of_material_overlap",
        ),
        *list_indexes("bill_of_material", "status", "item_id", named=False),
    )

    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    label: Mapped[str]
    quantity: Mapped[Quantity] = mapped_column(default=Decimal(1))
    kind: Mapped[str] = mapped_column(default=BomKind.MANUFACTURED)
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=BomStatus.DRAFT)
    activated_in: Mapped[int | None] = mapped_column(BigInteger)
    """The transaction in which it left the draft; the database notes it, nobody else."""

    @property
    def lines(self) -> list[Component]:
        """Its components, in the order given."""
        return list(self._part("lines"))

    @lines.setter
    def lines(self, lines: list[Component]) -> None:
        self.__dict__["_lines"] = lines

    @property
    def by_products(self) -> list[ByProduct]:
        """What comes out beside the item, in the order given."""
        return list(self._part("by_products"))

    @by_products.setter
    def by_products(self, by_products: list[ByProduct]) -> None:
        self.__dict__["_by_products"] = by_products

    def _part(self, name: str) -> list[Any]:
        found: list[Any] = self.__dict__.get(f"_{name}", [])
        return found

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ. Raises ReversedEffectivity."""
        changed = super().apply(values)
        own = (self.effective_from, self.effective_to)
        for begin, end in (own, *((one.effective_from, one.effective_to) for one in self.lines)):
            if begin and end and end < begin:
                raise ReversedEffectivity(effective_from=begin, effective_to=end)
        return changed


class BomLine(Identified, Base):
    """A component of a bill of material. Of one alternate group the first priority counts."""

    __tablename__ = "bill_of_material_line"
    __table_args__ = (
        UniqueConstraint("bill_of_material_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("numerator > 0 and denominator > 0", name="ratio_positive"),
        CheckConstraint("scrap >= 0 and scrap < 1", name="scrap_range"),
        CheckConstraint("priority >= 1", name="priority_positive"),
        CheckConstraint(_ORDERED, name="period_in_order"),
        Index("ix_bill_of_material_line_item_id", "item_id", "bill_of_material_id"),
    )

    bill_of_material_id: Mapped[UUID] = mapped_column(
        ForeignKey("bill_of_material.id", ondelete="cascade")
    )
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    unit: Mapped[str] = mapped_column(ForeignKey("unit.code"))
    numerator: Mapped[int] = mapped_column(BigInteger, default=1)
    denominator: Mapped[int] = mapped_column(BigInteger, default=1)
    scrap: Mapped[Decimal] = mapped_column(Numeric(7, 6), default=Decimal(0))
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    alternate_group: Mapped[str] = mapped_column(default="")
    priority: Mapped[int] = mapped_column(SmallInteger, default=1)
    phantom: Mapped[bool | None]


class BomByProduct(Identified, Base):
    """What comes out beside the item of a bill of material."""

    __tablename__ = "bill_of_material_by_product"
    __table_args__ = (
        UniqueConstraint("bill_of_material_id", "position"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("cost_share >= 0 and cost_share < 1", name="cost_share_range"),
        Index("ix_bill_of_material_by_product_item_id", "item_id"),
    )

    bill_of_material_id: Mapped[UUID] = mapped_column(
        ForeignKey("bill_of_material.id", ondelete="cascade")
    )
    position: Mapped[int] = mapped_column(SmallInteger)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"))
    quantity: Mapped[Quantity]
    cost_share: Mapped[Decimal] = mapped_column(Numeric(7, 6), default=Decimal(0))
