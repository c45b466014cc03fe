"""Repair orders, their lines and steps: what they are, and what they refuse."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, SmallInteger
from sqlalchemy import Sequence as Numbers
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified, Quantity
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.repairs.errors import AlreadyInvoiced, MoreThanPlanned, MoreThanUsed, WrongRepairState
from erp.repairs.states import (
    REPAIR_FOLLOWING,
    PieceOwner,
    QuoteAnswer,
    RepairLineKind,
    RepairOutcome,
    RepairState,
    RepairStepKind,
)
from erp.searched import NUMBER
from values.decimals import plain

__all__ = ["RepairLine", "RepairOrder", "RepairStep"]

REPAIR_NUMBERS = Numbers("repair_order_number_seq", metadata=Base.metadata)
_ZERO = Decimal(0)


class RepairOrder(Identified, Base):
    """A piece that is repaired, for a customer or for ourselves (E66)."""

    __tablename__ = "repair_order"
    __table_args__ = (
        enum_check("state", RepairState, REPAIR_FOLLOWING),
        enum_check("owner", PieceOwner),
        enum_check("outcome", RepairOutcome),
        enum_check("quote_answer", QuoteAnswer),
        CheckConstraint("(owner = 'customer') = (customer_id is not null)", name="owner_named"),
        CheckConstraint(
            "(item_id is not null or owner = 'customer' and description <> '')"
            " and (item_id is not null or serial is null and lot is null)",
            name="piece_named",
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("serial is null or quantity = 1", name="serial_is_one"),
        CheckConstraint(
            "(received_on is null or owner = 'customer')"
            " and (dispatch_id is not null) = (sent_back_on is not null)"
            " and (sent_back_on is null"
            " or received_on is not null and sent_back_on >= received_on)",
            name="came_and_went",
        ),
        CheckConstraint("not warranty or owner = 'customer'", name="warranty_of_customer"),
        CheckConstraint(
            "(outcome is not null) = (state in ('done', 'closed'))", name="done_with_outcome"
        ),
        CheckConstraint(
            "state <> 'closed' or received_on is null or sent_back_on is not null",
            name="closed_is_back",
        ),
        CheckConstraint("state <> 'cancelled' or steps = 0", name="cancelled_untouched"),
        CheckConstraint(
            "invoice_id is null or owner = 'customer' and state in ('done', 'closed')",
            name="invoiced_when_done",
        ),
        CheckConstraint(
            "charged >= 0 and cost >= 0 and quoted_amount >= 0 and steps >= 0", name="not_negative"
        ),
        CheckConstraint(
            "(quoted_on is null) = (quoted_amount is null)"
            " and (state <> 'quoted' or quoted_on is not null)",
            name="quoted_amount_given",
        ),
        Unique("invoice_id"),
        Unique("dispatch_id"),
        Index("ix_repair_order_created_at", "created_at", "id"),
        Index("ix_repair_order_updated_at", "updated_at", "id"),
        Index("ix_repair_order_due_on", "due_on", "id"),
        Index("ix_repair_order_state_created_at", "state", "created_at", "id"),
        Index("ix_repair_order_customer_id", "customer_id", "created_at", "id"),
        Index("ix_repair_order_item_id", "item_id", "serial"),
        Index("ix_repair_order_nonconformance_id", "nonconformance_id"),
        search_index("ix_repair_order_search", NUMBER),
    )

    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(Integer)
    number: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    owner: Mapped[str]
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("item.id"))
    serial: Mapped[str | None]
    lot: Mapped[str | None]
    quantity: Mapped[Quantity]
    description: Mapped[str]
    problem: Mapped[str]
    diagnosis: Mapped[str]
    cause_code: Mapped[str]
    outcome: Mapped[str | None]
    due_on: Mapped[date]
    bought_on: Mapped[date | None]
    warranty_until: Mapped[date | None]
    warranty: Mapped[bool]
    received_on: Mapped[date | None]
    sent_back_on: Mapped[date | None]
    dispatch_id: Mapped[UUID | None]
    """What moved the piece back names it so; what brought it names the order."""
    quoted_on: Mapped[date | None]
    quoted_amount: Mapped[Amount | None]
    quote_answer: Mapped[str | None]
    answered_by: Mapped[str]
    charged: Mapped[Amount]
    cost: Mapped[Amount]
    steps: Mapped[int] = mapped_column(Integer)
    invoice_id: Mapped[UUID | None] = mapped_column(ForeignKey("invoice.id"))
    nonconformance_id: Mapped[UUID | None] = mapped_column(ForeignKey("nonconformance.id"))
    actor: Mapped[str]

    @property
    def is_here(self) -> bool:
        """Whether a customer's piece came and did not go back."""
        return self.received_on is not None and self.sent_back_on is None

    def require(self, states: Collection[RepairState]) -> None:
        """Raises WrongRepairState."""
        if self.state not in states:
            needed = ", ".join(one for one in RepairState if one in states)
            raise WrongRepairState(number=self.number, state=self.state, needed=needed)

    def require_not_invoiced(self) -> None:
        """Raises AlreadyInvoiced."""
        if self.invoice_id:
            raise AlreadyInvoiced(number=self.number)


