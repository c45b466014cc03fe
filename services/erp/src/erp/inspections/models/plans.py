"""Inspection plans: what they are, and what they refuse."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    Numeric,
    UniqueConstraint,
    column,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.inspections.errors import ReversedPlanDays
from erp.inspections.states import PLAN_FOLLOWING, InspectionStage, PlanStatus, Sampling
from erp.searched import CODE
from records.entities import CustomRecord, Values, list_indexes

__all__ = ["CONTENT", "InspectionPlan"]

SCOPE = (
    *("stage", "item_id", "category_id", "supplier_id", "work_centre_id", "operation"),
    "customer_id",
)
"""For which goods a plan counts."""
CONTENT = frozenset(
    {"code", "label", *SCOPE, "sampling", "sampling_value", "characteristics"},
)
"""What of a plan is fixed once it was activated."""

_KEY = " || '|' || ".join(
    one if one in {"stage", "operation"} else f"coalesce({one}::text, '')" for one in SCOPE
)
_SAMPLED = """(sampling = 'all') = (sampling_value is null)
  and (sampling <> 'percent' or sampling_value > 0 and sampling_value <= 100)
  and (sampling <> 'fixed' or sampling_value >= 1 and sampling_value = trunc(sampling_value))
  and (sampling <> 'aql' or sampling_value > 0 and sampling_value <= 6.5)"""


class InspectionPlan(CustomRecord, Base):
    """A revision: what is looked at of goods at a stage, within a period."""

    __tablename__ = "inspection_plan"
    __table_args__ = (
        UniqueConstraint("code", "label"),
        CheckConstraint("code <> '' and label <> ''", name="named"),
        CheckConstraint("effective_to >= effective_from", name="period_in_order"),
        CheckConstraint("item_id is null or category_id is null", name="item_or_category"),
        CheckConstraint("supplier_id is null or stage = 'receipt'", name="supplier_of_receipts"),
        CheckConstraint("customer_id is null or stage = 'shipment'", name="customer_of_shipments"),
        CheckConstraint(
            "work_centre_id is null and operation = '' or stage = 'production'",
            name="operation_of_production",
        ),
        CheckConstraint(
            "num_nonnulls(item_id, category_id, supplier_id, work_centre_id, customer_id) > 0"
            " or operation <> ''",
            name="scope_given",
        ),
        CheckConstraint(_SAMPLED, name="sampled"),
        CheckConstraint("jsonb_typeof(characteristics) = 'array'", name="characteristics_listed"),
        CheckConstraint(
            "status <> 'active' or jsonb_array_length(characteristics) > 0",
            name="active_has_characteristics",
        ),
        search_index("ix_inspection_plan_search", CODE),
        enum_check("stage", InspectionStage),
        enum_check("sampling", Sampling),
        enum_check("status", PlanStatus, PLAN_FOLLOWING),
        ExcludeConstraint(
            (column("scope_key"), "="),
            (literal_column("daterange(effective_from, effective_to, '[]')"), "&&"),
            where=text("status = 'active'"),
            using="gist",
            name="ex_inspection_plan_overlap",
        ),
        *list_indexes("inspection_plan", "status", "item_id", named=False),
        Index("ix_inspection_plan_code", "code", "id"),
        Index("ix_inspection_plan_category_id", "category_id"),
        Index("ix_inspection_plan_supplier_id", "supplier_id"),
        Index("ix_inspection_plan_work_centre_id", "work_centre_id"),
        Index("ix_inspection_plan_customer_id", "customer_id"),
    )

    code: Mapped[str]
    label: Mapped[str]
    stage: Mapped[str]
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("item.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("item_category.id"))
    supplier_id: Mapped[UUID | None] = mapped_column(ForeignKey("supplier.id"))
    work_centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_centre.id"))
    operation: Mapped[str] = mapped_column(default="")
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    scope_key: Mapped[str] = mapped_column(Computed(_KEY, persisted=True))
    sampling: Mapped[str] = mapped_column(default=Sampling.ALL)
    sampling_value: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    characteristics: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    note: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default=PlanStatus.DRAFT)
    activated_in: Mapped[int | None] = mapped_column(BigInteger)
    """The transaction in which it left the draft; the database notes it, nobody else."""

    @property
    def key_of_scope(self) -> str:
        """For which goods it counts, as `scope_key` says it once it is stored."""
        return "|".join(str(getattr(self, name) or "") for name in SCOPE)

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the values that differ. Raises ReversedPlanDays."""
        changed = super().apply(values)
        begin, end = self.effective_from, self.effective_to
        if begin and end and end < begin:
            raise ReversedPlanDays(effective_from=begin, effective_to=end)
        return changed