class RepairLine(Identified, Base):
    """A part or labour that is planned, and what of it was used; price and cost are net."""

    __tablename__ = "repair_line"
    __table_args__ = (
        Unique("repair_order_id", "position"),
        enum_check("kind", RepairLineKind),
        CheckConstraint(
            "(kind = 'part') = (item_id is not null)"
            " and (kind = 'labour') = (work_centre_id is not null)",
            name="of_kind",
        ),
        CheckConstraint("quantity > 0 and used >= 0 and used <= quantity", name="used_within"),
        CheckConstraint("unit_price >= 0 and cost >= 0", name="not_negative"),
        CheckConstraint("used > 0 or cost = 0", name="nothing_costs_nothing"),
        Index("ix_repair_line_item_id", "item_id"),
        Index("ix_repair_line_work_centre_id", "work_centre_id"),
    )

    repair_order_id: Mapped[UUID] = mapped_column(ForeignKey("repair_order.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    kind: Mapped[str]
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("item.id"))
    work_centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("work_centre.id"))
    description: Mapped[str]
    quantity: Mapped[Quantity]
    used: Mapped[Quantity]
    unit_price: Mapped[Quantity]
    covered: Mapped[bool]
    tax_code: Mapped[str] = mapped_column(ForeignKey("tax_code.code"))
    cost: Mapped[Amount]

    def use(self, quantity: Decimal, *, number: str) -> None:
        """Use so many. Raises MoreThanPlanned."""
        left = self.quantity - self.used
        if quantity > left:
            raise MoreThanPlanned(
                number=number, position=self.position, wanted=plain(quantity), left=plain(left)
            )
        self.used += quantity

    def bring_back(self, quantity: Decimal, *, number: str) -> None:
        """Take so many off what was used. Raises MoreThanUsed."""
        if quantity > self.used:
            raise MoreThanUsed(
                number=number, position=self.position, wanted=plain(quantity), used=plain(self.used)
            )
        self.used -= quantity


class RepairStep(Identified, Base):
    """What was booked on a repair. Written once; moves and entries name it."""

    __tablename__ = "repair_step"
    __table_args__ = (
        enum_check("kind", RepairStepKind),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("(kind = 'recovery') = (line_id is null)", name="line_named"),
        CheckConstraint(
            "case kind when 'return' then cost <= 0 when 'recovery' then cost = 0"
            " else cost >= 0 end",
            name="cost_of_kind",
        ),
        Index("ix_repair_step_repair_order_id", "repair_order_id", "id"),
        Index("ix_repair_step_line_id", "line_id"),
    )

    repair_order_id: Mapped[UUID] = mapped_column(ForeignKey("repair_order.id"))
    line_id: Mapped[UUID | None] = mapped_column(ForeignKey("repair_line.id"))
    kind: Mapped[str]
    quantity: Mapped[Quantity]
    cost: Mapped[Amount]
    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    actor: Mapped[str]
